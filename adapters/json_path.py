"""Paths into JSON values: ``a.b[0]``, ``$.a.b[0]``, ``a.0``, ``$['a key'].b``, ``items[-1]``."""

import re
from typing import Any, Final

from workflow_engine.spec.kinds import kind

KEYS_SHOWN: Final = 20
"""Most keys of an object that a refusal names."""

_PART: Final = re.compile(
    r"""\.?(?P<key>[^.\[\]]+)|\[(?P<index>-?\d+)\]|\[(?P<quote>["'])(?P<quoted>.*?)(?P=quote)\]"""
)


def at(value: Any, path: str) -> Any:
    """Return what stands at *path* in *value*, anything that can be JSON; ``$`` and the empty path are all of it.

    Raises:
        LookupError: nothing stands there; the message says what does.
        ValueError: it is no path.
    """
    here, found = "$", value
    for part in parts(path):
        found, here = _child(found, part, here, path), f"{here}[{part}]" if isinstance(part, int) else f"{here}.{part}"
    return found


def parts(path: str) -> list[str | int]:
    """Return the keys and indexes of a path.

    Raises:
        ValueError: it is no path.
    """
    text = path.strip().removeprefix("$")
    found: list[str | int] = []
    place = 0
    while place < len(text):
        match = _PART.match(text, place)
        if match is None:
            raise ValueError(f"path {path!r} cannot be read from {text[place:]!r} on; write it like $.a.b[0]")
        index = match["index"]
        found.append(int(index) if index is not None else match["quoted"] if match["quote"] else match["key"].strip())
        place = match.end()
    return found


def _child(value: Any, part: str | int, here: str, path: str) -> Any:
    if kind(value) == "an object":
        if str(part) in value:
            return value[str(part)]
        raise LookupError(f"there is no {path}: {here} has {_listing(list(value))}")
    if kind(value) == "a list":
        index = int(part) if isinstance(part, int) or part.isdecimal() else None
        if index is not None and -len(value) <= index < len(value):
            return value[index]
        raise LookupError(f"there is no {path}: {here} is a list of {len(value)}")
    raise LookupError(f"there is no {path}: {here} is {kind(value)}")


def _listing(keys: list[str]) -> str:
    more = f" and {len(keys) - KEYS_SHOWN} more" if len(keys) > KEYS_SHOWN else ""
    return "the keys " + ", ".join(keys[:KEYS_SHOWN]) + more if keys else "no keys"
