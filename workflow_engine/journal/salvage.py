"""What can still be read of a damaged file."""

import re
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.journal.lines import Rest, rest_of, verified


class Piece(msgspec.Struct, frozen=True):
    """One line of a file, or what stands where lines should.

    Attributes:
        number: number of the line, from 1.
        offset: its byte offset.
        text: its bytes, without the newline.
        sound: whether it is what was written.
    """

    number: int
    offset: int
    text: bytes
    sound: bool


def pieces(path: Path, *, newest: bool = False) -> list[Piece]:
    """Return what stands in the file *path*, in order.

    Args:
        path: the file.
        newest: whether it was being appended to, so that its end may be a write that never finished; that is left out.
    """
    data = path.read_bytes()
    found: list[Piece] = []
    offset = 0
    for number, text in enumerate(data.split(b"\n"), 1):
        if verified(text):
            found.append(Piece(number, offset, text, sound=True))
        elif newest and rest_of(data, offset) is Rest.TORN:
            break
        elif text.strip(b"\0"):
            found += _joined(Piece(number, offset, text, sound=False))
        offset += len(text) + 1
    return found


def names_in(text: bytes) -> tuple[str, ...]:
    """Return the entities that *text*, a damaged line, seems to be about."""
    row = _ROW.match(text)
    if row:
        return (row[1].decode(errors="replace"),)
    start = text.find(b'"changes":{')
    if start < 0:
        return ()
    names: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(text, start + len(b'"changes":')):
        if token[0] in b"{[":
            depth += 1
        elif token[0] in b"}]":
            depth -= 1
            if depth == 0:
                break
        elif depth == 1 and token[1] is not None:
            names.append(token[1].decode(errors="replace"))
    return tuple(names)


_STARTS: Final = re.compile(rb'\{"(?:n|entity|task|end|format)":')
_ENDS: Final = re.compile(rb',"crc":"[0-9a-f]{8}"\}')
_ROW: Final = re.compile(rb'\{"(?:entity|task)":"([^"]*)"')
_TOKEN: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"(?=:)|"(?:[^"\\]|\\.)*"|[{}\[\]]')  # a key, another string, a bracket
_STARTS_MAX: Final = 4  # how many places are tried as the start of a line; in practice it is the first


def _joined(piece: Piece) -> list[Piece]:
    """Return the piece and the sound lines within it, as when the newline between two was damaged."""
    found = [piece]
    behind = 0
    for end in _ENDS.finditer(piece.text):
        for start in list(_STARTS.finditer(piece.text, behind, end.end()))[:_STARTS_MAX]:
            text = piece.text[start.start() : end.end()]
            if verified(text):
                found.append(Piece(piece.number, piece.offset + start.start(), text, sound=True))
                behind = end.end()
                break
    return found
