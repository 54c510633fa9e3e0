"""The places within the rows of a drawing: each item as near to its neighbours above and below as the row allows."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from workflow_engine.drawing.rows import Item, Link, Rows

GAP: Final = 32
"""Pixels between two nodes of a row; half of it beside a line that passes."""

_SWEEPS: Final = 10  # in turns down and up, then as many that look both ways
_STAY: Final = 0.05  # how much it counts that an item with no neighbour stays where it is


def placed(rows: Rows, order: Sequence[Sequence[int]], chains: Sequence[Sequence[int]]) -> list[int]:
    """Return the x of each item's anchor, in pixels from anywhere, for rows in this *order*.

    Each of *chains* is the places of one passing line, from the top; it is straight as far as there is room.
    """
    x = [0.0] * len(rows.items)
    offsets = [_offsets([rows.items[item] for item in row]) for row in order]
    for row, offset in zip(order, offsets, strict=True):
        for item, value in zip(row, offset, strict=True):
            x[item] = value - offset[-1] / 2
    for sweep in range(2 * _SWEEPS):
        down, both = sweep % 2 == 0, sweep >= _SWEEPS
        for index in range(len(order)) if down else reversed(range(len(order))):
            row = order[index]
            above, below = down or both, both or not down
            wishes = [
                _wish(item, [*(rows.above[item] if above else ()), *(rows.below[item] if below else ())], x)
                for item in row
            ]
            for item, value in zip(row, _settled(wishes, offsets[index]), strict=True):
                x[item] = value
    # All rounded alike, so that whole distances stay; what is about a whole or a half pixel is not torn apart.
    whole = [int((value + 0.3) // 1) for value in x]
    _straighten(rows, order, chains, whole)
    return whole


def _offsets(row: Sequence[Item]) -> list[float]:
    """Return the anchors of items that stand as close together as they may, the first at 0."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + _distance(left, right))
    return offsets


def _distance(left: Item, right: Item) -> int:
    """Return how far apart the anchors of two neighbours are at least."""
    return left.right + (GAP // 2 if left.passing or right.passing else GAP) + right.left


def _wish(item: int, links: Sequence[Link], x: Sequence[float]) -> tuple[float, float]:
    """Return where *item* would stand best for the sake of *links*, and how much that counts."""
    total = heaviness = 0.0
    for link in links:
        shift = link.upper_shift - link.lower_shift
        goal = x[link.lower] - shift if link.upper == item else x[link.upper] + shift
        total += link.weight * goal
        heaviness += link.weight
    return (total / heaviness, heaviness) if links else (x[item], _STAY)


def _settled(wishes: Sequence[tuple[float, float]], offsets: Sequence[float]) -> list[float]:
    """Return the places nearest to the *wishes*, by weighted squares, in which neighbours keep their distance.

    Less the offsets, places must not decrease: an isotonic regression, solved by pooling adjacent violators.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, items
    for (wish, weight), offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, heaviness, items = blocks.pop()
            mean = (before * heaviness + mean * weight) / (heaviness + weight)
            weight, count = weight + heaviness, count + items
        blocks.append((mean, weight, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _straighten(rows: Rows, order: Sequence[Sequence[int]], chains: Sequence[Sequence[int]], x: list[int]) -> None:
    """Put the places of each chain below each other, in runs as long as their neighbours allow."""
    left_of, right_of = _neighbours(order)
    for chain in chains:
        run: list[int] = []
        low, high = -_ANYWHERE, _ANYWHERE
        for place in chain:
            left, right = left_of.get(place), right_of.get(place)
            least = -_ANYWHERE if left is None else x[left] + _distance(rows.items[left], rows.items[place])
            most = _ANYWHERE if right is None else x[right] - _distance(rows.items[place], rows.items[right])
            if max(low, least) > min(high, most):
                _line_up(run, low, high, x)
                run, low, high = [], -_ANYWHERE, _ANYWHERE
            run.append(place)
            low, high = max(low, least), min(high, most)
        _line_up(run, low, high, x)


_ANYWHERE: Final = 1 << 40


def _neighbours(order: Sequence[Sequence[int]]) -> tuple[dict[int, int], dict[int, int]]:
    pairs = [pair for row in order for pair in pairwise(row)]
    return {right: left for left, right in pairs}, dict(pairs)


def _line_up(run: Sequence[int], low: int, high: int, x: list[int]) -> None:
    if run:
        middle = sorted(x[place] for place in run)[len(run) // 2]
        for place in run:
            x[place] = min(max(middle, low), high)
