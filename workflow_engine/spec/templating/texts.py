"""Filters of texts and numbers; null counts as an empty text."""

import json
import math
import re
from typing import Any, Final

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.templating.run import Run, plain, text_of
from workflow_engine.spec.templating.values import number, room

NUMBER_LENGTH_MAX: Final = 100  # characters of a text that is read as a number
WORD: Final = re.compile(r"\w+")


def title(run: Run, value: Any) -> str:
    """Return the text with every word capitalized."""
    text = text_of(run, value)
    run.spend(len(text))
    return run.made(re.sub(r"[^-\s({\[<]+", lambda word: word[0].capitalize(), text))


def trim(run: Run, value: Any, chars: str | None = None) -> str:
    """Return the text without white space, or *chars*, at its ends."""
    text = text_of(run, value)
    run.spend(len(chars or "") * len(text) // 1024)
    return run.made(text.strip(chars))


def replace(run: Run, value: Any, old: str, new: str, count: int | None = None) -> str:
    """Return the text with *new* for *old*, at most *count* times."""
    text, old, new = text_of(run, value), text_of(run, old), text_of(run, new)
    found = text.count(old)
    times = found if count is None or count < 0 else min(found, count)
    room(len(text) + times * (len(new) - len(old)))
    return run.made(text.replace(old, new, times))


def rounded(run: Run, value: Any, precision: int = 0, method: str = "common") -> float:
    """Return the number rounded to *precision* digits after the point; *method* may be "ceil" or "floor"."""
    if method not in ("common", "ceil", "floor") or not -20 <= precision <= 20:
        raise TemplateFailed("round takes -20 to 20 digits, and common, ceil or floor")
    if method == "common":
        return number(round(number(value), precision))
    scale = 10.0**precision
    return number((math.ceil if method == "ceil" else math.floor)(number(value) * scale) / scale)


def integer(run: Run, value: Any, default: Any = 0, base: int = 10) -> Any:
    """Return *value* as a whole number, or *default* if it is none."""
    try:
        return number(int(digits(value), base) if isinstance(value, str) else int(value))
    except (TypeError, ValueError, OverflowError):
        floating = real(run, value, None)
        return default if floating is None else number(int(floating))


def real(run: Run, value: Any, default: Any = 0.0) -> Any:
    """Return *value* as a number with a point, or *default* if it is none."""
    try:
        result = float(digits(value))
    except (TypeError, ValueError, OverflowError):
        return default
    return result if math.isfinite(result) else default


def digits(value: Any) -> Any:
    """Return *value*, unless it is a text too long to be a number."""
    if isinstance(value, str) and len(value) > NUMBER_LENGTH_MAX:
        raise TemplateFailed(f"a text of {len(value):,} characters is not read as a number")
    return value


def absolute(run: Run, value: Any) -> float:
    """Return the number without its sign."""
    return number(abs(number(value)))


def tojson(run: Run, value: Any, indent: int | None = None) -> str:
    """Return *value* as JSON, on lines of its own with *indent* spaces a level."""
    if indent is None:
        return run.made(json.dumps(plain(run, value), ensure_ascii=False))
    if not 0 <= indent <= 8:
        raise TemplateFailed("tojson indents by 0 to 8 spaces")
    parts, size = list[str](), 0
    for part in json.JSONEncoder(ensure_ascii=False, indent=indent).iterencode(plain(run, value)):
        parts.append(part)
        size += len(part)
        room(size)
    return run.made("".join(parts))


def truncate(
    run: Run, value: Any, length: int = 255, killwords: bool = False, end: str = "...", leeway: int = 5
) -> str:
    """Return the text cut to *length*, *end* included, between words unless *killwords*."""
    text = text_of(run, value)
    if len(text) <= length + leeway:
        return text
    cut = text[: max(0, length - len(end))]
    return run.made((cut if killwords else cut.rsplit(" ", 1)[0]) + end)


def indent(run: Run, value: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    """Return the text with *width* spaces before its lines, but not the first or blank ones unless told."""
    text = text_of(run, value)
    room(width if isinstance(width, int) else len(width))
    margin = width if isinstance(width, str) else " " * width
    lines = text.split("\n")
    room(len(text) + len(lines) * len(margin))
    return run.made(
        "\n".join(
            margin + line if (first or position > 0) and (line or blank) else line
            for position, line in enumerate(lines)
        )
    )


def wordcount(run: Run, value: Any) -> int:
    """Return how many words the text has."""
    text = text_of(run, value)
    run.spend(len(text) // 4)
    return sum(1 for _ in WORD.finditer(text))


def upper(run: Run, value: Any) -> str:
    """Return the text in capitals."""
    return run.made(text_of(run, value).upper())


def lower(run: Run, value: Any) -> str:
    """Return the text in small letters."""
    return run.made(text_of(run, value).lower())


def capitalize(run: Run, value: Any) -> str:
    """Return the text with its first letter as a capital, and the others small."""
    return run.made(text_of(run, value).capitalize())
