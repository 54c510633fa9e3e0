"""The JSON boundary: what people and handlers hand over becomes bytes here, once, or is refused with place and fact."""

import itertools
import math
import re
from dataclasses import fields, is_dataclass
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from workflow_engine.core.components import Json
from workflow_engine.errors import InputRefused
from workflow_engine.spec.durations import seconds

VALUE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Most bytes of JSON in one value: a task's data, an output, a step's result, a context entry, an answer."""

DEPTH_MAX: Final = 256
"""How deep a value may be nested.  JSON is read by recursion, also when a journal is opened, and deep in the stack."""

TEXT_MAX: Final = 10_000
"""Most characters of a text that is shown to people: a prompt, a reason, a name."""


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"a {type(value).__name__}")


SECONDS_MAX: Final = 1e10
"""Longest wait, in seconds: three hundred years."""

_NULL: Final = msgspec.Raw(b"null")
_REMEDY: Final = "use plain dicts, lists, strings and finite numbers, or keep it in an artifact"
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # 1, and as a signed byte -1
_ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain)


def to_json(value: object, what: str, most: int = VALUE_BYTES_MAX) -> msgspec.Raw:
    """Return *value* as JSON.  Beside plain JSON types, dataclasses, pydantic models, dates and the like will do.

    Args:
        value: what to encode.
        what: what it is, for the message: "the output of phase draft".
        most: most bytes of JSON that are accepted.

    Raises:
        InputRefused: it cannot be JSON, would come back as something else, or is too large.
    """
    if value is None:
        return _NULL
    try:
        encoded = _ENCODER.encode(value)
        # What comes back equal needs no closer look; all else does: msgspec writes NaN as null, bytes as base64, a set
        # as a list in any order, and the key 1 as "1".
        same = type(value) is str or bool(msgspec.json.decode(encoded) == value)
        place = None if same else _altered(value, "$")
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        place = _place(value, "$", 0)
        raise InputRefused(f"{what} is not JSON: {place or error}; {_REMEDY}") from error
    if place is not None:
        raise InputRefused(f"{what} is not JSON: {place}; {_REMEDY}")
    if _too_deep(encoded):
        raise InputRefused(f"{what} is nested more than {DEPTH_MAX} deep; flatten it, or keep it in an artifact")
    if len(encoded) > most:
        raise InputRefused(f"{what} has {len(encoded):,} bytes, more than the {most:,} allowed; keep it in an artifact")
    return msgspec.Raw(encoded)


def _too_deep(encoded: bytes) -> bool:
    """Return whether JSON is nested too deeply.  Most of it is too short for that, or has too few brackets."""
    if len(encoded) <= 2 * DEPTH_MAX or encoded.count(b"[") + encoded.count(b"{") <= DEPTH_MAX:
        return False
    steps = memoryview(_STRING.sub(b"", encoded).translate(_STEPS, _NO_BRACKETS)).cast("b")
    return max(itertools.accumulate(steps), default=0) > DEPTH_MAX


def from_json(raw: Json | None) -> Any:
    """Return the value that *raw* holds; None for no JSON at all."""
    return msgspec.json.decode(raw) if isinstance(raw, msgspec.Raw) else None


def to_json_if(value: object, what: str) -> Json:
    """Return *value* as JSON, or absent where it is None.

    Raises:
        InputRefused: as `to_json`.
    """
    return to_json(value, what) if value is not None else msgspec.UNSET


def to_text(value: object, what: str, most: int = TEXT_MAX) -> str:
    """Return *value* if it is a text that can be stored.

    Args:
        value: what should be a text.
        what: what it is, for the message: "the reason".
        most: most characters that are accepted.

    Raises:
        InputRefused: it is none, is too long, or holds half of a surrogate pair.
    """
    if not isinstance(value, str):
        raise InputRefused(f"{what} is a {type(value).__name__}; pass a string")
    if len(value) > most:
        raise InputRefused(f"{what} has {len(value):,} characters, more than the {most:,} allowed; shorten it")
    if cleaned(value) != value:
        raise InputRefused(f"{what} holds half of a surrogate pair, which UTF-8 cannot hold: {value[:80]!a}; remove it")
    return str(value)


def to_text_if(value: object, what: str) -> str | None:
    """Return *value* as `to_text` does, or None where it is None."""
    return to_text(value, what) if value is not None else None


def to_seconds(value: object, what: str) -> float:
    """Return a number of seconds, or a duration such as "2d", as seconds.

    Raises:
        InputRefused: it is neither, is negative, or is not finite.
    """
    try:
        number = seconds(value)
    except ValueError as error:
        raise InputRefused(f"{what}: {error}") from error
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= SECONDS_MAX:
        raise InputRefused(f"{what} is {value!r}; pass seconds from 0 to {SECONDS_MAX:g}, or a duration such as 2d")
    return float(number)


def cleaned(text: str) -> str:
    """Return *text* with halves of surrogate pairs, which cannot be stored, written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _children(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        items: list[tuple[Any, object]] = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return [(f".{key}", child) for key, child in items]
    if isinstance(value, (list, tuple)):
        children: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return [(f"[{index}]", child) for index, child in enumerate(children)]
    if is_dataclass(value) and not isinstance(value, type):
        return [(f".{field.name}", getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, msgspec.Struct):
        return [(f".{name}", getattr(value, name)) for name in value.__struct_fields__]
    if isinstance(value, BaseModel):
        return _children(value.model_dump(mode="json"))
    return []


def _place(value: object, path: str, depth: int) -> str | None:
    """Return the first place that cannot be encoded and what stands there, or None."""
    if depth > 100:
        return f"{path} is nested too deeply, or contains itself"
    if (found := _bad_key(value, path)) is not None:
        return found
    children = _children(value)
    for name, child in children:
        if (found := _place(child, path + name, depth + 1)) is not None:
            return found
    if children:
        return None
    try:
        _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        return f"{path} is a {type(value).__name__} ({error})"
    return None


def _bad_key(value: object, path: str) -> str | None:
    if isinstance(value, dict):
        keys: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        for key in keys:
            if not isinstance(key, str):
                return f"{path} has the key {key!r}, which is no string"
    return None


def _altered(value: object, path: str) -> str | None:
    """Return the first place that JSON would give back as something else, and what stands there, or None."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path} is {value}"
    if isinstance(value, (bytes, bytearray, memoryview, set, frozenset)):
        return f"{path} is a {type(value).__name__}"  # pyright: ignore[reportUnknownArgumentType] - of anything
    if (found := _bad_key(value, path)) is not None:
        return found
    for name, child in _children(value):
        if (found := _altered(child, path + name)) is not None:
            return found
    return None
