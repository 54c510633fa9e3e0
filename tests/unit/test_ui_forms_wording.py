"""Forms: what is wrong is said beside its field, with the remedy."""

import pytest

from workflow_engine.ui.forms.form import Problem, read
from workflow_engine.ui.forms.json_values import Json, Schema


def group(**properties: Json) -> Schema:
    """Return the schema of a group in which everything is required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    ("schema", "typed", "said"),
    [
        ({"type": "string"}, "", "Write something here."),
        ({"type": "string"}, "   ", "Write something here."),
        ({"type": "integer"}, "", "Write a whole number."),
        ({"enum": ["a", "b"]}, "", "Choose one."),
        ({"type": "boolean"}, "", "Choose Yes or No."),
        ({"type": "number"}, "1,5", "Write 1.5, with a point instead of the comma."),
        ({"type": "number"}, "12,500",
         "Write numbers without marks between the digits, such as 12500, and with a point before fractions."),
        ({"type": "number"}, "a few", "This is not a number. Write digits, such as 12 or 1.5."),
        ({"type": "number"}, "1e999", "This number is too large. Write a smaller one."),
        ({"type": "number"}, "NaN", "This is not a number. Write digits, such as 12 or 1.5."),
        ({"type": "number"}, "٣", "This is not a number. Write digits, such as 12 or 1.5."),
        ({"type": "integer"}, "2.5", "This must be a whole number. Write 2, for example."),
        ({"type": "integer"}, "9" * 30, "This number is too large. Write one with fewer digits."),
        ({"type": "integer"}, "9" * 5000, "This number is too long. Write at most 40 characters."),
        ({"type": "integer", "minimum": 1}, "0", "Write a number from 1."),
        ({"type": "integer", "maximum": 5}, "6", "Write a number of at most 5."),
        ({"type": "number", "exclusiveMinimum": 0}, "0", "Write a number above 0."),
        ({"type": "number", "exclusiveMaximum": 1}, "1", "Write a number below 1."),
        ({"type": "number", "multipleOf": 0.5}, "0.7", "Write a multiple of 0.5."),
        ({"type": "string", "minLength": 3}, "ab", "Write at least 3 characters; these are 2."),
        ({"type": "string", "maxLength": 3}, "abcd", "Write at most 3 characters; these are 4."),
        ({"type": "string", "pattern": "^[A-Z]{2}$", "description": "Two capital letters."}, "x",
         "This is not in the form that is asked for: Two capital letters."),
        ({"type": "string", "pattern": "^[A-Z]{2}$", "examples": ["DE"]}, "x",
         "This is not in the form that is asked for. Write it as DE."),
        ({"type": "string", "pattern": "^[A-Z]{2}$"}, "x",
         "This is not in the form that is asked for. Write it to match ^[A-Z]{2}$."),
        ({"enum": ["a", "send_back"]}, "c", "Choose one of these: A, Send back."),
        ({"type": "string", "format": "date"}, "2026-13-01", "There is no month 13. Write a date as 2026-12-01."),
        ({"type": "string", "format": "date"}, "2026-02-29",
         "There is no day 29 in February 2026. Write a date as 2026-12-01."),
        ({"type": "string", "format": "date"}, "1.12.2026", "This is not a date. Write a date as 2026-12-01."),
        ({"type": "string", "format": "time"}, "25:00", "There is no hour 25. Write a time as 14:30."),
        ({"type": "string", "format": "time"}, "2 pm", "This is not a time. Write a time as 14:30."),
        ({"type": "string", "format": "date-time"}, "tomorrow",
         "This is not a day and a time. Write day, time and offset as 2026-12-01T14:30:00+01:00."),
        ({"type": "string", "format": "email"}, "name at example.com",
         "This is not an email address. Write one as name@example.com."),
        ({"type": "string", "format": "uri"}, "www.example.com",
         "This is not a complete address. Write https://www.example.com, for example."),
        ({"type": "string", "format": "uri"}, "over there", "This is not an address. Write one as "
         "https://example.com/page."),
        ({"type": "string", "format": "uuid"}, "123",
         "This is not a UUID. Write one as 123e4567-e89b-12d3-a456-426614174000."),
        ({"type": "array", "prefixItems": []}, "[1",
         "This is not JSON: line 1, column 3: expecting ',' delimiter. Write texts in double quotes, as in "
         '{"name": "value"}.'),
        ({"type": "array", "prefixItems": []}, '{"a": 1, "a": 2}', 'The name "a" stands twice. Remove one of the two.'),
        ({"type": "array", "prefixItems": []}, "[NaN]", "NaN is not JSON. Write a number, or null."),
        ({"type": "array", "prefixItems": []}, "[" * 100_000, "This JSON is nested too deeply. Make it flatter."),
        ({"type": "array", "prefixItems": []}, "5", "This must be a list, such as [1, 2]."),
    ],
)  # fmt: skip
def test_a_wrong_text_is_answered_with_a_remedy(schema: Schema, typed: str, said: str) -> None:
    assert read(group(it=schema), {"/it": [typed]}).problems == (Problem("/it", said),)


@pytest.mark.parametrize(
    ("schema", "posted", "problem"),
    [
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, {"/it~rows": ["0"], "/it/0": ["a"]},
         Problem("/it", "Add at least 2; there is 1.")),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1}, {}, Problem("/it", "Add at least one entry.")),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 1},
         {"/it~rows": ["0", "1"], "/it/0": ["a"], "/it/1": ["b"]}, Problem("/it", "Keep at most 1; there are 2.")),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True},
         {"/it~rows": ["0", "1"], "/it/0": ["a"], "/it/1": ["a"]},
         Problem("/it", "Entry 2, “a”, is there already. Change it, or remove it.")),
        ({"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2}, {"/it": ["a"]},
         Problem("/it", "Choose at least 2; there is 1.")),
        ({"type": "array", "items": {"type": "integer"}}, {"/it~rows": ["4", "7"], "/it/4": [""], "/it/7": ["x"]},
         Problem("/it/7", "This is not a number. Write digits, such as 12 or 1.5.")),
        ({"type": "array", "items": {"type": "integer", "minimum": 3}}, {"/it~rows": ["4", "7"], "/it/7": ["1"]},
         Problem("/it/7", "Write a number from 3.")),
        ({"type": "object", "additionalProperties": {"type": "integer"}},
         {"/it~rows": ["0"], "/it/~row0~name": [""], "/it/~row0": ["1"]},
         Problem("/it/~row0~name", "This value has no name. Write one, or remove the row.")),
        ({"type": "object", "additionalProperties": {"type": "integer"}},
         {"/it~rows": ["0", "1"], "/it/~row0~name": ["a"], "/it/~row0": ["1"], "/it/~row1~name": ["a"],
          "/it/~row1": ["2"]},
         Problem("/it/~row1~name", "There is another “a”. Choose another name, or remove the row.")),
        ({"type": "object", "additionalProperties": {"type": "integer"}},
         {"/it~rows": ["0"], "/it/~row0~name": ["a"], "/it/~row0": [""]},
         Problem("/it/~row0", "This name has no value. Write one, or remove the row.")),
        ({"type": "object", "additionalProperties": {"type": "integer", "maximum": 3}},
         {"/it~rows": ["9"], "/it/~row9~name": ["a/b"], "/it/~row9": ["5"]},
         Problem("/it/~row9", "Write a number of at most 3.")),
        ({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "string", "minLength": 3}]},
         {"/it~as": ["1"], "/it": ["ab"]}, Problem("/it", "Write at least 3 characters; these are 2.")),
        ({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "string", "minLength": 3}]},
         {"/it~as": ["0"], "/it": ["4"]}, Problem("/it", "Write a number from 5.")),
        ({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "null"}]}, {"/it": ["4"]},
         Problem("/it", "Write a number from 5.")),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False, "maxProperties": 0},
         {"/it/a": ["1"]}, Problem("/it", "Keep at most 0; there is 1.")),
        ({"type": "array", "prefixItems": [{"type": "object", "required": ["a"]}]}, {"/it": ["[{}]"]},
         Problem("/it", "At /0: “a” is missing. Add it.")),
    ],
)  # fmt: skip
def test_a_wrong_structure_is_answered_beside_the_part_that_is_wrong(
    schema: Schema, posted: dict[str, list[str]], problem: Problem
) -> None:
    assert read(group(it=schema), posted).problems == (problem,)


def test_what_is_missing_in_an_optional_group_is_only_asked_for_when_something_is_typed_in_it() -> None:
    address = group(street={"type": "string"}, town={"type": "string"})
    schema: Json = {"type": "object", "properties": {"address": address}}
    assert read(schema, {"/address/street": [""], "/address/town": [""]}).value == {}
    assert read(schema, {"/address/street": ["Main St"], "/address/town": [""]}).problems == (
        Problem("/address/town", "Write something here."),
    )


def test_a_condition_is_checked_although_the_form_does_not_show_it() -> None:
    schema: Json = {
        "type": "object",
        "properties": {"decision": {"enum": ["approve", "reject"]}, "comment": {"type": "string"}},
        "required": ["decision"],
        "if": {"properties": {"decision": {"const": "reject"}}},
        "then": {"required": ["comment"]},
    }
    assert read(schema, {"/decision": ["approve"], "/comment": [""]}).value == {"decision": "approve"}
    assert read(schema, {"/decision": ["reject"], "/comment": [""]}).problems == (
        Problem("/comment", "Write something here."),
    )


@pytest.mark.parametrize(
    ("schema", "typed", "value"),
    [
        ({"type": "number"}, " 1.5 ", 1.5),
        ({"type": "number"}, "+2", 2),
        ({"type": "integer"}, "3.0", 3),
        ({"type": "string"}, " as typed ", " as typed "),
        ({"type": "string", "format": "email"}, " a@example.com ", "a@example.com"),
        ({"type": "string", "format": "date-time"}, "2026-12-01T14:30", "2026-12-01T14:30:00Z"),
        ({"type": "string", "format": "time"}, "14:30", "14:30"),
        ({"type": "string"}, "two\r\nlines", "two\nlines"),
        ({"type": "boolean"}, "false", False),
        ({}, "5", 5),
        ({}, "five", "five"),
    ],
)
def test_a_right_text_is_read_as_its_value(schema: Schema, typed: str, value: Json) -> None:
    reading = read(group(it=schema), {"/it": [typed]})
    assert (reading.value, reading.problems) == ({"it": value}, ())


def test_a_moment_has_the_offset_that_is_typed_beside_it() -> None:
    schema = group(it={"type": "string", "format": "date-time"})
    posted = {"/it": ["2026-12-01T14:30"], "/it~zone": ["+05:45"]}
    assert read(schema, posted).value == {"it": "2026-12-01T14:30:00+05:45"}
    assert read(schema, posted | {"/it~zone": ["Paris"]}).problems == (
        Problem("/it", "The offset is not right. Write day, time and offset as 2026-12-01T14:30:00+01:00."),
    )
