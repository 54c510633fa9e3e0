"""Where everything stands in a drawing, as data.  All numbers are pixels, from the left and from the top."""

from typing import Final

import msgspec

from workflow_engine.drawing.picture import Edge, Node

HEIGHT: Final = 52
"""From the top of a node to its bottom."""


class Point(msgspec.Struct, frozen=True):
    """A place."""

    x: int
    y: int


class Box(msgspec.Struct, frozen=True):
    """Where a node stands: *x* and *y* are of its left upper corner."""

    node: Node
    x: int
    y: int
    width: int
    height: int = HEIGHT

    @property
    def middle(self) -> int:
        """The x of its middle."""
        return self.x + self.width // 2


class Line(msgspec.Struct, frozen=True):
    """How an edge runs.

    Attributes:
        edge: what is drawn.
        points: the places it passes; between two that are neither above nor beside each other it swings.
        label: where its label begins, None where it has none.
    """

    edge: Edge
    points: tuple[Point, ...]
    label: Point | None = None


class Layout(msgspec.Struct, frozen=True):
    """A picture with a place for everything.

    Attributes:
        width: of the whole.
        height: of the whole.
        boxes: of the nodes, in their order.
        lines: of the edges, in their order.
        start: middle of the mark where a task begins, above the first nodes.
        ends: middles of the marks where it ends, one below each last node.
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    start: Point
    ends: tuple[Point, ...]
