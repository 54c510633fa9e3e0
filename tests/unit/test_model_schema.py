"""Schemas of replies are narrowed to what providers enforce, and never to something else."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from workflow_engine.adapters.model_schema import ANTHROPIC, OPENAI, Dialect, shape


class Author(BaseModel):
    """Somebody."""

    name: str


class Book(BaseModel):
    """Something."""

    title: str
    authors: list[Author]
    sequel: "Book | None"


def an_object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties]}


def closed(**properties: Any) -> dict[str, Any]:
    return {**an_object(**properties), "additionalProperties": False}


TEXT = {"type": "string"}


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize(
    ("schema", "enforced"),
    [
        (an_object(a=TEXT), closed(a=TEXT)),
        (an_object(a=an_object(b=TEXT)), closed(a=closed(b=TEXT))),
        (
            an_object(a={"type": "array", "items": an_object(b=TEXT)}),
            closed(a={"type": "array", "items": closed(b=TEXT)}),
        ),
        (an_object(a={"anyOf": [TEXT, an_object(b=TEXT)]}), closed(a={"anyOf": [TEXT, closed(b=TEXT)]})),
        (an_object(a={"type": ["string", "null"], "default": None}), closed(a={"type": ["string", "null"]})),
    ],
)
def test_objects_are_closed_wherever_they_stand(
    dialect: Dialect, schema: dict[str, Any], enforced: dict[str, Any]
) -> None:
    assert shape(schema, dialect).enforced == enforced


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        TEXT,
        {"anyOf": [an_object(a=TEXT)]},
        {**an_object(a=TEXT), "additionalProperties": True},
        {**an_object(a=TEXT), "additionalProperties": TEXT},
        {**an_object(a=TEXT), "required": ["a", "b"]},
        an_object(a={}),
        an_object(a={"description": "anything"}),
        an_object(a={"type": "array"}),
        an_object(a={"oneOf": [TEXT]}),
        an_object(a={"not": TEXT}),
        an_object(a={"$ref": "https://example.org/schema"}),
        an_object(a={"$ref": "#/$defs/gone"}),
        an_object(a={"enum": [{"b": 1}]}),
        an_object(a=True),
    ],
)
def test_what_cannot_be_enforced_is_told_in_words(dialect: Dialect, schema: dict[str, Any]) -> None:
    shaped = shape(schema, dialect)
    assert shaped.enforced is None
    assert shaped.instruction is not None
    assert shaped.instruction.startswith("Reply with JSON alone")


def test_bounds_that_a_provider_does_not_know_are_told_besides() -> None:
    schema = an_object(a={"type": "string", "minLength": 3, "format": "iri"})
    shaped = shape(schema, OPENAI)
    assert shaped.enforced == closed(a=TEXT)
    assert shaped.instruction is not None
    assert '"minLength": 3' in shaped.instruction


def test_optional_properties_are_enforced_by_anthropic_alone() -> None:
    schema = {**an_object(a=TEXT, b=TEXT), "required": ["a"]}
    assert shape(schema, OPENAI).enforced is None
    assert shape(schema, ANTHROPIC).enforced == {**schema, "additionalProperties": False}


def test_a_schema_that_refers_to_itself_is_enforced_by_openai_alone() -> None:
    schema = {**Book.model_json_schema()["$defs"]["Book"], "$defs": Book.model_json_schema()["$defs"]}
    assert shape(schema, ANTHROPIC).enforced is None
    enforced = shape(schema, OPENAI).enforced
    assert enforced is not None
    assert enforced["$defs"]["Author"]["additionalProperties"] is False
    Draft202012Validator.check_schema(enforced)


def test_nesting_has_an_end() -> None:
    schema: dict[str, Any] = TEXT
    for _ in range(200):
        schema = an_object(a=schema)
    assert shape(schema, OPENAI).enforced is None


def test_a_given_schema_is_left_as_it_is() -> None:
    schema = an_object(a=an_object(b=TEXT))
    shape(schema, OPENAI)
    assert schema == an_object(a=an_object(b=TEXT))


def test_no_schema_says_nothing() -> None:
    assert shape(None, OPENAI) == (None, None, False)
    assert shape(None, OPENAI).system("Be short.") == "Be short."
    assert shape({}, OPENAI).system(None) == "Reply with JSON alone, without words around it."
