"""Kinds of JSON values, in words for messages."""

from typing import Any, Final

_WORDS: Final = {
    "NoneType": "null",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
    "dict": "an object",
}


def kind(value: Any) -> str:
    """Return what a value is: "null", "a boolean", "a number", "a text", "a list", "an object"; else its type."""
    name = type(value).__name__
    return _WORDS.get(name, f"a {name}")
