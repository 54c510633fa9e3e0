"""JSON in texts: models and people put it into fences and between words."""

import json
import re
from typing import Any, Final, NoReturn

STARTS_MAX: Final = 100
"""Most brackets in a text at which JSON is looked for: looking at each costs up to the length of the text."""

_FENCE: Final = re.compile(r"```(?:json)?[ \t]*\r?\n(.*?)```", re.DOTALL | re.IGNORECASE)
_BRACKET: Final = re.compile(r"[\[{]")


def whole_json(text: str) -> Any:
    """Return the value of a text that is JSON, as it is or in the one fence that it holds.

    Raises:
        ValueError: it is none; the message says what is wrong at which line and column.
    """
    fences = list(_FENCE.finditer(text))
    if len(fences) != 1 or _is_json(text):
        return _parsed(text)
    return _parsed(_blanked(text, fences[0].start(1))[: fences[0].end(1)])


def json_within(text: str) -> Any:
    """Return the value of a text that is JSON, or holds one object or list, in a fence or between words.

    Raises:
        ValueError: it holds none, or several; the message says what is wrong at which line and column.
    """
    try:
        return whole_json(text)
    except ValueError:
        found = _containers(text)
        if not found:
            if bracket := _BRACKET.search(text):
                _parsed(_blanked(text, bracket.start()))  # says what is wrong with what was meant
            raise
    if len(found) > 1:
        raise ValueError("it holds several JSON values, and it is not clear which is meant")
    return found[0]


def _containers(text: str) -> list[Any]:
    """Return the objects and lists between the words of a text: the first two, if there are so many."""
    found: list[Any] = []
    end = 0
    for start in [match.start() for match in _BRACKET.finditer(text)][:STARTS_MAX]:
        if start >= end and len(found) < 2:
            try:
                value, end = _DECODER.raw_decode(text, start)
            except (ValueError, RecursionError):
                continue
            found.append(value)
    return found


def _blanked(text: str, end: int) -> str:
    """Return *text* with spaces up to *end*, so that places in the rest stay what they are."""
    return re.sub(r"[^\n]", " ", text[:end]) + text[end:]


def _is_json(text: str) -> bool:
    try:
        _parsed(text)
    except ValueError:
        return False
    return True


def _parsed(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)
