"""Layers of a drawing: every node below all that lead to it, once the ways back are set aside."""

from collections.abc import Sequence
from math import isqrt
from typing import Final

_ROW: Final = 16
"""Nodes that a layer of a small drawing may have."""


def layers(count: int, edges: Sequence[tuple[int, int]], first: Sequence[int]) -> tuple[list[int], list[bool]]:
    """Return the layer of each of *count* nodes, from 0 at the top, and for each of *edges* whether it leads back.

    Nodes are numbers.  The ways back are those that a walk in depth finds which begins with the nodes of *first*; an
    edge from a node to itself is one.  The layer of a node is the length of the longest way to it.
    """
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, (source, _) in enumerate(edges):
        leaving[source].append(number)
    back = [False] * len(edges)
    finished = _walk(edges, leaving, [*first, *range(count)], back)
    layer = [0] * count
    for node in reversed(finished):
        for number in leaving[node]:
            if not back[number]:
                target = edges[number][1]
                layer[target] = max(layer[target], layer[node] + 1)
    return layer, back


def narrowed(layer: Sequence[int]) -> list[int]:
    """Return *layer* with every layer of very many nodes broken into several, one below the other.

    A thousand nodes that wait for one are no row that anybody can read.
    """
    longest = max(_ROW, 2 * isqrt(len(layer)))
    members: dict[int, list[int]] = {}
    for node, number in enumerate(layer):
        members.setdefault(number, []).append(node)
    narrow, top = [0] * len(layer), 0
    for number in sorted(members):
        for index, node in enumerate(members[number]):
            narrow[node] = top + index // longest
        top += -(-len(members[number]) // longest)
    return narrow


def _walk(
    edges: Sequence[tuple[int, int]], leaving: Sequence[Sequence[int]], first: Sequence[int], back: list[bool]
) -> list[int]:
    """Walk in depth, mark the edges that lead *back*, and return the nodes in the order they were finished."""
    entered, left = [False] * len(leaving), [False] * len(leaving)
    finished: list[int] = []
    for start in first:
        if entered[start]:
            continue
        entered[start] = True
        stack = [(start, iter(leaving[start]))]  # no recursion: a chain may be longer than Python's stack
        while stack:
            node, rest = stack[-1]
            number = next(rest, None)
            if number is None:
                stack.pop()
                left[node] = True
                finished.append(node)
            elif not entered[target := edges[number][1]]:
                entered[target] = True
                stack.append((target, iter(leaving[target])))
            else:
                back[number] = not left[target]
    return finished
