"""The outlines of a drawing's nodes and lines, as SVG."""

from collections.abc import Sequence
from typing import Final

from workflow_engine.drawing.geometry import Box, Point
from workflow_engine.drawing.picture import NodeKind

STACK: Final = 4
"""How far the nodes of a stack show below each other."""

_ROUND: Final = 8  # radius of corners
_CUT: Final = 14  # how far a gate's sides are cut off


def route(points: Sequence[Point]) -> str:
    """Return the path through *points*: straight up, down and aside with round corners, else a swing."""
    parts = [f"M{points[0].x} {points[0].y}"]
    for before, point, after in zip(points, points[1:], (*points[2:], None), strict=False):
        if before.x != point.x and before.y != point.y:
            middle = (before.y + point.y) // 2
            parts.append(f"C{before.x} {middle} {point.x} {middle} {point.x} {point.y}")
        elif after is not None and _turns(before, point, after):
            parts.append(_corner(before, point, after))
        else:
            parts.append(f"L{point.x} {point.y}")
    return "".join(parts)


def head(points: Sequence[Point]) -> str:
    """Return the head of an arrow along *points*: it comes to a node from above, or from one of its sides."""
    tip, before = points[-1], points[-2]
    aside = "l8-4.5v9Z" if before.x > tip.x else "l-8-4.5v9Z"
    shape = aside if before.y == tip.y else "l-4.5-8h9Z"
    return f'<path class="head" d="M{tip.x} {tip.y}{shape}"/>'


def diamond(points: Sequence[Point]) -> str:
    """Return the sign of a choice, where a line begins that leads along *points*."""
    first, aside = points[0], points[0].y == points[1].y
    shape = "l5-4 5 4-5 4Z" if aside else "l4 5-4 5-4-5Z"
    return f'<path class="head" d="M{first.x} {first.y}{shape}"/>'


def outline(box: Box) -> str:
    """Return the outline of a node: its shape says what it is, a stack that it is done for many items."""
    if not box.node.many:
        return _shape(box.node.kind, box.x, box.y, box.width, box.height)
    width, height = box.width - 2 * STACK, box.height - 2 * STACK
    return "".join(
        _shape(box.node.kind, box.x + shift, box.y + shift, width, height) for shift in (2 * STACK, STACK, 0)
    )


def _shape(kind: NodeKind, x: int, y: int, width: int, height: int) -> str:
    if kind is NodeKind.GATE:
        waist, side = height // 2, width - 2 * _CUT
        cut = f"M{x} {y + waist}l{_CUT}-{waist}h{side}l{_CUT} {waist}-{_CUT} {waist}h-{side}Z"
        return f'<path class="body" d="{cut}"/>'
    radius = height // 2 if kind is NodeKind.HUMAN else _ROUND
    body = f'<rect class="body" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}"/>'
    if kind is NodeKind.WORKFLOW:
        body += f'<path class="body" d="M{x + 6} {y}v{height}M{x + width - 6} {y}v{height}"/>'
    return body


def _turns(before: Point, point: Point, after: Point) -> bool:
    return (before.x == point.x) != (point.x == after.x) and (point.x == after.x or point.y == after.y)


def _corner(before: Point, point: Point, after: Point) -> str:
    enter, leave = _towards(point, before), _towards(point, after)
    return f"L{enter.x} {enter.y}Q{point.x} {point.y} {leave.x} {leave.y}"


def _towards(point: Point, other: Point) -> Point:
    """Return the place on the straight line from *point* to *other* where a round corner at *point* begins."""
    across, down = other.x - point.x, other.y - point.y
    x = min(_ROUND, abs(across) // 2) * (1 if across > 0 else -1)
    y = min(_ROUND, abs(down) // 2) * (1 if down > 0 else -1)
    return Point(point.x + x, point.y + y)
