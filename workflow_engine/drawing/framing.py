"""The frame of a drawing: everything moved to where the frame begins, and how large it is."""

from collections.abc import Iterator, Sequence
from typing import Final

from workflow_engine.drawing import text
from workflow_engine.drawing.geometry import Box, Layout, Line, Point

MARGIN: Final = 24
"""Pixels that are left free around a drawing."""


def framed(boxes: Sequence[Box], lines: Sequence[Line], start: Point, ends: Sequence[Point]) -> Layout:
    """Return a layout of things that have places from anywhere: marks for start and end, nodes, edges."""
    corners = [*_corners(boxes, lines), *ends, start]
    left, top = min(point.x for point in corners) - MARGIN, min(point.y for point in corners) - MARGIN
    right, bottom = max(point.x for point in corners) + MARGIN, max(point.y for point in corners) + MARGIN

    def moved(point: Point) -> Point:
        return Point(point.x - left, point.y - top)

    return Layout(
        right - left,
        bottom - top,
        tuple(Box(box.node, box.x - left, box.y - top, box.width) for box in boxes),
        tuple(
            Line(line.edge, tuple(moved(point) for point in line.points), moved(line.label) if line.label else None)
            for line in lines
        ),
        moved(start),
        tuple(moved(end) for end in ends),
    )


def label_width(label: str) -> int:
    """Return how wide the label of an edge is, in pixels."""
    return int(max(text.width(line, text.SMALL) for line in text.label_lines(label)))


def _corners(boxes: Sequence[Box], lines: Sequence[Line]) -> Iterator[Point]:
    for box in boxes:
        yield Point(box.x, box.y)
        yield Point(box.x + box.width, box.y + box.height)
    for line in lines:
        yield from line.points
        if line.label is not None:
            yield Point(line.label.x + label_width(line.edge.label), line.label.y)
