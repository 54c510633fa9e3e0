"""Filters of lists and objects; null counts as an empty one."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from jinja2 import Undefined

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.problems import listed
from workflow_engine.spec.templating.run import Run, copied, plain, settled, text_of
from workflow_engine.spec.templating.tests import passes
from workflow_engine.spec.templating.texts import digits
from workflow_engine.spec.templating.values import elements, is_list, is_mapping, is_number, kind, number, room

ENTRY_STEPS: Final = 4  # a pair is a list of its own
SORT_STEPS: Final = 20  # an item is compared about as often, in the longest list


def length(run: Run, value: Any) -> int:
    """Return how many items, keys or characters there are."""
    return len(elements(value))


def join(run: Run, value: Any, d: str = "", attribute: str | int | None = None) -> str:
    """Return the items as one text with *d* between them."""
    separator, parts, size = text_of(run, d), list[str](), 0
    for item in picked(run, value, attribute):
        parts.append(text_of(run, item))
        size += len(parts[-1]) + len(separator)
        room(size - len(separator))
    return run.made(separator.join(parts))


def first(run: Run, value: Any) -> Any:
    """Return the first item, or null."""
    return next(iter(elements(value)), None)


def last(run: Run, value: Any) -> Any:
    """Return the last item, or null."""
    return next(iter(copied(run, value)[-1:]), None)


def least(run: Run, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> Any:
    """Return the smallest item, or null."""
    return next(iter(sort(run, value, False, case_sensitive, attribute)), None)


def greatest(run: Run, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> Any:
    """Return the largest item, or null."""
    return next(iter(sort(run, value, True, case_sensitive, attribute)), None)


def total(run: Run, value: Any, attribute: str | int | None = None, start: float = 0) -> float:
    """Return the sum of the numbers."""
    result = number(start)
    for item in picked(run, value, attribute):
        result = number(result + number(item))
    return result


def sort(
    run: Run, value: Any, reverse: bool = False, case_sensitive: bool = False, attribute: str | int | None = None
) -> list[Any]:
    """Return the items in order; all have to be numbers, or all texts."""
    items = copied(run, value)
    keys = [folded(run, key, case_sensitive) for key in picked(run, items, attribute)]
    if not (all(is_number(key) for key in keys) or all(isinstance(key, str) for key in keys)):
        raise TemplateFailed(f"only numbers or only texts have an order, not {listed(sorted(set(map(kind, keys))))}")
    run.spend(SORT_STEPS * sum(1 + (len(key) // 256 if isinstance(key, str) else 0) for key in keys))
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)
    return [items[index] for index in order]


def unique(run: Run, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> list[Any]:
    """Return the items without those that came before."""
    items = copied(run, value)
    run.spend(ENTRY_STEPS * len(items))
    seen: dict[str, Any] = {}
    for item, key in zip(items, picked(run, items, attribute), strict=True):
        seen.setdefault(json.dumps(plain(run, folded(run, key, case_sensitive)), sort_keys=True), item)
    return list(seen.values())


def backwards(run: Run, value: Any) -> Any:
    """Return the items, or the characters, in reverse."""
    return run.made(value[::-1]) if isinstance(value, str) else copied(run, value)[::-1]


def mapped(run: Run, value: Any, *, attribute: str | int, default: Any = None) -> list[Any]:
    """Return what every item has under *attribute*, a key or several with dots between."""
    found = list(picked(run, value, attribute))
    return found if default is None else [default if isinstance(item, Undefined) else item for item in found]


def select(run: Run, value: Any, test: str | None = None, *args: Any) -> list[Any]:
    """Return the items that pass *test*, or that are true."""
    return [item for item in elements(value) if passes(run, item, test, args)]


def reject(run: Run, value: Any, test: str | None = None, *args: Any) -> list[Any]:
    """Return the items that do not pass *test*, or that are false."""
    return [item for item in elements(value) if not passes(run, item, test, args)]


def selectattr(run: Run, value: Any, attribute: str | int, test: str | None = None, *args: Any) -> list[Any]:
    """Return the items whose *attribute* passes *test*, or is true."""
    items = copied(run, value)
    keys = picked(run, items, attribute)
    return [item for item, key in zip(items, keys, strict=True) if passes(run, key, test, args)]


def rejectattr(run: Run, value: Any, attribute: str | int, test: str | None = None, *args: Any) -> list[Any]:
    """Return the items whose *attribute* does not pass *test*, or is false."""
    items = copied(run, value)
    keys = picked(run, items, attribute)
    return [item for item, key in zip(items, keys, strict=True) if not passes(run, key, test, args)]


def pairs(run: Run, value: Any) -> list[Any]:
    """Return keys and values of an object, in pairs."""
    return [[key, item] for key, item in entries(run, value)]


def keys(run: Run, value: Any) -> list[Any]:
    """Return the keys of an object."""
    return [key for key, _ in entries(run, value)]


def values(run: Run, value: Any) -> list[Any]:
    """Return the values of an object."""
    return [item for _, item in entries(run, value)]


def entries(run: Run, value: Any) -> Iterable[tuple[Any, Any]]:
    """Return what an object holds; null holds nothing."""
    if value is not None and not is_mapping(value):
        raise TemplateFailed(f"{kind(value)} is not an object, so it has no keys")
    run.spend(0 if value is None else ENTRY_STEPS * len(value))
    return () if value is None else value.items()


def folded(run: Run, value: Any, case_sensitive: bool) -> Any:
    """Return *value* as it is compared."""
    value = settled(value)
    if not isinstance(value, str):
        return value
    run.spend(1 + len(value) // 32)
    return value if case_sensitive else value.lower()


def picked(run: Run, value: Any, attribute: str | int | None) -> Iterator[Any]:
    """Yield the items, or what they have under *attribute*."""
    parts = attribute.split(".") if isinstance(attribute, str) else [] if attribute is None else [attribute]
    for item in elements(value):
        run.spend(1 + 2 * len(parts))
        for part in parts:
            position = isinstance(part, str) and part.isdecimal() and is_list(item)
            item = run.look(item, int(digits(part)) if position else part, "an item")
        yield item
