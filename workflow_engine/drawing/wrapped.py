"""The layout of a sequence: rows from left to right, as a text is written; ways back and jumps run above the rows."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from workflow_engine.drawing import text
from workflow_engine.drawing.framing import framed, label_width
from workflow_engine.drawing.geometry import HEIGHT, Box, Layout, Line, Point
from workflow_engine.drawing.layout import box_width, layout
from workflow_engine.drawing.picture import Edge, EdgeKind, Picture

COLUMNS: Final = 4
"""Nodes of a row, unless told otherwise."""

JUMPS_MAX: Final = 8
"""Lines that may run above one row; a drawing with more is easier to read from top to bottom."""

_ACROSS: Final = 48  # between two nodes of a row
_DOWN: Final = 44  # between two rows above which no line runs
_TURN: Final = 20  # from the side of a row to where a line turns down to the next
_LIFT: Final = 20  # from the top of a row to the first line above it
_LANE: Final = 14  # between two lines at the right of all rows
_MARK: Final = 44  # from the first node to the middle of the start, from the last one to that of the end
_ON: Final = 9  # from a line up to the middle of the text that stands on it
_LINE: Final = 14  # height of a line of a label


def wrapped(picture: Picture, columns: int = COLUMNS) -> Layout | None:
    """Return a place for everything in *picture*, rows of *columns* nodes from left to right.

    None where its phases do not follow one another, or where so much leads back and forth that rows would hide it.
    """
    jumps = _jumps(picture)
    if jumps is None:
        return None
    grid = _Grid(picture, columns, jumps)
    if any(len(lanes) > JUMPS_MAX for lanes in grid.above):
        return None
    lines = [grid.line(index, edge) for index, edge in enumerate(picture.edges)]
    first, last = grid.boxes[0], grid.boxes[-1]
    ends = {last.node.id: Point(last.x + last.width + _MARK, last.y + HEIGHT // 2)}
    for end in picture.ends[:-1]:  # ends within the sequence lie below their nodes
        box = grid.boxes[grid.place[end]]
        ends[end] = Point(box.middle, box.y + HEIGHT + _LIFT)
    start = Point(first.x - _MARK, first.y + HEIGHT // 2)
    return framed(grid.boxes, lines, start, [ends[end] for end in picture.ends])


def fitting(picture: Picture, columns: int = COLUMNS) -> Layout:
    """Return the layout that is easiest to read: rows for a sequence, from top to bottom for all else."""
    return wrapped(picture, columns) or layout(picture)


def _jumps(picture: Picture) -> dict[int, tuple[int, int]] | None:
    """Return source and target of the edges that do not lead to the next node, by number; None for no sequence."""
    place = {node.id: index for index, node in enumerate(picture.nodes)}
    pairs = [(place[edge.source], place[edge.target]) for edge in picture.edges]
    steps = {pair for pair, edge in zip(pairs, picture.edges, strict=True) if edge.kind is not EdgeKind.FEEDBACK}
    last = len(picture.nodes) - 1
    if picture.starts != (picture.nodes[0].id,) or picture.nodes[last].id != (picture.ends or ("",))[-1]:
        return None
    if any((index, index + 1) not in steps for index in range(last)):
        return None
    return {number: pair for number, pair in enumerate(pairs) if pair[1] != pair[0] + 1 or _back(picture, number)}


def _back(picture: Picture, number: int) -> bool:
    return picture.edges[number].kind is EdgeKind.FEEDBACK


class _Door(msgspec.Struct, frozen=True):
    """Where a line meets the top of a node: the *index*-th of *count* doors."""

    index: int
    count: int

    def x(self, box: Box) -> int:
        """Return the pixel."""
        return box.x + box.width * (self.index + 1) // (self.count + 1)


class _Grid:
    """The places of nodes, and of the lines above the rows.

    Attributes:
        place: of each node in the sequence.
        above: for each row the numbers of the edges that run above it, the lowest first.
        boxes: of the nodes.
    """

    def __init__(self, picture: Picture, columns: int, jumps: Mapping[int, tuple[int, int]]) -> None:
        self.place = {node.id: index for index, node in enumerate(picture.nodes)}
        self._columns = columns
        self._jumps = jumps
        width = box_width(picture.nodes)
        rows = -(-len(picture.nodes) // columns)
        self._right = min(columns, len(picture.nodes)) * (width + _ACROSS) - _ACROSS
        self.above = self._lanes(rows)
        self._lane_height = _LINE * max((len(text.label_lines(picture.edges[n].label)) for n in jumps), default=1) + 4
        self._outside = {
            number: index
            for index, number in enumerate(n for n, (a, b) in jumps.items() if a // columns != b // columns)
        }
        tops = self._tops(rows)
        self.boxes = [
            Box(node, index % columns * (width + _ACROSS), tops[index // columns], width)
            for index, node in enumerate(picture.nodes)
        ]
        self._doors = dict(self._numbered_doors())

    def line(self, number: int, edge: Edge) -> Line:
        """Return how the edge of this *number* runs."""
        if number not in self._jumps:
            return Line(edge, tuple(self._onward(edge)), None)
        points = tuple(self._jump(number))
        return Line(edge, points, self._label(edge, points[1], points[2]) if edge.label else None)

    def _label(self, edge: Edge, begin: Point, end: Point) -> Point:
        """Return where a label begins that stands on the middle of a line above a row."""
        rows = len(text.label_lines(edge.label))
        left = (begin.x + end.x - label_width(edge.label)) // 2
        return Point(left, begin.y - _ON - _LINE // 2 * (rows - 1))

    def _lanes(self, rows: int) -> list[list[int]]:
        """Return for each row what runs above it: short lines lowest, so that few cross."""
        above: list[list[int]] = [[] for _ in range(rows)]
        for number, (source, target) in sorted(self._jumps.items(), key=lambda one: abs(one[1][0] - one[1][1])):
            for row in dict.fromkeys((source // self._columns, target // self._columns)):
                above[row].append(number)
        return above

    def _tops(self, rows: int) -> list[int]:
        tops: list[int] = []
        y = 0
        for row in range(rows):
            lanes = len(self.above[row])
            y += (_LIFT + lanes * self._lane_height if lanes else 0) + (_DOWN if row else 0)
            tops.append(y)
            y += HEIGHT
        return tops

    def _numbered_doors(self) -> Iterator[tuple[tuple[int, bool], _Door]]:
        """Yield the doors by edge and whether it is the source's: from left to right as the lines lead away."""
        ends: dict[int, list[tuple[int, int, bool]]] = {}
        for number, (source, target) in self._jumps.items():
            ends.setdefault(source, []).append((target - source, number, True))
            ends.setdefault(target, []).append((source - target, number, False))
        for found in ends.values():
            for index, (_, number, is_source) in enumerate(sorted(found)):
                yield (number, is_source), _Door(index, len(found))

    def _onward(self, edge: Edge) -> Iterator[Point]:
        source, target = self.boxes[self.place[edge.source]], self.boxes[self.place[edge.target]]
        right, middle = source.x + source.width, source.y + HEIGHT // 2
        yield Point(right, middle)
        if target.y != source.y:
            below = source.y + HEIGHT + _DOWN // 2
            yield Point(right + _TURN, middle)
            yield Point(right + _TURN, below)
            yield Point(target.x - _TURN, below)
            yield Point(target.x - _TURN, target.y + HEIGHT // 2)
        yield Point(target.x, target.y + HEIGHT // 2)

    def _jump(self, number: int) -> Iterator[Point]:
        source, target = (self.boxes[index] for index in self._jumps[number])
        start, end = self._doors[number, True].x(source), self._doors[number, False].x(target)
        yield Point(start, source.y)
        yield Point(start, self._level(number, source))
        if source.y != target.y:
            aside = self._right + 2 * _TURN + _LANE * self._outside[number]
            yield Point(aside, self._level(number, source))
            yield Point(aside, self._level(number, target))
        yield Point(end, self._level(number, target))
        yield Point(end, target.y)

    def _level(self, number: int, box: Box) -> int:
        """Return the y at which an edge runs above the row of *box*."""
        row = self.place[box.node.id] // self._columns
        return box.y - _LIFT - self._lane_height * self.above[row].index(number)
