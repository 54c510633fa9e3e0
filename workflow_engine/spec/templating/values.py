"""JSON values as templates see them: what kind they are, and which of them are too large."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from workflow_engine.errors import TemplateFailed

TEXT_MAX: Final = 1 << 20  # characters of a text that is rendered, or that is made on the way
INTEGERS: Final = range(-(1 << 63), 1 << 64)  # what JSON readers, ours included, can be trusted with
NAME_SHOWN_MAX: Final = 60  # characters


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether *value* is a list; one in brackets of a template may be a tuple."""
    return isinstance(value, list | tuple)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Return whether *value* has keys."""
    return isinstance(value, Mapping)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether *value* can be calculated with; true and false cannot."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind(value: object) -> str:
    """Return what *value* is, in the words of JSON."""
    names: dict[type, str] = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a text"}
    if type(value) in names:
        return names[type(value)]
    return "a list" if is_list(value) else "an object" if is_mapping(value) else "no JSON value"


def number(value: Any) -> int | float:
    """Return number *value*.

    Raises:
        TemplateFailed: it is none, or none that JSON can hold.
    """
    if not is_number(value):
        raise TemplateFailed(
            f"{kind(value)} is not a number; `| int` and `| float` make one, `| default(0)` replaces null"
        )
    if not fits_json(value):
        raise TemplateFailed("a number is too large for JSON")
    return value


def fits_json(value: float) -> bool:
    """Return whether JSON can hold this number."""
    return value in INTEGERS if isinstance(value, int) else math.isfinite(value)


def elements(value: Any) -> Sequence[Any] | Mapping[Any, Any]:
    """Return what a loop over *value* goes through: items, keys or characters; null has none."""
    if value is None:
        return ()
    if not (is_list(value) or is_mapping(value) or isinstance(value, str)):
        raise TemplateFailed(f"{kind(value)} is not a list")
    return value


def encodable(text: str) -> str:
    """Return *text*.

    Raises:
        TemplateFailed: an escape in the template spells half a pair of surrogates, which cannot be stored or sent.
    """
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError as error:
        raise TemplateFailed(
            f"{error.object[error.start]!r} is half a character; write the character itself"
        ) from error
    return text


def room(length: int) -> None:
    """Refuse a text or list of *length*, before it is made.

    Raises:
        TemplateFailed: that is too long.
    """
    if length > TEXT_MAX:
        raise TemplateFailed(f"a text or list gets longer than {TEXT_MAX:,}; keep what is large in an artifact")


def shortened(name: str) -> str:
    """Return *name* as far as a message shows it."""
    return name if len(name) <= NAME_SHOWN_MAX else f"{name[:NAME_SHOWN_MAX]}..."
