"""One line of a journal file: written, sealed with a checksum, verified, read.

A line is a JSON object whose last key is ``crc``: eight hex digits, the CRC-32 of every byte before ``,"crc":``.
"""

import zlib
from enum import Enum
from typing import Any, Final

import msgspec

from workflow_engine.errors import JournalError
from workflow_engine.journal.port import Commit

GROUP_BYTES_MAX: Final = 8 * 1024 * 1024
"""The most bytes that wait for one sync (one line may be longer): how far before the end a torn write can reach."""

BLOCK_BYTES: Final = 512
"""The least that a disk writes in one piece."""


class Record(msgspec.Struct, frozen=True):
    """A commit as it is read: values are still JSON.

    Attributes:
        n: number of the commit.
        at: engine time, in seconds since the epoch.
        changes: ``{entity: {component: JSON} or None}``; JSON ``null`` removes a component, and names of
            tables keep their ``+``.
        ended: ids of tasks that became terminal.
        events: each a JSON value.
    """

    n: int
    at: float
    changes: dict[str, dict[str, msgspec.Raw] | None]
    ended: tuple[str, ...] = ()
    events: tuple[msgspec.Raw, ...] = ()


class Lines:
    """The verified lines of a file's bytes, in order, each without its newline.

    Iteration stops at the first byte that belongs to none.

    Attributes:
        offset: byte offset of the line that was given last, or of the rest once iteration has stopped.
        number: its number, from 1.
    """

    def __init__(self, data: bytes) -> None:
        self.offset = 0
        self.number = 0
        self._data = data
        self._next = 0

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> bytes:
        self.offset = self._next
        self.number += 1
        end = self._data.find(b"\n", self.offset)
        line = self._data[self.offset : end]
        if end < 0 or not verified(line):
            raise StopIteration
        self._next = end + 1
        return line


class Rest(Enum):
    """What follows the verified lines of a file."""

    CLEAN = "nothing, or the unwritten rest of a preallocated file"
    UNENDED = "a sound line that lacks its newline"
    TORN = "a write that did not finish"
    DAMAGED = "bytes that were never written"


def rest_of(data: bytes, offset: int) -> Rest:
    """Return what stands in *data* from *offset*, the end of its verified lines.

    Nothing that one flipped bit can do to acknowledged lines makes them look torn: an acknowledged line ends with a
    newline, which no single flip turns into NUL, and no single flip makes two NULs of anything.
    """
    text = data[offset:].rstrip(b"\0")
    if not text:
        return Rest.CLEAN
    hole = data.find(b"\0", offset)
    head = data[offset:] if hole < 0 else data[offset:hole]
    if b"\n" in head or _starts_with_line(head):
        return Rest.DAMAGED
    if verified(head):
        return Rest.UNENDED
    return Rest.TORN if hole < 0 or _unwritten(data, offset, hole) else Rest.DAMAGED


def encode_commit(commit: Commit) -> bytes:
    """Return the line of *commit*, with its newline.

    Raises:
        JournalError: something in it cannot be written as JSON.
    """
    try:
        return seal(_encode(commit))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise JournalError(f"commit {commit.n} cannot be written as JSON: {error}") from error


def encode_line(value: Any) -> bytes:
    """Return the line of *value*, a struct or dict with at least one key, with its newline."""
    return seal(_encode(value))


def seal(body: bytes) -> bytes:
    """Return *body*, a JSON object, as a line with its checksum."""
    if b"\n" in body:  # only raw JSON from outside can hold one, and only as white space
        body = body.replace(b"\n", b" ")
    head = body[:-1]
    return b'%b,"crc":"%08x"}\n' % (head, zlib.crc32(head))


def verified(line: bytes) -> bool:
    """Whether *line*, without its newline, is exactly what was sealed."""
    return line.endswith(_SEAL % zlib.crc32(memoryview(line)[:-_SEAL_BYTES])) and len(line) > _SEAL_BYTES


_SEAL: Final = b',"crc":"%08x"}'
_SEAL_BYTES: Final = 18
_encode = msgspec.json.Encoder().encode


def _starts_with_line(text: bytes) -> bool:
    """Whether *text* is a sound line and more, as when the newline between them was damaged."""
    crc = start = 0
    while (found := text.find(b',"crc":"', start)) >= 0:
        crc = zlib.crc32(text[start:found], crc)
        start = found
        end = found + _SEAL_BYTES
        if end < len(text) and text[found:end] == _SEAL % crc:
            return True
        crc = zlib.crc32(text[start : start + 1], crc)
        start += 1
    return False


def _unwritten(data: bytes, offset: int, hole: int) -> bool:
    """Whether the NULs at *hole* are blocks of the last write, begun at *offset* or later, that were lost."""
    text_end = len(data.rstrip(b"\0"))
    if hole >= text_end:
        return True
    after = len(data) - len(data[hole:].lstrip(b"\0"))
    line_end = data.find(b"\n", after)
    recent = line_end < 0 or text_end - line_end <= GROUP_BYTES_MAX
    # A block that held the end of an earlier write keeps that, and has NULs from there to its end.
    first_block_lost = hole == offset and after % BLOCK_BYTES == 0
    return recent and (after - hole >= BLOCK_BYTES or first_block_lost)
