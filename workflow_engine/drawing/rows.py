"""The rows of a drawing: what stands in each layer from left to right, and the lines from one row to the next."""

from collections.abc import Sequence

import msgspec


class Item(msgspec.Struct, frozen=True):
    """What takes up room in a row: a node, or a line that passes.

    Attributes:
        layer: the row.
        left: pixels that it takes up to the left of its anchor.
        right: pixels that it takes up to the right of it.
        passing: whether it is a line.
    """

    layer: int
    left: int
    right: int
    passing: bool = False


class Link(msgspec.Struct, frozen=True):
    """A line from an item to one in the next row; items are numbers.

    Attributes:
        upper: the item above.
        lower: the item below.
        upper_shift: pixels from the anchor of the item above to the point where the line meets it.
        lower_shift: the same below.
        weight: how much it counts that the line is straight.
    """

    upper: int
    lower: int
    upper_shift: int = 0
    lower_shift: int = 0
    weight: float = 1.0


class Rows:
    """Items and links, by number and by row.

    Attributes:
        items: all of them.
        links: all of them.
        above: for each item the links to the row above.
        below: for each item the links to the row below.
        rows: the numbers of the items of each row, in the order of the items.
    """

    def __init__(self, items: Sequence[Item], links: Sequence[Link]) -> None:
        self.items = items
        self.links = links
        self.above: list[list[Link]] = [[] for _ in items]
        self.below: list[list[Link]] = [[] for _ in items]
        for link in links:
            self.below[link.upper].append(link)
            self.above[link.lower].append(link)
        self.rows: list[list[int]] = [[] for _ in range(max((item.layer for item in items), default=-1) + 1)]
        for number, item in enumerate(items):
            self.rows[item.layer].append(number)
