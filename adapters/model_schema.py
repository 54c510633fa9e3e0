"""Schemas of replies, as providers that enforce them want them: closed objects and few keywords."""

import json
from typing import Any, Final, NamedTuple


class Dialect(NamedTuple):
    """What of JSON Schema a provider can enforce.

    Attributes:
        keywords: that it takes.
        formats: of strings.
        all_required: whether it wants every property to be required.
        recursive: whether a schema may refer to itself.
    """

    keywords: frozenset[str]
    formats: frozenset[str]
    all_required: bool
    recursive: bool


class Shape(NamedTuple):
    """How a model is told the schema of its reply.

    Attributes:
        enforced: what the provider is to enforce, or None.
        instruction: what the model is told in words, or None.
        object: whether the reply is a JSON object in any case.
    """

    enforced: dict[str, Any] | None = None
    instruction: str | None = None
    object: bool = False

    def system(self, given: str | None) -> str | None:
        """Return what the model is told beforehand: what is *given*, and the schema where it is told in words."""
        return "\n\n".join(part for part in (given, self.instruction) if part) or None


def shape(schema: dict[str, Any] | None, dialect: Dialect) -> Shape:
    """Return how a model is told *schema*.

    It is enforced where its root is an object and every object in it lists its properties; such an object is closed
    (``additionalProperties: false``), which only narrows what may be said.  Bounds of values that the provider does
    not know are left out of what is enforced and told in words besides.  Any other schema is told in words alone.
    Whatever comes is checked against the whole schema by the engine.
    """
    if schema is None:
        return Shape()
    narrowing = _Narrowing(schema, dialect)
    words = f"{_ASKED}\n{json.dumps(schema, ensure_ascii=False)}"
    try:
        if schema.get("type") != "object":
            raise _UnfitError
        enforced = narrowing.narrowed(schema, 0, ())
    except _UnfitError:
        return Shape(None, words if schema else _ANY, schema.get("type") == "object")
    return Shape(enforced, words if narrowing.loosened else None, True)


_ASKED: Final = "Reply with JSON alone, without words around it, that satisfies this JSON Schema:"
_ANY: Final = "Reply with JSON alone, without words around it."

_COMMON: Final = frozenset(
    ("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs")
) | {"title", "description", "format"}
_BOUNDS: Final = frozenset(
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "minItems", "maxItems")
) | {"minLength", "maxLength", "uniqueItems"}
_REMARKS: Final = frozenset(("$schema", "$id", "$comment", "default", "examples"))
_FORMATS: Final = frozenset(("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"))

# OpenAI, "Structured Outputs", section "Supported schemas"
OPENAI: Final = Dialect(
    _COMMON | (_BOUNDS - {"minLength", "maxLength", "uniqueItems"}), _FORMATS, all_required=True, recursive=True
)
# Anthropic, "Structured outputs", section "JSON Schema limitations"
ANTHROPIC: Final = Dialect(_COMMON, _FORMATS | {"uri"}, all_required=False, recursive=False)

_DEPTH_MAX: Final = 10
"""Levels of nesting that OpenAI takes; deeper ones are rare enough to be told in words everywhere."""


class _UnfitError(Exception):
    """A schema cannot be enforced."""


class _Narrowing:
    """Narrows one schema.

    Attributes:
        loosened: whether bounds were left out.
    """

    def __init__(self, root: dict[str, Any], dialect: Dialect) -> None:
        self._root = root
        self._dialect = dialect
        self.loosened = False

    def narrowed(self, schema: Any, depth: int, trail: tuple[str, ...]) -> dict[str, Any]:
        """Return *schema* as it can be enforced.

        Args:
            schema: of a value.
            depth: how deep it stands.
            trail: the references that lead to it.

        Raises:
            _UnfitError: it cannot.
        """
        if not isinstance(schema, dict) or not schema or depth > _DEPTH_MAX:
            raise _UnfitError
        given: dict[str, Any] = schema  # pyright: ignore[reportUnknownVariableType] - JSON Schema has text keys
        if not given.keys() & {"type", "enum", "const", "anyOf", "$ref"}:
            raise _UnfitError
        kept = {key: value for key, value in given.items() if self._keeps(key, value)}
        for key in ("properties", "$defs"):
            if key in kept:
                deeper = depth + (key == "properties")
                kept[key] = {name: self.narrowed(one, deeper, trail) for name, one in kept[key].items()}
        if "anyOf" in kept:
            kept["anyOf"] = [self.narrowed(one, depth, trail) for one in kept["anyOf"]]
        if "items" in kept:
            kept["items"] = self.narrowed(kept["items"], depth + 1, trail)
        if "$ref" in kept:
            self._follow(kept["$ref"], depth, trail)
        return self._closed(kept)

    def _keeps(self, key: str, value: Any) -> bool:
        """Return whether a keyword can be enforced, False where it can be left out."""
        if key == "format" and value not in self._dialect.formats:
            self.loosened = True
            return False
        if key == "enum" and any(isinstance(one, dict | list) for one in value):
            raise _UnfitError
        if key in self._dialect.keywords:
            return True
        if key not in _BOUNDS | _REMARKS:
            raise _UnfitError
        self.loosened |= key in _BOUNDS
        return False

    def _closed(self, schema: dict[str, Any]) -> dict[str, Any]:
        types = schema.get("type", ())
        types = (types,) if isinstance(types, str) else tuple(types)
        if "array" in types and "items" not in schema:
            raise _UnfitError
        if "object" not in types:
            return schema
        properties, required = schema.get("properties", {}), set(schema.get("required", ()))
        if not properties or schema.get("additionalProperties", False) is not False or required - properties.keys():
            raise _UnfitError
        if self._dialect.all_required and required != properties.keys():
            raise _UnfitError
        return {**schema, "additionalProperties": False}

    def _follow(self, reference: str, depth: int, trail: tuple[str, ...]) -> None:
        """See whether what a reference leads to can be enforced."""
        if reference in trail:
            if not self._dialect.recursive:
                raise _UnfitError
            return
        head, _, name = reference.rpartition("/")
        if head != "#/$defs" or name not in self._root.get("$defs", {}):
            raise _UnfitError
        self.narrowed(self._root["$defs"][name], depth, (*trail, reference))
