"""Placing: where in the text of a file a problem of its workflow is."""

import re
from typing import Final

from workflow_engine.spec.files.diagnostics import Diagnostic, Source
from workflow_engine.spec.files.nodes import MappingNode, Node, ScalarNode, Span, reached
from workflow_engine.spec.problems import Problem

_CHARACTER: Final = {  # how one character of a text is written, by the style of the text
    "": re.compile("."),
    "'": re.compile("''|."),
    '"': re.compile(r"\\(?:x..|u....|U.{8}|.)|."),
}


def placed(problem: Problem, root: Node, source: Source) -> Diagnostic:
    """Return *problem* as a diagnostic at the nearest place that the file has."""
    _, node = reached(root, problem.place)
    if problem.at_key and problem.place:
        _, parent = reached(root, problem.place[:-1])
        if isinstance(parent, MappingNode) and problem.place[-1] in parent.entries:
            return source.diagnostic(problem.fact, parent.entries[str(problem.place[-1])].key.span)
    return source.diagnostic(problem.fact, inside(node, problem.within, source))


def inside(node: Node, within: tuple[int, int] | None, source: Source) -> Span:
    """Return the place of line and column *within* the text of *node*, where its style tells; else that of *node*."""
    if within is None or not isinstance(node, ScalarNode) or node.span.line >= len(source.lines):
        return node.span
    found = _in_block(node, within, source) if node.style == "|" else _in_line(node, within, source)
    return node.span if found is None else Span(found[0], found[1], found[0], found[1] + 1)


def _in_block(node: ScalarNode, within: tuple[int, int], source: Source) -> tuple[int, int] | None:
    first, line = node.span.line + 1, node.span.line + 1 + within[0]
    written, meant = source.lines[first:], node.text.split("\n")
    if line >= len(source.lines):
        return None
    for text, wanted in zip(written, meant, strict=False):
        if wanted.strip():
            return line, len(text) - len(wanted) + within[1]  # what is left of the text is its indentation
    return None


def _in_line(node: ScalarNode, within: tuple[int, int], source: Source) -> tuple[int, int] | None:
    span, pattern = node.span, _CHARACTER.get(node.style)
    if pattern is None or span.line != span.end_line or within[0] != 0:
        return None
    written = source.lines[span.line][span.column : span.end_column]
    start = len(node.style)
    if written[:start] != node.style or (
        not node.style and written != node.text
    ):  # an anchor or a tag stands before it
        return None
    for _ in range(within[1]):
        character = pattern.match(written, start)
        if character is None:
            return None
        start = character.end()
    return span.line, span.column + start
