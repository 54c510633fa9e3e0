"""Edges as strands: from the upper to the lower node, through every row between, in the middle or at the side."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from workflow_engine.drawing.layers import layers, narrowed
from workflow_engine.drawing.picture import EdgeKind, Picture

_PASSING: Final = 5_000
"""Places in rows that passing lines may take up in all; the longest lines beyond them run behind the nodes."""

_PASSING_ROW: Final = 100
"""Places that they may take up in one row."""

_REFUSED: Final = 1_000  # lines for which there was no room, after which none is looked for


class Strand(msgspec.Struct, frozen=True):
    """An edge between two nodes; nodes and places in rows are numbers, those of the places follow those of the nodes.

    Attributes:
        upper: the node in the upper row; the source where both are in one row.
        lower: the other node.
        up: whether it leads from the lower node to the upper one.
        side: whether it runs from side to side, as the ways back do, not from bottom to top.
        passing: its places in the rows between, from the top; empty also where there was no room for them.
        upper_lane: at the side, which lane of the upper node it takes; 0 is next to the node.
        lower_lane: the same at the lower node.
    """

    upper: int
    lower: int
    up: bool
    side: bool
    passing: range = range(0)
    upper_lane: int = 0
    lower_lane: int = 0


class Weave(msgspec.Struct, frozen=True):
    """All strands of a picture.

    Attributes:
        layer: of each node.
        strands: of the edges, in their order.
        lanes: for each node, how many lanes it has at its side, above its middle and below it.
    """

    layer: Sequence[int]
    strands: Sequence[Strand]
    lanes: Sequence[tuple[int, int]]


def weave(picture: Picture) -> Weave:
    """Return the strands of *picture*."""
    number = {node.id: index for index, node in enumerate(picture.nodes)}
    pairs = [(number[edge.source], number[edge.target]) for edge in picture.edges]
    rejects = [edge.kind is EdgeKind.FEEDBACK for edge in picture.edges]
    onward = [index for index, reject in enumerate(rejects) if not reject]
    first = [number[start] for start in picture.starts]
    layer, back = layers(len(picture.nodes), [pairs[index] for index in onward], first)
    layer = narrowed(layer)
    sides = rejects
    for index, leads_back in zip(onward, back, strict=True):
        sides[index] = leads_back
    strands = [_strand(pair, side, layer) for pair, side in zip(pairs, sides, strict=True)]
    return _in_lanes(layer, _threaded(strands, layer))


def _strand(pair: tuple[int, int], side: bool, layer: Sequence[int]) -> Strand:
    source, target = pair
    up = layer[source] > layer[target]
    return Strand(target, source, up, side) if up else Strand(source, target, up, side)


def _threaded(strands: list[Strand], layer: Sequence[int]) -> list[Strand]:
    """Return *strands* with their places in the rows between, the shortest first, while there is room."""
    used, refused = 0, 0
    taken = [0] * (max(layer) + 1)
    for index in _by_span(strands, range(len(strands)), layer):
        strand = strands[index]
        between = range(layer[strand.upper] + 1, layer[strand.lower])
        if used + len(between) > _PASSING or refused > _REFUSED:
            break
        if any(taken[row] == _PASSING_ROW for row in between):
            refused += 1
            continue
        for row in between:
            taken[row] += 1
        first = len(layer) + used
        strands[index] = msgspec.structs.replace(strand, passing=range(first, first + len(between)))
        used += len(between)
    return strands


def _in_lanes(layer: Sequence[int], strands: list[Strand]) -> Weave:
    """Give each strand at the side its lanes: at every node the shortest strand the inmost."""
    lanes = [(0, 0)] * len(layer)
    for index in _by_span(strands, (index for index, strand in enumerate(strands) if strand.side), layer):
        strand = strands[index]
        above, below = lanes[strand.upper]
        if strand.upper != strand.lower and layer[strand.upper] == layer[strand.lower]:  # over the top of the row
            upper_lane, lanes[strand.upper] = above, (above + 1, below)
        else:
            upper_lane, lanes[strand.upper] = below, (above, below + 1)
        above, below = lanes[strand.lower]
        lower_lane, lanes[strand.lower] = above, (above + 1, below)
        strands[index] = msgspec.structs.replace(strand, upper_lane=upper_lane, lower_lane=lower_lane)
    return Weave(layer, strands, lanes)


def _by_span(strands: Sequence[Strand], indexes: Iterable[int], layer: Sequence[int]) -> list[int]:
    """Return *indexes* by how many rows the strands cross, loops from a node to itself first."""

    def span(index: int) -> tuple[int, bool]:
        strand = strands[index]
        return layer[strand.lower] - layer[strand.upper], strand.upper != strand.lower

    return sorted(indexes, key=span)
