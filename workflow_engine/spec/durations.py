"""Durations as people write them: ``30``, ``"30s"``, ``"1h30m"``, ``"2d"``, ``"500ms"``; always seconds once read."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def seconds(value: object) -> object:
    """Return a written duration as seconds; anything but a string is passed on for the model to judge.

    Raises:
        ValueError: the string is not a duration.
    """
    if not isinstance(value, str):
        return value
    text = value.replace(" ", "")
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{value!r} is not a duration; write for example 30s, 1h30m, 2d or a number of seconds")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


Seconds = Annotated[float, BeforeValidator(seconds), Field(ge=0, allow_inf_nan=False)]
"""A field that takes a duration and holds seconds."""
