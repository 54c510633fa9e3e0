"""Nodes: the values of a workflow file, each with its place in the text."""

from typing import Any, Literal, NamedTuple

import msgspec

from workflow_engine.spec.problems import Place

Plain = bool | int | float | str | None
"""What a scalar may stand for."""

Style = Literal["", "'", '"', "|", ">", "made"]
"""How a scalar is written: plain, quoted, as a block; ``"made"`` is not written but made by a translation."""


class Span(NamedTuple):
    """A piece of the text, its end excluded; lines and columns count from 0."""

    line: int
    column: int
    end_line: int
    end_column: int


class ScalarNode(msgspec.Struct, frozen=True):
    """One value.

    Attributes:
        span: where it is written.
        value: what it stands for.
        text: how it is written, without quotes: ``1.10`` for the number 1.1.
        style: how it is quoted.
    """

    span: Span
    value: Plain
    text: str
    style: Style = ""


class ListNode(msgspec.Struct, frozen=True):
    """Values in order."""

    span: Span
    items: tuple["Node", ...]


class Entry(NamedTuple):
    """One key of a mapping, and its value."""

    key: ScalarNode
    value: "Node"


class MappingNode(msgspec.Struct, frozen=True):
    """Values by key, in the order they are written."""

    span: Span
    entries: dict[str, Entry]


Node = ScalarNode | ListNode | MappingNode


def plain(node: Node) -> Any:
    """Return what *node* stands for, as JSON-like data."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


def reached(root: Node, place: Place) -> tuple[Place, Node]:
    """Return how far the file has *place*, and the node there.

    Parts that the file does not have are passed over: names that pydantic gives to the choices of a union, and keys
    that a shorthand stands for.
    """
    node, path = root, list[str | int]()
    for part in place:
        below = _below(node, part)
        if below is not None:
            node = below
            path.append(part)
    return tuple(path), node


def made(value: Any, at: Node) -> Node:
    """Return JSON-like data as a node whose every part has the place of *at*, the node it was made from."""
    if isinstance(value, list | tuple):
        return ListNode(at.span, tuple(made(item, at) for item in value))  # pyright: ignore[reportUnknownVariableType] - JSON
    if isinstance(value, dict):
        return mapping(at, {str(key): made(item, at) for key, item in value.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
    return ScalarNode(at.span, value, str(value), "made")


def mapping(at: Node, values: dict[str, Node]) -> MappingNode:
    """Return a mapping at the place of *at*, with keys that have the places of their values."""
    entries = {key: Entry(ScalarNode(value.span, key, key, "made"), value) for key, value in values.items()}
    return MappingNode(at.span, entries)


def _below(node: Node, part: str | int) -> Node | None:
    if isinstance(node, MappingNode) and part in node.entries:
        return node.entries[str(part)].value
    if isinstance(node, ListNode) and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None
