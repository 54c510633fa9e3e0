"""Forms: what a form shows of a value is what it sends back."""

from random import Random
from typing import Any, Final

import jsonschema
import pytest

from tests.unit.ui_forms_given import Page, drawn
from tests.unit.ui_forms_random import Maker
from workflow_engine.ui.forms.form import fields_of, read, start
from workflow_engine.ui.forms.json_values import Json, Schema, same

SEEDS: Final = range(400)


def sent(schema: Json, value: Json) -> dict[str, list[str]]:
    """Return what a browser sends of the form for *value*; a decision is made as in the value."""
    form = fields_of(schema, value)
    posted = Page(drawn(form)).posted
    if form.decision is not None:
        posted[form.decision.name] = start(schema, value)[form.decision.name]
    return posted


def made(seed: int) -> tuple[Schema, Json]:
    """Return a schema and a value for it, which is not null: that would say that there is no start value."""
    maker = Maker(seed)
    schema = maker.whole()
    value = maker.value(schema)
    if value is not None:
        return schema, value
    outer: Schema = {"type": "object", "properties": {"it": schema}, "$defs": schema.get("$defs", {})}
    return outer, {"it": value}


def valid(schema: Schema, value: Json) -> bool:
    """Return what the validator says by itself."""
    validator: Any = jsonschema.Draft202012Validator(schema)
    return bool(validator.is_valid(value))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_value_that_is_shown_and_sent_is_the_same_value(seed: int) -> None:
    schema, value = made(seed)
    reading = read(schema, sent(schema, value))
    assert same(reading.value, value)
    assert (reading.problems == ()) == valid(schema, value)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_typed_is_shown_again_verbatim(seed: int) -> None:
    maker, random = Maker(seed), Random(seed)
    schema = maker.whole()
    typed = Page(drawn(fields_of(schema, maker.value(schema)))).posted
    for name in [name for name in typed if "~" not in name.rpartition("/")[2]]:
        if random.random() < 0.5:
            typed[name] = [random.choice(["1,5", "2026-13-01", "{", "no such option", "<b>", "  x  ", "a\r\nb", "7"])]
    reading = read(schema, typed)
    assert reading.posted_back == typed
    again = Page(drawn(fields_of(schema, posted=reading.posted_back, problems=reading.problems)))
    lost = {name: texts for name, texts in typed.items() if texts not in ([""], again.posted.get(name))}
    decision = fields_of(schema, posted=typed).decision
    assert {name for name in lost if decision is None or name != decision.name} == set()


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "\n\nthree\nlines\n"),
        ({"type": "string"}, ""),
        ({"type": "string"}, "   "),
        ({"type": "string"}, "half \ud800 a pair"),
        ({"type": "string"}, "nul \0"),
        ({"type": "string"}, "old\rMac"),
        ({"type": "string"}, 5),
        ({"type": "integer"}, 2**63 - 1),
        ({"type": "number"}, 1e308),
        ({"type": "array", "items": {"type": "string"}}, ["", "a", ""]),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["b", "a", "a"]),
        ({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, [[], [1], []]),
        ({"type": "array", "items": {"type": "object", "properties": {"k": {"const": 1}}}}, [{}, {"k": 1}]),
        ({"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}, {"a": {}}),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, {"a": None}),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, {}),
        ({"type": "object", "properties": {"a": {"default": "x", "type": "string"}}}, {}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "x", "b": [1, {"c": None}]}),
        ({"type": "object"}, {"": 1, "a": "plain", "12": "12", "n": None}),
        ({"type": "string", "format": "date-time"}, "2026-12-01T14:30:00.123456+05:45"),
        ({"type": "string", "format": "date-time"}, "2026-12-01T14:30:00z"),
        ({"type": "string", "format": "date"}, "not a date"),
        ({"type": "string", "format": "time"}, "14:30:00+01:00"),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, ["a"]),
        ({"enum": [1, "1", 1.5, None, True, "true", ""]}, "1"),
        ({"enum": list(range(1000))}, 999),
        (None, "text"),
        (None, '"quoted"'),
        (None, {"a": [1, 2.5, None]}),
        (True, " blank around "),
        ({"prefixItems": [{"type": "string"}]}, ["a", 1]),
        ({"$ref": "https://example.com/schema.json"}, {"a": 1}),
        ({"$ref": "#/nowhere"}, [1]),
        ({"$ref": "#"}, 1),
    ],
)
def test_a_value_with_an_edge_is_the_same_value_too(schema: Json, value: Json) -> None:
    assert same(read(schema, sent(schema, value)).value, value)


TREE: Final[Schema] = {
    "$defs": {
        "node": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "next": {"$ref": "#/$defs/node"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
        }
    },
    "$ref": "#/$defs/node",
}


def test_a_schema_that_contains_itself_is_shown_as_deep_as_the_value_is() -> None:
    value: Json = {"name": "a", "next": {"name": "b"}, "children": [{"name": "c", "children": [{"name": "d"}]}]}
    page = Page(drawn(fields_of(TREE, value)))
    assert read(TREE, page.posted).value == value
    assert [given["value"] for _, given in page.named("_action") if given["value"].startswith("add:/next/")] == [
        "add:/next/next",
        "add:/next/children",
    ]
