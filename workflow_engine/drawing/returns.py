"""Ways back that were taken: how often work was sent back, at the edge that it went."""

from collections.abc import Mapping

import msgspec

from workflow_engine.drawing.picture import EdgeKind, Picture


def with_returns(picture: Picture, counts: Mapping[str, int]) -> Picture:
    """Return *picture* with what happened as the labels of its ways back.

    Args:
        picture: of a workflow.
        counts: how often a phase has sent work back, by its id; where that is never, the label stays.
    """
    edges = tuple(
        msgspec.structs.replace(edge, label=f"{_said(counts[edge.source])}, {_bound(edge.label)}")
        if edge.kind is EdgeKind.FEEDBACK and counts.get(edge.source)
        else edge
        for edge in picture.edges
    )
    return msgspec.structs.replace(picture, edges=edges)


def _said(count: int) -> str:
    return f"sent back {({1: 'once', 2: 'twice'}).get(count, f'{count:,} times')}"


def _bound(label: str) -> str:
    """Return how often that may happen, as a drawing says it where it has not happened yet."""
    return f"of {label}" if label.startswith("at most") else label
