"""The JSON boundary: what people and handlers hand over becomes bytes here, once, or is refused with the place and the fact."""

import math
from dataclasses import fields, is_dataclass
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from workflow_engine.core.components import Json
from workflow_engine.errors import InputRefused

VALUE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Most bytes of JSON in one value: a task's data, an output, a step's result, a context entry, an answer."""


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"a {type(value).__name__}")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain)


def to_json(value: object, what: str, most: int = VALUE_BYTES_MAX) -> msgspec.Raw:
    """Return *value* as JSON.  Beside plain JSON types, dataclasses, pydantic models, dates and the like will do.

    Args:
        value: what to encode.
        what: what it is, for the message: "the output of phase draft".
        most: most bytes of JSON that are accepted.

    Raises:
        InputRefused: it cannot be JSON, holds NaN or an infinity, or is too large.
    """
    try:
        encoded = _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        place = _place(value, "$", 0)
        raise InputRefused(f"{what} is not JSON: {place or error}; return plain dicts, lists, strings and numbers") from error
    if len(encoded) > most:
        raise InputRefused(f"{what} has {len(encoded):,} bytes, more than the {most:,} allowed; keep it in an artifact")
    if b"null" in encoded and (place := _not_finite(value, "$")):
        raise InputRefused(f"{what} is not JSON: {place}; JSON has no NaN and no infinity, use null or a string")
    return msgspec.Raw(encoded)


def from_json(raw: Json | None) -> Any:
    """Return the value that *raw* holds; None for no JSON at all."""
    return msgspec.json.decode(raw) if isinstance(raw, msgspec.Raw) else None


def to_json_if(value: object, what: str) -> Json:
    """Return *value* as JSON, or absent where it is None.

    Raises:
        InputRefused: as `to_json`.
    """
    return to_json(value, what) if value is not None else msgspec.UNSET


def _children(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        items: list[tuple[Any, object]] = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return [(f".{key}", child) for key, child in items]
    if isinstance(value, (list, tuple)):
        children: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return [(f"[{index}]", child) for index, child in enumerate(children)]
    if is_dataclass(value) and not isinstance(value, type):
        return [(f".{field.name}", getattr(value, field.name)) for field in fields(value)]
    return []


def _place(value: object, path: str, depth: int) -> str | None:
    """Return the first place that cannot be encoded and what stands there, or None."""
    if depth > 100:
        return f"{path} is nested too deeply, or contains itself"
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


def _not_finite(value: object, path: str) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path} is {value}"
    for name, child in _children(value):
        if (found := _not_finite(child, path + name)) is not None:
            return found
    return None
