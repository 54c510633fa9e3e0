"""Forms: which field a schema gets, and how it is drawn."""

import pytest

from tests.unit.ui_forms_given import Page, drawn
from workflow_engine.ui.forms.form import fields_of
from workflow_engine.ui.forms.json_values import Json, Schema
from workflow_engine.ui.forms.shapes import Kind


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, Kind.TEXT),
        ({"type": "string", "maxLength": 80}, Kind.TEXT),
        ({"type": "string", "maxLength": 2000}, Kind.LONG_TEXT),
        ({"type": "string", "format": "markdown"}, Kind.LONG_TEXT),
        ({"type": "string", "contentMediaType": "text/markdown"}, Kind.LONG_TEXT),
        ({"type": "number"}, Kind.NUMBER),
        ({"type": "integer"}, Kind.INTEGER),
        ({"type": "boolean"}, Kind.BOOLEAN),
        ({"type": "string", "format": "date"}, Kind.DATE),
        ({"type": "string", "format": "time"}, Kind.TIME),
        ({"type": "string", "format": "date-time"}, Kind.DATE_TIME),
        ({"type": "string", "format": "email"}, Kind.EMAIL),
        ({"type": "string", "format": "uri"}, Kind.URL),
        ({"enum": ["a", "b"]}, Kind.CHOICE),
        ({"oneOf": [{"const": 1, "title": "One"}, {"const": 2}]}, Kind.CHOICE),
        ({"anyOf": [{"const": 1}, {"const": 2}]}, Kind.CHOICE),
        ({"const": "a"}, Kind.FIXED),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, Kind.SEVERAL),
        ({"type": "array", "items": {"enum": list(range(100))}}, Kind.LIST),
        ({"type": "array", "items": {"type": "string"}}, Kind.LIST),
        ({"type": "array"}, Kind.LIST),
        ({"type": "object", "properties": {"a": {}}}, Kind.GROUP),
        ({"properties": {"a": {}}}, Kind.GROUP),
        ({"type": "object"}, Kind.MAP),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, Kind.MAP),
        ({"type": "string", "format": "artifact"}, Kind.FILE),
        ({"type": "string", "format": "file"}, Kind.FILE),
        ({"type": "string", "contentEncoding": "base64"}, Kind.FILE),
        ({"type": "string", "contentMediaType": "application/pdf"}, Kind.FILE),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, Kind.UNION),
        ({"type": ["string", "integer"]}, Kind.UNION),
        ({"type": ["string", "null"]}, Kind.TEXT),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Kind.INTEGER),
        ({"allOf": [{"type": "string"}, {"format": "date"}]}, Kind.DATE),
        ({"$defs": {"d": {"type": "string", "format": "date"}}, "$ref": "#/$defs/d"}, Kind.DATE),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, Kind.RAW),
        ({"$ref": "#"}, Kind.RAW),
        ({"$ref": "https://example.com/schema"}, Kind.RAW),
        ({}, Kind.RAW),
        (None, Kind.RAW),
        (True, Kind.RAW),
    ],
)
def test_a_schema_gets_the_field_of_its_kind(schema: Json, kind: Kind) -> None:
    assert fields_of(schema).root.kind is kind


def test_a_field_says_its_name_in_words_and_what_is_asked_for() -> None:
    schema: Json = {
        "type": "object",
        "required": ["next_step"],
        "properties": {
            "next_step": {"type": "string", "description": "What comes next.", "minLength": 3, "examples": ["a call"]},
            "dueDate": {"type": "string", "format": "date"},
            "URL": {"title": "Web page", "type": "string", "format": "uri"},
        },
    }
    form = fields_of(schema)
    assert [(f.title, f.hint, f.required, f.placeholder, f.attributes) for f in form.root.fields] == [
        ("Next step", "What comes next. At least 3 characters.", True, "a call", (("minlength", "3"),)),
        ("Due date", "", False, "", ()),
        ("Web page", "", False, "", ()),
    ]


def test_every_input_has_a_label_and_its_error_is_said_with_it() -> None:
    schema: Json = {"type": "object", "properties": {"a b": {"type": "string", "description": "Hint."}}}
    page = Page(drawn(fields_of(schema, {"a b": "x"}, [("/a b", "Wrong.")])))
    ((_, given),) = page.named("/a b")
    assert given["id"] == "field/a%20b"
    assert ("label", {"for": "field/a%20b"}) in page.elements
    assert given["aria-invalid"] == "true"
    described = given["aria-describedby"].split()
    ids = {attributes.get("id") for _, attributes in page.elements}
    assert described == ["field/a%20b-hint", "field/a%20b-error"]
    assert set(described) <= ids
    assert ("a", {"class": "link", "href": "#field/a%20b"}) in page.elements
    assert "autofocus" in given


def test_a_few_values_are_buttons_and_more_are_selected() -> None:
    def tags(count: int) -> set[str]:
        schema: Json = {"type": "object", "properties": {"it": {"enum": [f"v{n}" for n in range(count)]}}}
        return {f"{tag} {given.get('type', '')}".strip() for tag, given in Page(drawn(fields_of(schema))).named("/it")}

    assert (tags(4), tags(5), tags(200), tags(201)) == ({"input radio"}, {"select"}, {"select"}, {"input text"})


