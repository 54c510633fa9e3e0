"""Shapes: which kind of field a schema asks for."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from workflow_engine.ui.forms.json_values import Json, Schema
from workflow_engine.ui.forms.options import Option, options_of
from workflow_engine.ui.forms.resolving import Resolver

PROPERTIES_MAX: Final = 150
"""Properties of one object that are shown as fields; an object with more is written as JSON."""
BRANCHES_MAX: Final = 20
"""Shapes that one place may choose from."""
CHECKBOXES_MAX: Final = 60
"""Values that are shown as checkboxes; several of a longer list are chosen row by row."""
UNIONS_MAX: Final = 2
"""Unions inside of unions that are shown as one."""


class Kind(StrEnum):
    """Kinds of fields."""

    TEXT = "text"
    LONG_TEXT = "long"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date-time"
    EMAIL = "email"
    URL = "url"
    CHOICE = "choice"
    SEVERAL = "several"
    FIXED = "fixed"
    LIST = "list"
    GROUP = "group"
    MAP = "map"
    FILE = "file"
    UNION = "union"
    RAW = "raw"


class Shape(msgspec.Struct, frozen=True):
    """What is asked for at one place.

    Attributes:
        kind: the kind of field.
        schema: the schema as one object, without what was followed and chosen.
        nullable: whether null is accepted as well.
        options: what may be chosen.
        branches: the shapes of a union, as schemas.
        followed: the references that led here.
    """

    kind: Kind
    schema: Schema
    nullable: bool = False
    options: tuple[Option, ...] = ()
    branches: tuple[Json, ...] = ()
    followed: frozenset[str] = frozenset()


TEXTS: Final = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL, Kind.DATE, Kind.TIME, Kind.DATE_TIME)
"""Kinds whose values are texts that are typed."""

_FORMATS: Final = {
    "date": Kind.DATE,
    "time": Kind.TIME,
    "date-time": Kind.DATE_TIME,
    "email": Kind.EMAIL,
    "idn-email": Kind.EMAIL,
    "uri": Kind.URL,
    "iri": Kind.URL,
    "url": Kind.URL,
    "file": Kind.FILE,
    "artifact": Kind.FILE,
    "binary": Kind.FILE,
    "textarea": Kind.LONG_TEXT,
    "multiline": Kind.LONG_TEXT,
    "markdown": Kind.LONG_TEXT,
}
_OUTER: Final = ("title", "description", "default", "examples", "readOnly", "writeOnly")
"""What a union says of itself and not of its branches."""
_LONG_FROM: Final = 150
"""A text that may be longer than so many characters has an input of several lines."""
_HINTS_OF_TYPE: Final = {
    "object": {"properties", "additionalProperties", "patternProperties", "required", "minProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "string": {"format", "pattern", "minLength", "maxLength", "contentEncoding", "contentMediaType"},
    "number": {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"},
}


def shape_of(schema: Json, resolver: Resolver, unions: int = 0) -> Shape:
    """Return the shape that *schema*, a part of the resolver's, asks for; raw JSON where no better one is known.

    Args:
        schema: the part.
        resolver: of the whole.
        unions: how many unions it is a branch of.
    """
    found = resolver.resolved(schema)
    if found is None:
        return Shape(Kind.RAW, {})
    whole, followed = found
    shape = _chosen(whole, resolver, unions) or _typed(whole, resolver)
    return msgspec.structs.replace(shape, followed=shape.followed | followed)


def _chosen(schema: Schema, resolver: Resolver, unions: int) -> Shape | None:
    """Return the shape of a schema that lists what it accepts; None where it does not."""
    chosen = options_of(schema)
    if chosen is not None:
        options, nullable = chosen
        kind = Kind.FIXED if len(options) == 1 and not nullable else Kind.CHOICE
        return Shape(kind, schema, nullable, options)
    for word in ("oneOf", "anyOf"):
        branches = schema.get(word)
        if isinstance(branches, list) and branches and not {"properties", "items"} & schema.keys():
            base = {key: value for key, value in schema.items() if key != word}
            return _union(base, branches, resolver, unions) if unions <= UNIONS_MAX else Shape(Kind.RAW, schema)
    return None


def _union(base: Schema, branches: Sequence[Json], resolver: Resolver, unions: int) -> Shape:
    """Return the shape of one that accepts any of *branches*: null is no branch, and a single one is no choice."""
    inner = {key: value for key, value in base.items() if key not in _OUTER}
    nullable = False
    flat: list[Json] = []
    for branch in branches[:BRANCHES_MAX]:
        part: Json = {"allOf": [branch, dict(inner)]} if inner else branch
        shape = shape_of(part, resolver, unions + 1)
        nullable = nullable or shape.nullable or _is_null(shape)
        if not _is_null(shape):
            flat.extend(shape.branches or (part,))
    if len(flat) == 1:
        outer: Schema = {key: base[key] for key in _OUTER if key in base}
        only = shape_of({**outer, "allOf": [flat[0]]}, resolver, unions + 1)
        return msgspec.structs.replace(only, nullable=nullable or only.nullable)
    return Shape(Kind.UNION, base, nullable, branches=tuple(flat[:BRANCHES_MAX])) if flat else Shape(Kind.RAW, base)


def _is_null(shape: Shape) -> bool:
    return shape.kind is Kind.FIXED and shape.options[0].value is None


def _typed(schema: Schema, resolver: Resolver) -> Shape:
    types = schema.get("type")
    named = types if isinstance(types, list) else [types] if types is not None else _guessed(schema)
    given: list[Json] = [name for name in named if name != "null"]
    nullable = "null" in named and bool(given)
    if len(given) > 1:
        inner = {key: value for key, value in schema.items() if key not in _OUTER}
        outer = {key: value for key, value in schema.items() if key in _OUTER}
        return Shape(Kind.UNION, outer, nullable, branches=tuple(_with_type(inner, name) for name in given))
    shape = _of_type(str(given[0]) if given else "", schema | {"type": given[0]} if given else schema, resolver)
    return msgspec.structs.replace(shape, nullable=nullable)


def _with_type(schema: Schema, name: Json) -> Json:
    return {**schema, "type": name}


def _guessed(schema: Schema) -> Sequence[Json]:
    """Return the type that the keywords of a schema without one are about."""
    return [name for name, words in _HINTS_OF_TYPE.items() if words & schema.keys()][:1]


def _of_type(name: str, schema: Schema, resolver: Resolver) -> Shape:
    match name:
        case "string":
            return Shape(_text_kind(schema), schema)
        case "number" | "integer" | "boolean":
            return Shape(Kind(name), schema)
        case "object":
            return _object(schema)
        case "array":
            return _array(schema, resolver)
        case _:
            return Shape(Kind.RAW, schema)


def _text_kind(schema: Schema) -> Kind:
    named = _FORMATS.get(str(schema.get("format")))
    if named is not None:
        return named
    if schema.get("contentEncoding") == "base64":
        return Kind.FILE
    media = str(schema.get("contentMediaType", "text/plain"))
    if "contentMediaType" in schema:
        readable = media.startswith("text/") or media.endswith(("json", "xml", "yaml"))
        return Kind.LONG_TEXT if readable else Kind.FILE
    longest = schema.get("maxLength")
    if isinstance(longest, int | float):
        return Kind.LONG_TEXT if longest > _LONG_FROM else Kind.TEXT
    return Kind.TEXT


def _object(schema: Schema) -> Shape:
    properties = with_conditional(schema)
    if len(properties) > PROPERTIES_MAX:
        return Shape(Kind.RAW, schema)
    if properties or schema.get("additionalProperties") is False:
        return Shape(Kind.GROUP, {**schema, "properties": properties})
    return Shape(Kind.MAP, schema)


def with_conditional(schema: Schema) -> Schema:
    """Return the properties of an object, with those that only some condition asks for."""
    parts: list[Json] = [schema, schema.get("then"), schema.get("else")]
    dependent = schema.get("dependentSchemas")
    parts.extend(dependent.values() if isinstance(dependent, dict) else ())
    for word in ("anyOf", "oneOf"):
        branches = schema.get(word)
        parts.extend(branches if isinstance(branches, list) else ())
    properties: Schema = {}
    for part in parts:
        more = part.get("properties") if isinstance(part, dict) else None
        if isinstance(more, dict):
            properties |= more if part is schema else _new(more, properties)
    return properties


def _new(more: Schema, known: Schema) -> Schema:
    """Return those of *more* that are not known and are fields of their own; ``true`` is none."""
    return {key: value for key, value in more.items() if key not in known and value not in (True, False, {})}


def _array(schema: Schema, resolver: Resolver) -> Shape:
    if "prefixItems" in schema:
        return Shape(Kind.RAW, schema)
    items = resolver.resolved(schema.get("items", True))
    chosen = options_of(items[0]) if items is not None else None
    if chosen is not None and not chosen[1] and len(chosen[0]) <= CHECKBOXES_MAX:
        return Shape(Kind.SEVERAL, schema, options=chosen[0])
    return Shape(Kind.LIST, schema)


def value_schema(schema: Schema) -> Json:
    """Return the schema of the values of a map whose names are free."""
    additional = schema.get("additionalProperties", True)
    patterns = schema.get("patternProperties")
    if isinstance(patterns, dict) and len(patterns) == 1 and additional in (True, False):
        return next(iter(patterns.values()))
    return additional if isinstance(additional, dict) else True


def offers_more(schema: Schema) -> bool:
    """Return whether a group says that it has further values under free names."""
    additional = schema.get("additionalProperties")
    return additional is True or isinstance(additional, dict) or bool(schema.get("patternProperties"))


def is_inline(schema: Schema) -> bool:
    """Return whether the content of a file is the value; else it is an artifact, and its name is the value."""
    return schema.get("contentEncoding") == "base64" or (
        "contentMediaType" in schema and schema.get("format") not in ("artifact", "file", "binary")
    )
