"""The order within the rows of a drawing: each item near the middle of its neighbours, so that few lines cross."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from workflow_engine.drawing.rows import Link, Rows

_SWEEPS: Final = 12
_WORK: Final = 60_000
"""Links that all sweeps together may look at: a dense drawing, which no order would make readable, gets few."""

_SIDE: Final = 0.4
"""Where a link meets an item at its side, in places: right of its middle, left of the next item."""


def ordered(rows: Rows) -> list[list[int]]:
    """Return the items of each row from left to right: the best of a few sweeps down and up."""
    order = [list(row) for row in rows.rows]
    place = [0.0] * len(rows.items)
    for row in order:
        _number(row, place)
    best, crossings = order, _crossings(rows, order, place)
    for sweep in range(max(1, min(_SWEEPS, _WORK // max(len(rows.links), 1)))):
        if crossings == 0:
            break
        order = _swept(rows, order, place, down=sweep % 2 == 0)
        count = _crossings(rows, order, place)
        if count < crossings:
            best, crossings = order, count
    return best


def _swept(rows: Rows, order: list[list[int]], place: list[float], *, down: bool) -> list[list[int]]:
    """Return *order* with each row sorted by the middles of the neighbours in the row before it, and update *place*."""
    swept = [list(row) for row in order]
    for row in swept if down else reversed(swept):
        middle = {item: _middle(item, rows.above[item] if down else rows.below[item], place) for item in row}
        row.sort(key=middle.__getitem__)
        _number(row, place)
    return swept


def _middle(item: int, links: Sequence[Link], place: Sequence[float]) -> float:
    if not links:
        return place[item]
    return sum(_lower_end(link, place) if link.upper == item else _upper_end(link, place) for link in links) / len(
        links
    )


def _upper_end(link: Link, place: Sequence[float]) -> float:
    return place[link.upper] + (_SIDE if link.upper_shift else 0.0)


def _lower_end(link: Link, place: Sequence[float]) -> float:
    return place[link.lower] + (_SIDE if link.lower_shift else 0.0)


def _crossings(rows: Rows, order: Sequence[Sequence[int]], place: Sequence[float]) -> int:
    """Return how many pairs of links cross; with very many links, just how many links there are."""
    if len(rows.links) > _WORK // 3:
        return len(rows.links)
    crossings = 0
    for row in order:
        lines = sorted((_upper_end(k, place), _lower_end(k, place)) for item in row for k in rows.below[item])
        seen: list[float] = []
        for _, lower in lines:
            after = bisect_right(seen, lower)
            crossings += len(seen) - after
            seen.insert(after, lower)
    return crossings


def _number(row: Sequence[int], place: list[float]) -> None:
    for index, item in enumerate(row):
        place[item] = float(index)
