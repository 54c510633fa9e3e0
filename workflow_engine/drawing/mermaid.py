"""A drawing as the text of a Mermaid flowchart, for READMEs, wikis and issues that render it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from workflow_engine.drawing import text
from workflow_engine.drawing.picture import Edge, EdgeKind, Node, NodeKind, Picture

_SHAPES: Final[Mapping[NodeKind, tuple[str, str]]] = {
    NodeKind.HUMAN: ("([", "])"),
    NodeKind.GATE: ("{{", "}}"),
    NodeKind.WORKFLOW: ("[[", "]]"),
    NodeKind.TRANSFORM: ("[/", "/]"),
}
"""What stands around the label of a node, which is its shape; a rounded box for all others."""

_ARROWS: Final[Mapping[EdgeKind, str]] = {EdgeKind.FORWARD: "-->", EdgeKind.CHOICE: "-->", EdgeKind.FEEDBACK: "-.->"}


def mermaid(picture: Picture) -> str:
    """Return *picture* as a flowchart.  Nodes have the names n0, n1 and so on, so a phase may have any id.

    Mermaid itself refuses drawings of more than 500 edges or 50,000 characters unless its host allows more.
    """
    names = {node.id: f"n{index}" for index, node in enumerate(picture.nodes)}
    return "\n".join(("flowchart TD", *(f"    {line}" for line in _lines(picture, names)))) + "\n"


def _lines(picture: Picture, names: Mapping[str, str]) -> Iterator[str]:
    yield "start((start))"
    yield from (_node(node, names[node.id]) for node in picture.nodes)
    yield "finish(((end)))"
    yield from (f"start --> {names[first]}" for first in picture.starts)
    yield from (_edge(edge, names) for edge in picture.edges)
    yield from (f"{names[last]} --> finish" for last in picture.ends)


def _node(node: Node, name: str) -> str:
    before, after = _SHAPES.get(node.kind, ("(", ")"))
    return f'{name}{before}"{_quoted(node.label)}<br/><small>{_quoted(text.small(node))}</small>"{after}'


def _edge(edge: Edge, names: Mapping[str, str]) -> str:
    label = f'|"{_quoted(edge.label)}"|' if edge.label else ""
    return f"{names[edge.source]} {_ARROWS[edge.kind]}{label} {names[edge.target]}"


def _quoted(words: str) -> str:
    """Return *words* for a quoted label: what Mermaid, Markdown or HTML might take for markup as numeric entities."""
    line = re.sub(r"\$(?=\$)", "$\u200b", " ".join(text.clean(words).split()))  # two dollars would begin a formula
    return "".join(
        character if character.isalnum() or character in _PLAIN else f"#{ord(character)};" for character in line
    )


_PLAIN: Final = frozenset(" ,.:-·…")
