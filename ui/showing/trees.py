"""JSON values as trees of bounded size, broadest first: what stands at the top is always shown."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from workflow_engine.ui.showing.shown import Node

NODES_MAX: Final = 2_000
"""Values in one tree."""

TEXT_MAX: Final = 256 * 1024
"""Characters of all keys and texts in one tree."""

STRING_MAX: Final = 8 * 1024
KEY_MAX: Final = 200
"""Characters of one text and of one key."""

DEPTH_MAX: Final = 40
"""Levels of one tree; what is deeper is counted."""

OPEN_MAX: Final = 40
"""Values that are unfolded at first, levels as a whole."""


def tree(value: Any) -> Node:
    """Return a JSON value as a tree; what is too much is counted where it is left out."""
    root = _Place(None, value)
    level: list[_Place] = [root]
    nodes, text, depth = 1, len(root.text), 0
    unfolded = 0
    while level and depth < DEPTH_MAX:
        below: list[_Place] = []
        for place in sorted(level, key=lambda place: place.count):  # a long list leaves room for what is beside it
            for key, child in place.items():
                if nodes >= NODES_MAX or text >= TEXT_MAX:
                    break
                found = _Place(key, child, TEXT_MAX - text)
                place.children.append(found)
                below.append(found)
                nodes += 1
                text += len(found.text) + len(str(key))
        unfolded += len(below)
        for place in level:
            place.open = unfolded <= OPEN_MAX or place is root
        level, depth = [place for place in below if place.count], depth + 1
    return root.frozen()


def leaf(key: str, value: Any) -> Node:
    """Return a value that holds no others."""
    return _Place(key, value).frozen()


class _Place:
    """A node that is being filled."""

    def __init__(self, key: str | int | None, value: Any, room: int = TEXT_MAX) -> None:
        self.key = key
        self.value: Any = value
        self.kind, whole = _plain(value)
        self.text = whole[: min(STRING_MAX, max(room, 0))]
        self.cut = len(whole) - len(self.text)
        self.count = len(value) if self.kind in ("object", "array") else 0
        self.children: list[_Place] = []
        self.open = False

    def items(self) -> Iterator[tuple[str | int, Any]]:
        """Yield what it holds, no more of it than a tree has room for."""
        if self.kind == "object":
            named: dict[str, Any] = self.value
            return ((_shown_key(str(key)), child) for key, child in islice(named.items(), NODES_MAX))
        listed: list[Any] = self.value if self.kind == "array" else []
        return iter(enumerate(islice(listed, NODES_MAX)))

    def frozen(self) -> Node:
        children = tuple(child.frozen() for child in self.children)
        left_out = self.count - len(children) if self.count else self.cut
        return Node(self.kind, self.key, self.text, self.count, children, left_out, self.open)


def _shown_key(key: str) -> str:
    return key if len(key) <= KEY_MAX else key[: KEY_MAX - 1] + "…"


def _plain(value: Any) -> tuple[str, str]:
    """Return the kind of a value and, if it holds no others, its text."""
    match value:
        case None:
            return "null", "null"
        case bool():
            return "boolean", "true" if value else "false"
        case int():
            return "number", _digits(value)
        case float():
            return "number", json.dumps(value)
        case dict():
            return "object", ""
        case list() | tuple():
            return "array", ""
        case _:
            return "string", str(value)


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes out no more than some thousand digits
        return hex(value)