def test_a_password_is_never_written_into_the_page() -> None:
    schema: Json = {"type": "object", "properties": {"key": {"type": "string", "writeOnly": True}}}
    html = drawn(fields_of(schema, posted={"/key": ["hunter2"]}))
    assert "hunter2" not in html
    assert [given["type"] for _, given in Page(html).named("/key")] == ["password"]


def test_what_is_read_only_is_shown_and_sent_back() -> None:
    schema: Json = {
        "type": "object",
        "properties": {"id": {"type": "string", "readOnly": True}, "ok": {"type": "boolean", "readOnly": True}},
    }
    page = Page(drawn(fields_of(schema, {"id": "T-1", "ok": True})))
    assert page.posted == {"/id": ["T-1"], "/ok": ["true"]}
    assert {given["type"] for tag, given in page.elements if tag == "input"} == {"hidden"}
    assert "Yes" in page.text


def test_defaults_are_what_a_form_begins_with() -> None:
    schema: Json = {
        "type": "object",
        "required": ["n", "inner"],
        "properties": {
            "n": {"type": "integer", "default": 3},
            "colour": {"enum": ["red", "blue"], "default": "blue"},
            "inner": {"type": "object", "properties": {"t": {"type": "string", "default": "x"}}},
            "rows": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
            "two": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "wrong": {"type": "integer", "default": "no number"},
        },
    }
    assert Page(drawn(fields_of(schema))).posted == {
        "/n": ["3"],
        "/colour": ["blue"],
        "/inner/t": ["x"],
        "/rows~rows": ["0"],
        "/rows/0": ["a"],
        "/wrong": [""],
    }


@pytest.mark.parametrize(
    ("properties", "required", "buttons"),
    [
        ({"decision": {"enum": ["reject", "send_back", "approve"]}}, ["decision"],
         [("approve", "Approve", "primary"), ("send_back", "Send back", ""), ("reject", "Reject", "danger")]),
        ({"next_classification": {"enum": ["legal-review", "publish"]}, "level": {"enum": ["low", "high"]}},
         ["next_classification", "level"],
         [("publish", "Publish", "primary"), ("legal-review", "Legal review", "")]),
        ({"what": {"oneOf": [{"const": "a", "title": "Plan A"}, {"const": "b", "title": "Plan B"}]}}, ["what"],
         [("a", "Plan A", "primary"), ("b", "Plan B", "")]),
        ({"decision": {"enum": ["delete", "cancel"]}}, ["decision"],
         [("delete", "Delete", "danger"), ("cancel", "Cancel", "danger")]),
    ],
)  # fmt: skip
def test_a_decision_is_the_buttons_that_send_the_form(
    properties: Schema, required: list[Json], buttons: list[tuple[str, str, str]]
) -> None:
    form = fields_of({"type": "object", "properties": properties, "required": required})
    assert form.decision is not None
    page = Page(drawn(form))
    named = page.named(form.decision.name)
    assert {tag for tag, _ in named} == {"button"}
    labels = [option.label for option in form.decision.options]
    assert [(given["value"], label, given["class"]) for (_, given), label in zip(named, labels, strict=True)] == buttons


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"decision": {"enum": ["approve", "reject"]}}},
        {"type": "object", "required": ["decision"], "properties": {"decision": {"enum": list("abcdef")}}},
        {"type": "object", "required": ["a", "b"],
         "properties": {"a": {"enum": ["x", "y"]}, "b": {"enum": ["p", "q"]}}},
        {"type": "object", "required": ["kind"],
         "properties": {"kind": {"enum": ["x", "y"]}, "a": {}, "b": {}, "c": {}}},
        {"type": "object", "required": ["decision"], "properties": {"decision": {"enum": ["approve", None]}}},
        {"type": "object", "required": ["decision"], "properties": {"decision": {"enum": [1, 2]}}},
    ],
)  # fmt: skip
def test_what_is_no_plain_decision_is_sent_by_one_button(schema: Json) -> None:
    form = fields_of(schema)
    assert form.decision is None
    assert [given for _, given in Page(drawn(form)).elements if given.get("class") == "primary"] == [
        {"class": "primary", "data-primary": ""}
    ]


def test_a_form_to_submit_a_task_has_no_decision() -> None:
    schema: Json = {"type": "object", "required": ["decision"], "properties": {"decision": {"enum": ["a", "b"]}}}
    assert fields_of(schema, decides=False).decision is None


def test_enter_in_a_text_neither_decides_nor_removes_a_row() -> None:
    rows: Json = {"type": "array", "items": {"type": "string"}}
    first = next(given for tag, given in Page(drawn(fields_of(rows, ["a"]))).elements if tag == "button")
    assert "name" not in first
    deciding: Json = {"enum": ["approve", "reject"]}
    first = next(given for tag, given in Page(drawn(fields_of(deciding))).elements if tag == "button")
    assert (first["name"], first["value"]) == ("_action", "stay")
