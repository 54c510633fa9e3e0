"""Schemas as one object: references followed, ``allOf`` merged."""

from typing import Final
from urllib.parse import unquote

from workflow_engine.ui.forms.json_values import Json, Schema, canonical

HOPS_MAX: Final = 100
"""References and parts of ``allOf`` that are followed for one place."""

_TIGHTER_IS_MORE: Final = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_TIGHTER_IS_LESS: Final = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


class Resolver:
    """Resolves the schemas inside of *root*; nothing outside of it is ever fetched.

    Args:
        root: the whole schema, to which references point.
    """

    def __init__(self, root: Json) -> None:
        self.root = root

    def resolved(self, schema: Json) -> tuple[Schema, frozenset[str]] | None:
        """Return *schema* as one object, and the references that were followed.

        None where that cannot be done: a reference leads nowhere, outside, or in a circle.
        """
        followed: list[str] = []
        whole = self._merged(schema, followed)
        return None if whole is None else (whole, frozenset(followed))

    def _merged(self, schema: Json, followed: list[str]) -> Schema | None:
        if isinstance(schema, bool):
            return {} if schema else None
        if not isinstance(schema, dict) or len(followed) > HOPS_MAX:
            return None
        whole: Schema = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        for part in self._parts(schema, followed):
            more = self._merged(part, followed)
            if more is None:
                return None
            whole = merged(whole, more)
        return whole

    def _parts(self, schema: Schema, followed: list[str]) -> list[Json]:
        parts: list[Json] = []
        if "$ref" in schema:
            followed.append(str(schema["$ref"]))
            parts.append(self._target(schema["$ref"]))
        every = schema.get("allOf")
        if isinstance(every, list):
            followed.extend("allOf" for _ in every)
            parts.extend(every)
        return parts

    def _target(self, ref: Json) -> Json:
        """Return what *ref* points to: a place in the root; else null, which is no schema."""
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
            return None
        found = self.root
        for part in ref.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and key.isascii() and key.isdigit() and len(key) < 6 and int(key) < len(found):
                found = found[int(key)]
            else:
                return None
        return found


def merged(first: Schema, second: Schema) -> Schema:
    """Return what satisfies both, as far as one object can say it; titles and the like are those of *first*."""
    whole = dict(first)
    for key, value in second.items():
        whole[key] = _both(key, first[key], value) if key in first else value
    return whole


def _both(key: str, first: Json, second: Json) -> Json:
    if key == "properties" and isinstance(first, dict) and isinstance(second, dict):
        return first | {name: _each(first, name, schema) for name, schema in second.items()}
    if key == "required" and isinstance(first, list) and isinstance(second, list):
        return first + [name for name in second if name not in first]
    if key in ("type", "enum"):
        return _common(first, second)
    if isinstance(first, int | float) and isinstance(second, int | float):
        if key in _TIGHTER_IS_MORE:
            return max(first, second)
        if key in _TIGHTER_IS_LESS:
            return min(first, second)
    return first


def _each(first: dict[str, Json], name: str, schema: Json) -> Json:
    if name not in first or canonical(first[name]) == canonical(schema):
        return schema
    return {"allOf": [first[name], schema]}


def _common(first: Json, second: Json) -> Json:
    if isinstance(first, str) and isinstance(second, str):
        return "integer" if {first, second} == {"integer", "number"} else first
    ones = first if isinstance(first, list) else [first]
    others = {canonical(item) for item in (second if isinstance(second, list) else [second])}
    return [item for item in ones if canonical(item) in others]
