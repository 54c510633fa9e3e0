"""JSON as people type it, and as the parts of a form pass it on."""

import json
import math
from typing import Final, NoReturn

from workflow_engine.ui.forms.naming import survives

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Schema = dict[str, Json]

INTEGER_MAX: Final = 2**63 - 1
"""Largest integer that every program and database on the way can hold."""

DIGITS_MAX: Final = 400


class Absent:
    """No value at all: what is left out is not null."""


ABSENT: Final = Absent()


class JsonFault(ValueError):
    """A text is not JSON; the message says where, and what to do."""


def parsed(text: str) -> Json:
    """Return the value that *text* writes as JSON.

    Raises:
        JsonFault: it is not JSON, or JSON that two programs would read differently.
    """
    try:
        value: Json = json.loads(
            text, object_pairs_hook=_members, parse_constant=_constant, parse_int=_integer, parse_float=_fraction
        )
    except json.JSONDecodeError as error:
        raise JsonFault(
            f"This is not JSON: line {error.lineno}, column {error.colno}: {_lowered(error.msg)}. "
            'Write texts in double quotes, as in {"name": "value"}.'
        ) from error
    except RecursionError as error:
        raise JsonFault("This JSON is nested too deeply. Make it flatter.") from error
    return value


def pretty(value: Json) -> str:
    """Return *value* as JSON for people: indented, in its own letters, but for those that no page can show."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text if survives(text) else json.dumps(value, indent=2)


def canonical(value: Json) -> str:
    """Return a text that is the same for equal values and no others: 1 and 1.0 are equal, 1 and true are not."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def same(first: Json | Absent, second: Json | Absent) -> bool:
    """Return whether two values are equal as JSON."""
    if isinstance(first, Absent) or isinstance(second, Absent):
        return first is second
    return canonical(first) == canonical(second)


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise JsonFault(f"The name {json.dumps(twice, ensure_ascii=False)} stands twice. Remove one of the two.")
    return members


def _constant(word: str) -> NoReturn:
    raise JsonFault(f"{word} is not JSON. Write a number, or null.")


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= DIGITS_MAX else INTEGER_MAX + 1
    if abs(value) > INTEGER_MAX:
        raise JsonFault("A number in it is too large. Write it as a text, in double quotes.")
    return value


def _fraction(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonFault("A number in it is too large. Write it as a text, in double quotes.")
    return value


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
