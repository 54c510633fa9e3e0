"""Examples of JSON Schemas: small, always the same, and valid."""

from typing import Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from workflow_engine.adapters.schema_example import PARTS_MAX, example
from workflow_engine.adapters.schema_scalars import FORMATS


class Part(BaseModel):
    """A part that may have parts."""

    name: str = Field(min_length=12)
    kind: Literal["large", "small"]
    parts: list["Part"] = []
    best: "Part | None" = None


class Report(BaseModel):
    """What a model may be asked for."""

    title: str
    score: float = Field(gt=0, le=1)
    pages: int = Field(ge=3)
    good: bool
    note: str | None = None
    parts: list[Part] = Field(min_length=1)
    labels: dict[str, str]


def is_valid(schema: Any, value: Any) -> bool:
    validator: Any = jsonschema.Draft202012Validator
    valid: bool = validator(schema, format_checker=validator.FORMAT_CHECKER).is_valid(value)
    return valid


PAIR = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "word"),
        (True, "word"),
        ({"type": "string"}, "word"),
        ({"type": "string", "minLength": 6}, "word.."),
        ({"type": "string", "maxLength": 2}, "wo"),
        ({"type": "string", "maxLength": 0}, ""),
        ({"minLength": 1}, "word"),
        ({"enum": ["reject", "approve"]}, "reject"),
        ({"const": {"a": 1}}, {"a": 1}),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 0),
        ({"type": ["null"]}, None),
        ({"type": "integer"}, 0),
        ({"type": "number"}, 0),
        ({"type": "integer", "minimum": 1.5}, 2),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "number", "maximum": 0}, 0),
        ({"type": "integer", "maximum": -3, "multipleOf": 5}, -5),
        ({"type": "integer", "maximum": 9, "minimum": 0, "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, 0.5),
        ({"type": "number", "exclusiveMinimum": 0}, 1),
        ({"minimum": -2}, -2),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "minItems": 2, "items": {"type": "integer"}}, [0, 0]),
        ({"minItems": 3, "prefixItems": [{"type": "integer"}, {"type": "null"}], "items": {"const": 1}}, [0, None, 1]),
        (PAIR, {"a": 0}),
        ({"properties": {"a": {"type": "integer"}, "b": {}}}, {"a": 0, "b": "word"}),
        ({"required": ["a"], "additionalProperties": {"type": "integer"}}, {"a": 0}),
        ({"type": "object"}, {}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 0),
        ({"oneOf": [PAIR, {"type": "null"}]}, {"a": 0}),
        ({"type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 0}]}, 5),
        ({"allOf": [{"type": "integer", "minimum": 2}, {"minimum": 1}, {"maximum": 9}]}, 2),
        ({"allOf": [PAIR, {"properties": {"a": {"minimum": 4}}}]}, {"a": 4}),
        ({"enum": ["a", "b"], "allOf": [{"enum": ["b", "c"]}]}, "b"),
        ({"$ref": "#/$defs/x~1y%20z", "$defs": {"x/y z": {"type": "integer"}}}, 0),
        ({"allOf": [{"$ref": "#/$defs/0"}], "$defs": [{"type": "integer", "minimum": 2}]}, 2),
        ({"$ref": "#/$defs/a", "minimum": 3, "$defs": {"a": {"type": "integer"}}}, 3),
    ],
    ids=str,
)
def test_an_example_is_the_smallest_value_and_satisfies_the_schema(schema: Any, value: Any) -> None:
    assert example(schema, "word") == value
    assert is_valid(schema, value)


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_text_has_the_format_that_is_asked_for(name: str) -> None:
    schema = {"type": "string", "format": name}
    assert is_valid(schema, example(schema))


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+$",
        "^[A-Z]{3}$",
        "^[0-9a-f]{40}$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^\d+\.\d+\.\d+$",
        "^[A-Z]{2}-[0-9]{4}$",
        "^[A-Z][a-z]+$",
        "^#[0-9a-fA-F]{6}$",
        r"^\w+@\w+\.\w+$",
        "^.{20,}$",
    ],
)
def test_a_text_matches_the_usual_patterns(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern}
    assert is_valid(schema, example(schema, "[a word]"))


@pytest.mark.parametrize("pattern", ["^never written by anybody$", "("])
def test_a_pattern_that_no_simple_text_matches_leaves_the_word(pattern: str) -> None:
    assert example({"type": "string", "pattern": pattern}, "word") == "word"


def test_the_schema_of_a_model_with_parts_of_its_own_kind_has_an_example() -> None:
    value = example(Report.model_json_schema(), "word")
    assert value == {
        "title": "word",
        "score": 0.5,
        "pages": 3,
        "good": True,
        "note": "word",
        "parts": [{"name": "word........", "kind": "large", "parts": [], "best": None}],
        "labels": {},
    }
    Report.model_validate(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
        {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
        {"type": "array", "minItems": PARTS_MAX + 1},
        {"anyOf": [{"$ref": "#"}]},
    ],
    ids=str,
)
def test_a_schema_without_an_end_has_no_example(schema: Any) -> None:
    assert example(schema) is None


def test_a_property_that_has_no_end_is_left_out() -> None:
    assert example({"properties": {"a": {"$ref": "#"}, "b": {"const": 1}}}) == {"b": 1}


def test_what_is_inherited_twice_and_also_contained_has_an_example() -> None:
    base = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    one = {"allOf": [{"$ref": "#/$defs/base"}, {"properties": {"one": {"const": 1}}}]}
    two = {"allOf": [{"$ref": "#/$defs/base"}], "required": ["of"], "properties": {"of": {"$ref": "#/$defs/base"}}}
    schema = {
        "allOf": [{"$ref": "#/$defs/one"}, {"$ref": "#/$defs/two"}],
        "$defs": {"base": base, "one": one, "two": two},
    }
    assert example(schema) == {"id": 0, "one": 1, "of": {"id": 0}}


def test_definitions_that_double_come_to_an_end() -> None:
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    assert example({"$ref": "#/$defs/d0", "$defs": doubling}) is None


def test_an_example_of_a_number_beyond_all_numbers_is_null() -> None:
    assert example({"minimum": 1, "multipleOf": 1e-320}) is None


def test_definitions_that_all_name_each_other_come_to_an_end() -> None:
    names = [f"d{number}" for number in range(12)]
    every = {"type": "object", "properties": {name: {"$ref": f"#/$defs/{name}"} for name in names}}
    assert isinstance(example({"$ref": "#/$defs/d0", "$defs": dict.fromkeys(names, every)}), dict)


@pytest.mark.parametrize(
    "schema",
    [None, 7, {"type": 7}, {"enum": 7}, {"properties": 7}, {"$ref": "https://example.org/x"}, {"required": [7]}],
    ids=str,
)
def test_what_is_no_schema_does_no_harm(schema: Any) -> None:
    assert example(schema, "word") in ("word", {})
