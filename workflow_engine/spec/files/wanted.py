"""What the native format asks for at a place, in words: taken from its JSON Schema, so that it is said in one way."""

from typing import Any, Final

from workflow_engine.spec.problems import Place
from workflow_engine.spec.schema import DURATION, schema

NAME: Final = "a name (1 to 200 characters without '/' and '#', no space at its ends)"
DURATION_WORDS: Final = "a duration such as 30s, 1h30m or 2d"

_SHOWN: Final = 60  # characters of a text in a message


def wanted(place: Place) -> str:
    """Return what is asked for at *place*: ``a whole number of at least 1``."""
    return _words(_field(place))


def choices(place: Place) -> list[str]:
    """Return the words of which one has to be chosen at *place*; empty where there are none."""
    return [word for field in _alternatives(_field(place)) for word in field.get("enum", ())]


def known_keys(place: Place) -> list[str]:
    """Return the keys of the mapping at *place*; empty where any key may be written."""
    return [key for field in _alternatives(_field(place)) for key in field.get("properties", ())]


def got(value: Any) -> str:
    """Return how a message names a value."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")
    if isinstance(value, list | dict):
        return f"a{'' if value else 'n empty'} {'list' if isinstance(value, list) else 'mapping'}"
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _field(place: Place) -> dict[str, Any]:
    """Return the schema at *place*, passing over what it does not know: the names that pydantic gives to choices."""
    field = schema()
    for part in place:
        field = next((found for choice in _alternatives(field) for found in _below(choice, part)), field)
    return field


def _alternatives(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Return *field*, or what may be chosen in its place, with references followed."""
    if "$ref" in field:
        return _alternatives(schema()["$defs"][field["$ref"].rpartition("/")[2]])
    if "anyOf" in field and "properties" not in field:
        return [found for choice in field["anyOf"] for found in _alternatives(choice)]
    return [field]


def _below(field: dict[str, Any], part: str | int) -> list[dict[str, Any]]:
    if isinstance(part, int):
        return [field["items"]] if "items" in field else []
    if part in field.get("properties", {}):
        return [field["properties"][part]]
    rest = field.get("additionalProperties")
    return [rest] if isinstance(rest, dict) else []  # pyright: ignore[reportUnknownVariableType] - JSON


def _words(field: dict[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_of_one(choice) for choice in _alternatives(field)))


def _of_one(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " or ".join(repr(word) for word in field["enum"])
    if field.get("pattern") == DURATION["pattern"]:
        return DURATION_WORDS
    if "pattern" in field:
        return NAME
    kind = field.get("type")
    if kind in ("integer", "number"):
        return ("a whole number" if kind == "integer" else "a number") + _bounds(field)
    if kind == "array" and field.get("minItems"):
        return "a list that is not empty"
    return _KINDS.get(str(kind), "a value")


_KINDS: Final = {
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "['string', 'number']": "a text",
}


def _bounds(field: dict[str, Any]) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if least is None:
        return "" if most is None else f" of at most {most:g}"
    return f" of at least {least:g}" if most is None else f" from {least:g} to {most:.0f}"
