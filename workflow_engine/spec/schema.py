"""The JSON Schema of workflow files, for editors that complete and check while one writes."""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from workflow_engine.spec import durations, parts
from workflow_engine.spec.model import Phase, WorkflowSpec

HINT: Final = "# yaml-language-server: $schema=workflow.schema.json"
"""The first line of a workflow file by which editors find the schema beside it."""

DURATION: Final = {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$"}

_SHORTHANDS: Final[dict[str, list[dict[str, Any]]]] = {
    "ForEach": [{"type": "string"}, {"type": "array"}],
    "Compensation": [{"type": "string"}],
}
"""What may be written instead of a mapping, by the name of the model."""

_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a native workflow file; do not change it."""
    made = WorkflowSpec.model_json_schema(schema_generator=_Generator)
    definitions: dict[str, Any] = made["$defs"]
    for name, definition in (("WorkflowSpec", made), *definitions.items()):
        _describe(definition, _model(name))
    made["properties"]["version"]["type"] = ["string", "number"]
    definitions["Phase"]["anyOf"] = [{"required": ["id"]}, {"required": ["target_classification"]}]
    for name, instead in _SHORTHANDS.items():
        definitions[name] = {"anyOf": [*instead, definitions[name]]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_without_noise(made),
        "title": "Workflow",
    }


class _Generator(GenerateJsonSchema):
    """Knows that a duration may be written as a text."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        made = super().function_before_schema(schema)
        if schema["function"]["function"] is durations.seconds:
            return {"anyOf": [{**made, "minimum": 0}, DURATION]}
        return made


def _model(name: str) -> type[BaseModel]:
    known: dict[str, type[BaseModel]] = {**vars(parts), "WorkflowSpec": WorkflowSpec, "Phase": Phase}
    return known[name]


def _describe(definition: dict[str, Any], model: type[BaseModel]) -> None:
    """Give *definition* and its properties the words of the docstring of *model*."""
    own, shared = dict(_attributes(model)), dict(_attributes(Phase))
    definition["description"] = inspect.getdoc(model).partition("\n")[0]  # type: ignore[union-attr]  # all have one
    for name, field in definition["properties"].items():
        words = own.get(name)
        if words is None or words == "see `Phase`.":
            words = shared.get(name)
        if words is not None:
            field["description"] = words


def _attributes(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield the names and descriptions of the ``Attributes:`` section of the docstring of *model*."""
    _, _, section = (inspect.getdoc(model) or "").partition("Attributes:\n")
    for found in _ATTRIBUTE.finditer(section):
        yield found[1], " ".join(found[2].split())


def _without_noise(value: Any) -> Any:
    """Return a schema without what tells an author nothing: titles of fields, nulls for keys that are not written.

    ``ge`` is no word of JSON Schema: pydantic leaves it where a bound stands on a choice of types.
    """
    if isinstance(value, list):
        return [_without_noise(item) for item in value]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(value, dict):
        return value
    cleaned: dict[str, Any] = {}
    for key, item in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON
        if key in ("properties", "$defs"):
            cleaned[key] = {name: _without_noise(field) for name, field in item.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        elif key not in ("title", "ge") and not (key == "default" and item is None):
            cleaned[key] = _without_noise(item)
    return _without_null(cleaned)


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in field.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == len(field.get("anyOf", ())):
        return field
    rest = {key: item for key, item in field.items() if key != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {"anyOf": choices, **rest}
