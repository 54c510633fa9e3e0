"""The routes of the lines of a drawing, once the nodes and the passing lines have their places."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from workflow_engine.drawing.geometry import HEIGHT, Box, Line, Point
from workflow_engine.drawing.picture import Edge
from workflow_engine.drawing.strands import Strand, Weave

LANE: Final = 14
"""From one lane at the side of a node to the next, and to the labels after the last."""

FIRST_LANE: Final = 20
"""From the side of a node to its first lane."""

_OVER: Final = 14  # from the top of a row up to a line between two nodes of the row


def lane(box_width: int, index: int) -> int:
    """Return the distance from the middle of a node to a lane at its side."""
    return box_width // 2 + FIRST_LANE + LANE * index


class Routes(msgspec.Struct, frozen=True):
    """What a route is made of.

    Attributes:
        woven: the strands.
        boxes: of the nodes.
        x: of every place in a row, nodes included.
        tops: y of the rows.
    """

    woven: Weave
    boxes: Sequence[Box]
    x: Sequence[int]
    tops: Sequence[int]

    def line(self, edge: Edge, strand: Strand) -> Line:
        """Return how *edge* runs as *strand*."""
        points = tuple(self._aside(strand) if strand.side else self._down(strand))
        if strand.up:
            points = points[::-1]
        return Line(edge, points, self._label(strand, points) if edge.label else None)

    def _down(self, strand: Strand) -> Iterator[Point]:
        upper, lower = self.boxes[strand.upper], self.boxes[strand.lower]
        yield Point(upper.middle, upper.y + HEIGHT)
        yield from self._passing(strand)
        yield Point(lower.middle, lower.y)

    def _aside(self, strand: Strand) -> Iterator[Point]:
        upper, lower = self.boxes[strand.upper], self.boxes[strand.lower]
        upper_x = upper.middle + lane(upper.width, strand.upper_lane)
        lower_x = lower.middle + lane(lower.width, strand.lower_lane)
        level = upper is not lower and upper.y == lower.y
        upper_y = self._door(strand.upper, strand.upper_lane, above=level)
        lower_y = self._door(strand.lower, strand.lower_lane, above=True)
        yield Point(upper.x + upper.width, upper_y)
        yield Point(upper_x, upper_y)
        if level:
            yield Point(upper_x, upper.y - _OVER)
            yield Point(lower_x, lower.y - _OVER)
        elif upper is not lower:
            yield Point(upper_x, upper.y + HEIGHT)
            yield from self._passing(strand)
            yield Point(lower_x, lower.y)
        yield Point(lower_x, lower_y)
        yield Point(lower.x + lower.width, lower_y)

    def _passing(self, strand: Strand) -> Iterator[Point]:
        for layer, place in enumerate(strand.passing, self.woven.layer[strand.upper] + 1):
            yield Point(self.x[place], self.tops[layer])
            yield Point(self.x[place], self.tops[layer] + HEIGHT)

    def _door(self, node: int, index: int, *, above: bool) -> int:
        """Return the y at which a lane leaves a node: lanes that lead up above the middle, and none crosses another."""
        box, (up, down) = self.boxes[node], self.woven.lanes[node]
        half = HEIGHT // 2
        if above:
            return box.y + half * (index + 1) // (up + 1)
        return box.y + HEIGHT - half * (index + 1) // (down + 1)

    def _label(self, strand: Strand, points: Sequence[Point]) -> Point:
        """Return where a label begins: right of the lanes of the source, or beside the last bend before the target."""
        if strand.side:
            source = strand.lower if strand.up else strand.upper
            box = self.boxes[source]
            return Point(box.middle + lane(box.width, max(self.woven.lanes[source])) - LANE // 2, points[0].y)
        before, target = points[-2], points[-1]
        return Point(before.x + (target.x - before.x) * 4 // 5 + 6, before.y + (target.y - before.y) * 2 // 3)
