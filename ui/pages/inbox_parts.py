"""Parts: what a question shows, taken apart so that people read texts as texts and not as JSON."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from workflow_engine.ui.forms.naming import in_words
from workflow_engine.ui.pages.inbox_past import Before, Past, issue_lines

PARTS_MAX: Final = 12
"""Parts of one value; what has more is shown as a tree."""

DEPTH_MAX: Final = 3
"""Objects inside of each other that are taken apart."""

LONG: Final = 120
"""Characters from which on a text stands by itself."""


class Part(msgspec.Struct, frozen=True):
    """Something to be shown.

    Attributes:
        title: what it is called; empty for the whole.
        value: JSON.
        before: what it was at earlier visits, the latest first.
    """

    title: str
    value: Any
    before: tuple[Before, ...] = ()


def parts_of(value: Any, past: Past) -> tuple[Part, ...]:
    """Return the parts of a value: long texts, lists, and objects whose values are short."""
    parts = list(_parts(value, "", past, 0))
    if len(parts) > PARTS_MAX:
        return (Part("", value, tuple(past.values(value))),)
    return tuple(parts)


def _parts(value: Any, title: str, past: Past, depth: int) -> Iterator[Part]:
    issues = issue_lines(value)
    if issues is not None:
        yield Part(title, "\n".join(issues))
    elif not isinstance(value, dict) or not value or depth == DEPTH_MAX:
        yield Part(title, value, tuple(past.values(value)))
    else:
        yield from _members(value, title, past, depth)  # pyright: ignore[reportUnknownArgumentType] - JSON


def _members(value: dict[str, Any], title: str, past: Past, depth: int) -> Iterator[Part]:
    """Yield the short values of an object together, then the others."""
    short = {key: one for key, one in value.items() if _is_short(one) and not (depth == 0 and past.values(one))}
    if short:
        before = [Before(old.visit, named(_picked(old.value, short))) for old in past.values(value)]
        yield Part(title, named(short), tuple(before))
    for key, one in value.items():
        if key not in short:
            name = in_words(key)
            yield from _parts(one, f"{title}: {name.lower()}" if title else name, past, depth + 1)


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONG and "\n" not in value
    return value is None or isinstance(value, bool | int | float)


def _picked(value: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Return the values under *keys* of what was an object, or may have been something else before."""
    if not isinstance(value, dict):
        return {}
    known: dict[str, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType] - JSON
    return {key: known[key] for key in keys if key in known}


def named(value: Any) -> Any:
    """Return an object with the names of its values in words, if these are as many; anything else as it is."""
    if not isinstance(value, dict):
        return value
    values: dict[str, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType] - JSON
    renamed = {in_words(key): one for key, one in values.items()}
    return renamed if len(renamed) == len(values) else values
