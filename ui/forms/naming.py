"""Names of inputs, and words for people.

An input is named by the JSON pointer of what it asks for: ``/address/street``.  What a form has to remember about a
place besides is named by the pointer and a mark: ``/lines~rows``.  No property can be taken for a mark, because a
pointer writes the ``~`` of a property's name as ``~0``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

ROOT: Final = "~root"
"""Name of the input for the whole, whose pointer is empty: browsers do not send inputs without a name."""

ACTION: Final = "_action"
"""Name of buttons that change the form and send nothing."""

AS: Final = "~as"
"""Mark: the number of the chosen shape."""
ROWS: Final = "~rows"
"""Mark: the numbers of the rows of a list or map, in order, one value each."""
KEY: Final = "~name"
"""Mark: the name that a row of a map has."""
BLANK: Final = "~blank"
"""Mark: what it means that nothing is typed: ``null``, ``text``, ``list`` or ``object``; without it, left out."""
RAW: Final = "~raw"
"""Mark: the value is written as JSON, because it does not have the shape that its schema says."""
ZONE: Final = "~zone"
"""Mark: the offset from UTC of a moment, such as ``+01:00``."""
KEPT: Final = "~kept"
"""Mark: the token of an uploaded file that the server keeps."""
CLEAR: Final = "~clear"
"""Mark: the file that is there is to be left out."""
MARKS: Final = (AS, ROWS, KEY, BLANK, RAW, ZONE, KEPT, CLEAR)

ANY_ROW: Final = "*"
"""In place of a row's number, in the row that new ones are made from."""

Posted = Mapping[str, Sequence[str]]
"""What was typed, by the name of the input: as a browser sends it."""

_WORD: Final = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")
_BORDER: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s_-]+")


def input_name(pointer: str) -> str:
    """Return the name of the input for the place that *pointer* leads to."""
    return pointer or ROOT


def element_id(pointer: str) -> str:
    """Return the id of the element for the place that *pointer* leads to; it never holds blanks."""
    return "field" + quote(pointer, safe="/*")


def child(pointer: str, key: str) -> str:
    """Return the pointer of property *key* of the object at *pointer*."""
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def row(pointer: str, number: int | str) -> str:
    """Return the pointer of a row of the list at *pointer*."""
    return f"{pointer}/{number}"


def map_row(pointer: str, number: int | str) -> str:
    """Return what stands for a pointer for a row of the map at *pointer*: its own name is still to be typed."""
    return f"{pointer}/~row{number}"


def in_words(name: str) -> str:
    """Return the name of a property in words: ``next_classification`` is "Next classification"."""
    parts = [part for part in _BORDER.split(name) if part]
    words = " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
    return words[:1].upper() + words[1:] or name or "(no name)"


def value_in_words(value: str) -> str:
    """Return a value that is a word of a program in words: ``send_back`` is "Send back"; others are returned as is."""
    return in_words(value) if _WORD.fullmatch(value) and (value.islower() or "_" in value) else value


def last(posted: Posted, name: str) -> str:
    """Return what was typed last under *name*, with the line ends of Unix; the empty string where nothing was."""
    given = posted.get(name) or ("",)
    return unix(given[-1])


def unix(text: str) -> str:
    """Return *text* with the line ends of Unix: browsers send those of Windows."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> bool:
    """Return whether *text* comes back unchanged from an input of one line."""
    return survives(text) and "\n" not in text


def survives(text: str) -> bool:
    """Return whether *text* comes back unchanged from a page, apart from line ends."""
    return not any(c in "\r\0\ufffe\uffff" or "\ud800" <= c <= "\udfff" for c in text)
