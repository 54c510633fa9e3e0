"""Hints: what a schema says about a field besides its shape, in words and as attributes of inputs."""

from typing import Final

from workflow_engine.ui.forms.json_values import Json, Schema
from workflow_engine.ui.forms.shapes import Kind, Shape

PATTERN_MAX: Final = 300
"""Longer patterns are not given to browsers."""

_COUNTED: Final = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL)


def hint_of(shape: Shape) -> str:
    """Return what people should know before they type: the description, then the limits."""
    described = shape.schema.get("description")
    parts = [described.strip()] if isinstance(described, str) and described.strip() else []
    limits = _limits(shape)
    if parts and limits and parts[0][-1] not in ".!?:":
        parts[0] += "."
    return " ".join([*parts, *([limits] if limits else [])])


def _limits(shape: Shape) -> str:
    schema = shape.schema
    match shape.kind:
        case Kind.NUMBER | Kind.INTEGER:
            return _bounds(shape)
        case Kind.TEXT | Kind.LONG_TEXT:
            return _counts(schema, "minLength", "maxLength", "characters")
        case Kind.LIST | Kind.SEVERAL:
            return _counts(schema, "minItems", "maxItems", "entries")
        case Kind.MAP:
            return _counts(schema, "minProperties", "maxProperties", "entries")
        case Kind.DATE_TIME:
            return "The offset is that of the place's clock from UTC, such as +01:00."
        case Kind.RAW:
            return _raw(schema)
        case _:
            return ""


def _raw(schema: Schema) -> str:
    if "type" not in schema:
        return 'Any text, or JSON such as {"name": "value"} or [1, 2]. What is not JSON is taken as a text.'
    return 'Write JSON, such as {"name": "value"} or [1, 2].'


def _bounds(shape: Shape) -> str:
    low, high = bound(shape.schema, "minimum"), bound(shape.schema, "maximum")
    above, below = bound(shape.schema, "exclusiveMinimum"), bound(shape.schema, "exclusiveMaximum")
    if low is not None and high is not None:
        return f"From {low} to {high}."
    parts = [
        f"{word} {limit}"
        for word, limit in (("at least", low), ("more than", above), ("at most", high), ("less than", below))
        if limit is not None
    ]
    text = " and ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _counts(schema: Schema, least: str, most: str, noun: str) -> str:
    low, high = bound(schema, least), bound(schema, most)
    if low is not None and float(low) > 1 and high is not None:
        return f"From {low} to {high} {noun}."
    if low is not None and float(low) > 1:
        return f"At least {low} {noun}."
    return f"At most {high} {noun if high != '1' else _SINGULAR[noun]}." if high is not None else ""


_SINGULAR: Final = {"characters": "character", "entries": "entry"}


def bound(schema: Schema, word: str) -> str | None:
    """Return the number that *schema* has under *word*, as people write it, or None."""
    return plain(schema.get(word)) if _is_number(schema.get(word)) else None


def plain(value: Json) -> str:
    """Return a number as people write it: 3 for 3.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def attributes_of(shape: Shape) -> tuple[tuple[str, str], ...]:
    """Return the limits that browsers check as attributes of the input.

    Numbers are typed into inputs for text, because one for numbers sends nothing at all for what is not a number; so
    their limits are checked by the server.
    """
    schema = shape.schema
    if shape.kind in _COUNTED:
        # No maxlength: a browser cuts off what is pasted, and says nothing.
        limits = (("minlength", str(bound(schema, "minLength"))),) if _whole(schema.get("minLength")) else ()
        pattern = schema.get("pattern")
        if shape.kind is not Kind.LONG_TEXT and isinstance(pattern, str) and len(pattern) <= PATTERN_MAX:
            return (*limits, ("pattern", f".*(?:{pattern}).*"))
        return limits
    if shape.kind in (Kind.NUMBER, Kind.INTEGER):
        mode = "numeric" if shape.kind is Kind.INTEGER else "decimal"
        return (("inputmode", mode if _natural(schema) else "text"),)
    return ()


def _whole(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer() and value >= 0


def _natural(schema: Schema) -> bool:
    """Return whether only numbers from 0 are accepted: the keyboard of a phone for digits has no minus."""
    low = schema.get("minimum")
    return isinstance(low, int | float) and low >= 0
