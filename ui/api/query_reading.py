"""Reading query strings: by the types that their model has, as strictly as JSON."""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from workflow_engine.ui.api.refusing import Refused, misfit

Q = TypeVar("Q", bound=BaseModel)

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")


def read_query(model: type[Q], given: Mapping[str, Sequence[str]]) -> Q:
    """Return the query string as its model.

    Args:
        model: says which parameters there are.
        given: the values of each, in their order.

    Raises:
        Refused: something of it is not acceptable.
    """
    kinds = parameters(model)
    unknown = [name for name in given if name not in kinds]
    if unknown:
        detail = f"is not known here; there is {', '.join(kinds) or 'none'}"
        raise Refused(422, f"{unknown[0][:200]!a} {detail}", [{"parameter": unknown[0][:200], "detail": detail}])
    plain = {name: _value(name, kinds[name], values) for name, values in given.items()}
    try:
        return model.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        raise misfit(error, "query") from error


@functools.cache
def parameters(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each parameter of a query string, without what only says that it may be left out."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    found: dict[str, dict[str, Any]] = {}
    for name, shape in schema.get("properties", {}).items():
        known = {key: value for key, value in shape.items() if key not in ("title", "default", "anyOf")}
        choices = [choice for choice in shape.get("anyOf", ()) if choice.get("type") != "null"]
        if len(choices) == 1:
            known = {**choices[0], **known}
        elif choices:
            known["anyOf"] = choices
        if shape.get("default") not in (None, [], {}):
            known["default"] = shape["default"]
        found[name] = _inlined(known, schema.get("$defs", {}))
    return found


def _inlined(shape: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with what it refers to in its place: parameters are read one by one."""
    if isinstance(shape, list):
        items: list[Any] = shape  # pyright: ignore[reportUnknownVariableType] - of JSON Schema
        return [_inlined(item, definitions) for item in items]
    if not isinstance(shape, dict):
        return shape
    entries: dict[str, Any] = shape  # pyright: ignore[reportUnknownVariableType] - of JSON Schema
    own = {key: _inlined(value, definitions) for key, value in entries.items() if key != "$ref"}
    if "$ref" in entries:
        named = definitions[str(entries["$ref"]).rpartition("/")[2]]
        own = {key: value for key, value in named.items() if key != "title"} | own
    return own


def _value(name: str, shape: Mapping[str, Any], values: Sequence[str]) -> Any:
    """Return the JSON value that the values of a parameter mean; what is none stays text, which its model refuses."""
    if shape.get("type") == "array":
        return [_scalar(name, shape.get("items", {}), value) for value in values]
    if len(values) > 1:
        raise Refused(422, f"{name} is given {len(values)} times; give it once", [_said(name, "give it once")])
    return _scalar(name, shape, values[0])


def _scalar(name: str, shape: Mapping[str, Any], value: str) -> Any:
    if "\0" in value:
        raise Refused(422, f"{name} holds the character NUL; remove it", [_said(name, "remove the character NUL")])
    kinds = [shape.get("type"), *(choice.get("type") for choice in shape.get("anyOf", ()))]
    if "boolean" in kinds:
        return {"true": True, "false": False}.get(value, value)
    if "integer" in kinds and _INTEGER.fullmatch(value):
        return int(value)
    if "number" in kinds and _NUMBER.fullmatch(value):
        return float(value)
    return value


def _said(name: str, detail: str) -> dict[str, str]:
    return {"parameter": name, "detail": detail}
