"""What two sequences have in common, found at bounded cost."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple


class Same(NamedTuple):
    """A stretch that both sequences have: *length* items from *old* in the one and from *new* in the other."""

    old: int
    new: int
    length: int


class Budget:
    """Steps that a comparison may take; a hostile pair of texts would take hours."""

    def __init__(self, steps: int) -> None:
        self.left = steps


def in_common(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[Same] | None:
    """Return the stretches that a shortest script of edits keeps, in order; None if the budget does not suffice.

    The greedy algorithm of E. Myers, "An O(ND) difference algorithm and its variations" (1986): its cost grows with the
    difference, so what changed little is compared quickly however long it is.
    """
    numbers: dict[str, int] = {}
    one = [numbers.setdefault(item, len(numbers)) for item in old]  # so that long items are compared once
    other = [numbers.setdefault(item, len(numbers)) for item in new]
    begin = _same_from(one, other)
    end = _same_from(one[begin:][::-1], other[begin:][::-1])
    inner = _script(one[begin : len(one) - end], other[begin : len(other) - end], budget)
    if inner is None:
        return None
    found = [Same(0, 0, begin)]
    found += [Same(same.old + begin, same.new + begin, same.length) for same in inner]
    found.append(Same(len(one) - end, len(other) - end, end))
    return [same for same in found if same.length]


def _same_from(old: Sequence[int], new: Sequence[int]) -> int:
    """Return how many items at the beginning are the same."""
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return place
    return min(len(old), len(new))


def _script(old: Sequence[int], new: Sequence[int], budget: Budget) -> list[Same] | None:
    """Return what the shortest script keeps.

    A diagonal is a place in *old* minus a place in *new*; after some number of edits only every second one from minus
    to plus that number can be reached, and `reached` has for each how far in *old* the best way on it has come.
    """
    if not old or not new:
        return []
    reached: list[int] = []
    ways: list[list[int]] = []
    for edits in range(len(old) + len(new) + 1):
        ways.append(reached)
        budget.left -= edits + 1
        if budget.left < 0:
            return None
        further: list[int] = []
        for index in range(edits + 1):
            x = start = _next(reached, index, edits)
            y = x - (2 * index - edits)
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            budget.left -= x - start
            further.append(x)
            if x >= len(old) and y >= len(new):
                return _kept(ways, len(old), len(new))
        reached = further
    raise AssertionError("a script of all removals and additions always leads to the end")


def _down(reached: list[int], index: int, edits: int) -> bool:
    """Return whether the best way to a diagonal comes by an addition, not by a removal."""
    return index == 0 or (index != edits and reached[index - 1] < reached[index])


def _next(reached: list[int], index: int, edits: int) -> int:
    """Return where on a diagonal the next edit leads."""
    if edits == 0:
        return 0
    return reached[index] if _down(reached, index, edits) else reached[index - 1] + 1


def _kept(ways: list[list[int]], x: int, y: int) -> list[Same]:
    """Return the stretches that are kept on the way back from the end: one before each edit, where there is one."""
    found: list[Same] = []
    for edits in range(len(ways) - 1, -1, -1):
        index = (x - y + edits) // 2
        begin = _next(ways[edits], index, edits)
        if x > begin:
            found.append(Same(begin, begin - (x - y), x - begin))
        y -= x - begin
        x = begin
        if edits and _down(ways[edits], index, edits):
            y -= 1
        elif edits:
            x -= 1
    return found[::-1]


def anchors(old: Sequence[str], new: Sequence[str]) -> list[Same]:
    """Return items that both sequences have exactly once, as many as stand in the same order in both.

    Not the shortest script, but found in the time that sorting takes, however much differs.
    """
    places = {item: place for place, item in enumerate(new)}
    alone, other = Counter(old), Counter(new)
    pairs = [(place, places[item]) for place, item in enumerate(old) if alone[item] == 1 and other.get(item) == 1]
    ends: list[int] = []  # place in new of the last item of the best chain of each length
    chains: list[tuple[tuple[int, int], int]] = []  # each pair, and which one is before it in its chain
    last: list[int] = []
    for pair in pairs:
        length = bisect_left(ends, pair[1])
        chains.append((pair, last[length - 1] if length else -1))
        ends[length : length + 1] = [pair[1]]
        last[length : length + 1] = [len(chains) - 1]
    found: list[Same] = []
    at = last[-1] if last else -1
    while at >= 0:
        (place, counterpart), at = chains[at]
        found.append(Same(place, counterpart, 1))
    return found[::-1]
