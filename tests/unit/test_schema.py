"""The JSON Schema for editors: it accepts what loads, refuses keys that are not known, and explains every field."""

from typing import Any

import jsonschema
import pytest

from tests.unit.workflow_files import GOOD, REVIEW
from workflow_engine.spec.files.nodes import plain
from workflow_engine.spec.files.reading import read
from workflow_engine.spec.files.yaml_tree import compose
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.schema import HINT, schema


def data(text: str) -> dict[str, Any]:
    found: dict[str, Any] = plain(compose(read(text, "w.yaml")))
    return found


def accepts(written: Any) -> bool:
    try:
        jsonschema.validate(written, schema(), jsonschema.Draft202012Validator)
    except jsonschema.ValidationError:
        return False
    return True


def review(**phase: Any) -> dict[str, Any]:
    """Return a workflow of one phase with *phase* as its fields."""
    return {"name": "w", "phases": [{"id": "a", **phase}]}


def test_it_is_a_valid_schema_of_draft_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["title"] == "Workflow"


@pytest.mark.parametrize("name", GOOD)
def test_it_accepts_the_good_files(name: str) -> None:
    assert accepts(data(GOOD[name]))


@pytest.mark.parametrize(
    "phase",
    [
        {"timeout": 3},
        {"timeout": 0.5},
        {"timeout": "1h 30m"},
        {"due": "2d"},
        {"for_each": "{{ inputs.files }}"},
        {"for_each": [1, 2]},
        {"for_each": {"items": "inputs.files", "max_items": 3}},
        {"compensate": "refund"},
        {"compensate": {"command": ["undo"]}},
        {"gate": {"of": ["b"], "require": 2}},
        {"gate": {"of": ["b"], "require": "any"}},
        {"input": {"any": ["thing"]}},
    ],
)
def test_it_accepts_shorthands_and_durations(phase: dict[str, Any]) -> None:
    assert accepts(review(**phase))


@pytest.mark.parametrize(
    "phase",
    [
        {"depend_on": ["b"]},
        {"timeout": "soon"},
        {"timeout": -1},
        {"concurrency": 0},
        {"on_due": "wait"},
        {"gate": {"of": []}},
        {"for_each": {"itms": []}},
        {"id": "a/b"},
        {"retry": {"jiter": True}},
    ],
)
def test_it_refuses_what_loading_refuses(phase: dict[str, Any]) -> None:
    assert not accepts(review(**phase))


def test_it_refuses_unknown_keys_and_phases_without_a_name() -> None:
    assert not accepts({**data(REVIEW), "nme": "x"})
    assert not accepts({"name": "w", "phases": [{"prompt": "x"}]})
    assert accepts({"name": "w", "phases": [{"target_classification": "x"}], "version": 1.5})


def test_every_field_of_workflows_and_phases_is_described() -> None:
    made = schema()
    fields = {**made["properties"], **made["$defs"]["Phase"]["properties"]}
    assert set(fields) == {*WorkflowSpec.model_fields, *Phase.model_fields}
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_a_description_comes_from_the_docstring() -> None:
    assert schema()["properties"]["name"]["description"] == "what submissions ask for."
    provider = schema()["$defs"]["AgenticDefaults"]["properties"]["provider"]
    assert provider["description"] == "who runs the model of an agentic phase."


def test_no_null_and_no_foreign_word_is_left() -> None:
    text = str(schema())
    assert "'type': 'null'" not in text
    assert "'default': None" not in text
    assert "'ge':" not in text


def test_the_hint_names_the_schema_beside_the_file() -> None:
    assert HINT == "# yaml-language-server: $schema=workflow.schema.json"
    assert data(f"{HINT}\n{REVIEW}") == data(REVIEW)
