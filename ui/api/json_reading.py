"""Reading JSON that strangers sent: strictly, to a bounded depth, and with the place of what is wrong."""

import json
import math
from collections import Counter
from typing import Any, Final, NoReturn

from workflow_engine.ui.api.refusing import Refused, pointer

DEPTH_MAX: Final = 64
"""How deep arrays and objects may be nested."""

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**64 - 1
"""What whole numbers may be; others change on their way through many languages."""

WRONG_MAX: Final = 20
"""Places that a refusal names at most."""


class _Twice(ValueError):
    """An object has a key twice."""


def read_json(raw: bytes) -> Any:
    """Return the value that *raw* holds, all of which can be stored.

    Raises:
        Refused: it is no JSON (400), or holds what is not accepted (422).
    """
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8, at byte {error.start}; send it as UTF-8") from error
    except _Twice as error:
        raise Refused(422, str(error), [{"pointer": "#", "detail": str(error)}]) from error
    except RecursionError as error:
        raise _too_deep("#") from error
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    wrong: list[dict[str, str]] = []
    _check(value, [], wrong)
    if wrong:
        raise Refused(422, f"{wrong[0]['pointer']}: {wrong[0]['detail']}", wrong)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, number in Counter(key for key, _ in pairs).items() if number > 1)
        raise _Twice(f"an object has the key {twice[:80]!a} twice; which one is meant cannot be known, so send it once")
    return found


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _integer(digits: str) -> int | float:
    # Python refuses thousands of digits, and takes long for hundreds; what is too large is told with its place.
    return int(digits) if len(digits) <= 25 else math.inf


def _check(value: Any, path: list[int | str], wrong: list[dict[str, str]]) -> None:
    """Add what is wrong with *value*, which stands at *path*."""
    if len(wrong) >= WRONG_MAX:
        return
    if len(path) > DEPTH_MAX:
        raise _too_deep(pointer(path))
    if isinstance(value, dict):
        entries: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - of JSON
        for key, child in entries.items():
            _note(_text(key), [*path, key], wrong)
            _check(child, [*path, key], wrong)
    elif isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - of JSON
        for index, child in enumerate(items):
            _check(child, [*path, index], wrong)
    else:
        _note(_scalar(value), path, wrong)


def _note(fact: str | None, path: list[int | str], wrong: list[dict[str, str]]) -> None:
    if fact is not None:
        wrong.append({"pointer": pointer(path), "detail": fact})


def _scalar(value: Any) -> str | None:
    """Return what is wrong with a value that holds no others, None for nothing."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "the number is too large; send it as a string"
    if isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        return "the whole number does not fit into 64 bits; send it as a string"
    return None


def _text(text: str) -> str | None:
    if "\0" in text:
        return "it holds the character NUL, which cannot be stored; remove it"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair, which UTF-8 cannot hold; remove it"
    return None


def _too_deep(place: str) -> Refused:
    fact = f"it is nested more than {DEPTH_MAX} deep; make it flatter"
    return Refused(422, fact, [{"pointer": place, "detail": fact}])
