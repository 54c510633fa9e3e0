"""Text in a drawing: how wide it is, how it is made to fit, and how it is written into XML."""

import html
import re
import unicodedata
from typing import Final

from workflow_engine.drawing.picture import Node

LABEL: Final = 13.0
SMALL: Final = 11.5
"""Font sizes, in pixels: of what a node is called, and of all else."""

INDENT: Final = 42
"""Pixels from the left of a node to its text; the icon stands there."""

MARK: Final = 30
"""Pixels at the right of a node that are kept free for the mark of its state."""

_NARROW: Final = frozenset("iljtfrI.,:;'|!()[]{} -·")
_BROAD: Final = frozenset("mwMWQO@%&—…")
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0, section 2.2 'Characters', leaves out."""


def width(text: str, size: float) -> float:
    """Return about how wide *text* is in a sans-serif font of *size* pixels; rather too wide than too narrow."""
    return size * sum(_ems(character) for character in text)


def shortened(text: str, size: float, room: float) -> str:
    """Return *text*, or as much of it as fits into *room* pixels, with an ellipsis."""
    if width(text, size) <= room:
        return text
    used = width("…", size)
    for end, character in enumerate(text):
        used += size * _ems(character)
        if used > room:
            return text[:end].rstrip() + "…"
    return text


def escaped(text: str) -> str:
    """Return *text* for an XML document, in an attribute or between tags; what XML cannot hold becomes U+FFFD."""
    return html.escape(clean(text))


def clean(text: str) -> str:
    """Return *text* with U+FFFD in place of what no document should hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def small(node: Node, detail: str = "") -> str:
    """Return the small line of *node*: what carries it out, and *detail*, or its notes where there is none."""
    return " · ".join((node.word, detail) if detail else (node.word, *node.notes))


def label_lines(label: str) -> list[str]:
    """Return the label of an edge as short lines."""
    return label.split(", ")


def _ems(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in _NARROW:
        return 0.37
    if character in _BROAD:
        return 0.92
    return 0.7 if character.isupper() else 0.59
