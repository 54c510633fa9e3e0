"""The layout of a drawing: layers from top to bottom, few crossings, ways back at the right sides of the nodes."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from workflow_engine.drawing import text
from workflow_engine.drawing.framing import framed, label_width
from workflow_engine.drawing.geometry import HEIGHT, Box, Layout, Line, Point
from workflow_engine.drawing.ordering import ordered
from workflow_engine.drawing.picture import Node, Picture
from workflow_engine.drawing.placing import placed
from workflow_engine.drawing.routes import Routes, lane
from workflow_engine.drawing.rows import Item, Link, Rows
from workflow_engine.drawing.strands import Strand, Weave, weave

_START: Final = 44  # from the middle of the start to the first row
_END: Final = 22  # from the bottom of a last node to the middle of its end
_PASSING: Final = 6  # half of what a passing line takes up
_STRAIGHT: Final = 8.0  # how much more it counts that a passing line is straight than that a node is in the middle
_ASIDE: Final = 0.0001  # how little the lines at the sides count, so that the ways onward are straight
_NARROWEST, _WIDEST = 200, 280
_COUNTED: Final = "1,000 of 1,000 done, 100 failed"  # what a task says at a node that is carried out for many items
_GAP, _GAP_MAX, _SLOPE = 44, 128, 12
"""Between two rows; wider where a line has far to go: a pixel down for each so many across."""


def layout(picture: Picture) -> Layout:
    """Return a place for everything in *picture*; the same for the same picture."""
    woven = weave(picture)
    width = box_width(picture.nodes)
    rows = Rows(*_rows(picture, woven, width))
    x = placed(rows, ordered(rows), [strand.passing for strand in woven.strands])
    tops = _tops(rows, x)
    boxes = [
        Box(node, x[index] - width // 2, tops[woven.layer[index]], width) for index, node in enumerate(picture.nodes)
    ]
    routes = Routes(woven, boxes, x, tops)
    lines = [routes.line(edge, strand) for edge, strand in zip(picture.edges, woven.strands, strict=True)]
    return _framed(picture, boxes, lines)


def box_width(nodes: Sequence[Node]) -> int:
    """Return how wide the nodes are, all alike: as the longest text asks, within bounds."""
    widest = max(max(text.width(node.label, text.LABEL), text.width(text.small(node), text.SMALL)) for node in nodes)
    if any(node.many for node in nodes):
        widest = max(widest, text.width(_COUNTED, text.SMALL))
    return min(max(int(widest) + text.INDENT + text.MARK, _NARROWEST), _WIDEST) // 2 * 2


def _rows(picture: Picture, woven: Weave, width: int) -> tuple[list[Item], list[Link]]:
    """Return what takes up room in the rows, the nodes first, and what links it."""
    items = [
        Item(layer, width // 2, width // 2 + reach)
        for layer, reach in zip(woven.layer, _reaches(picture, woven), strict=True)
    ]
    links: list[Link] = []
    passing: dict[int, Item] = {}
    for strand in woven.strands:
        for layer, place in enumerate(strand.passing, woven.layer[strand.upper] + 1):
            passing[place] = Item(layer, _PASSING, _PASSING, passing=True)
        links += _links(strand, woven.layer, width)
    return items + [passing[place] for place in sorted(passing)], links


def _reaches(picture: Picture, woven: Weave) -> list[int]:
    """Return for each node how far the lanes at its side and their labels reach beyond it."""
    reaches = [lane(0, max(lanes)) if any(lanes) else 0 for lanes in woven.lanes]
    labels = [0] * len(reaches)
    for edge, strand in zip(picture.edges, woven.strands, strict=True):
        if strand.side and edge.label:
            source = strand.lower if strand.up else strand.upper
            labels[source] = max(labels[source], label_width(edge.label))
    return [reach + label for reach, label in zip(reaches, labels, strict=True)]


def _links(strand: Strand, layer: Sequence[int], width: int) -> Iterator[Link]:
    """Yield the links of *strand*; none where it runs within a row, or behind the nodes."""
    chain = [strand.upper, *strand.passing, strand.lower]
    if layer[strand.lower] - layer[strand.upper] != len(chain) - 1:
        return
    for index, (upper, lower) in enumerate(pairwise(chain)):
        first, last = index == 0, index == len(chain) - 2
        weight = (1.0 if first or last else _STRAIGHT) * (_ASIDE if strand.side else 1.0)
        yield Link(
            upper,
            lower,
            lane(width, strand.upper_lane) if strand.side and first else 0,
            lane(width, strand.lower_lane) if strand.side and last else 0,
            weight,
        )


def _tops(rows: Rows, x: Sequence[int]) -> list[int]:
    """Return the y of each row."""
    far = [0] * len(rows.rows)
    for link in rows.links:
        across = abs(x[link.upper] + link.upper_shift - x[link.lower] - link.lower_shift)
        layer = rows.items[link.upper].layer
        far[layer] = max(far[layer], across)
    tops = [0]
    for across in far[:-1]:
        tops.append(tops[-1] + HEIGHT + min(_GAP + across // _SLOPE, _GAP_MAX))
    return tops


def _framed(picture: Picture, boxes: Sequence[Box], lines: Sequence[Line]) -> Layout:
    """Return everything in its frame, with the marks for start and end."""
    places = {box.node.id: box for box in boxes}
    firsts = [places[start].middle for start in picture.starts]
    start = Point(sum(firsts) // len(firsts), -_START)
    ends = [Point(places[end].middle, places[end].y + HEIGHT + _END) for end in picture.ends]
    return framed(boxes, lines, start, ends)
