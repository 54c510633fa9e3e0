"""Segments: the files that commits are appended to, and how they continue each other.

A segment begins with a header that says which commit is its first.  Usually that is the one after the last of the
segment before.  After a failed sync it is an earlier one: nobody knows what the disk kept of the older file's end, so
those commits were written again, and whatever stands for them at the end of older segments is disregarded.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

import workflow_engine
from workflow_engine.errors import JournalDamaged, JournalError
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import Lines, Rest, encode_line, rest_of, verified

FORMAT: Final = 1
"""The format that is written, and the newest that is read."""


class Header(msgspec.Struct, frozen=True):
    """The first line of a segment.

    Attributes:
        format: number of the format of the journal's files.
        engine: version of the engine that made the file.
        segment: number of the segment, as in the file's name.
        first: number of the first commit in it.
    """

    format: int
    engine: str
    segment: int
    first: int


class Span(msgspec.Struct, frozen=True):
    """The part of a segment that counts.

    Attributes:
        number: number of the segment.
        path: its file.
        first: number of its first commit; None where the header cannot be read.
        limit: number of the first commit that a newer segment has; None for the newest.
    """

    number: int
    path: Path
    first: int | None
    limit: int | None


class SegmentReader:
    """The commits of one segment, each checked to be the next.

    Attributes:
        span: the segment.
        n: number of the commit that was given last.
        end: byte offset behind what counts, once all was given.
        unended: whether the line before `end` lacks its newline.
        warnings: what has to be mended at the end of the file, as sentences.
    """

    def __init__(self, span: Span, n: int) -> None:
        self.span = span
        self.n = n
        self.end = 0
        self.unended = False
        self.warnings: list[str] = []
        self._lines = Lines(b"")

    def __iter__(self) -> Iterator[bytes]:
        """Give the lines from commit ``n + 1`` on, without their newlines.

        Raises:
            JournalDamaged: a line that is needed is not there, or is not what was written.
            JournalError: the file is of a newer format.
        """
        data = self.span.path.read_bytes()
        lines = self._lines = Lines(data)
        following = self._header()
        for line in lines:
            self._check(line, following)
            if following > self.n:
                self.n = following
                yield line
            following += 1
            if following == self.span.limit:
                return
        self.end = lines.offset
        last = self._mend(data)
        if last is not None:
            self._check(last, following)
            self.n = following
            yield last

    def damaged(self, why: str) -> JournalDamaged:
        """Return the error that says what is wrong with the line that was given last."""
        return JournalDamaged(str(self.span.path), self._lines.number, self._lines.offset, why)

    def _header(self) -> int:
        line = next(self._lines, None)
        if line is None:
            raise self.damaged("the header is not what was written")
        header = decode_header(line, self.span.path)
        if header.segment != self.span.number:
            raise self.damaged(f"the header is that of segment {header.segment}")
        if header.first > self.n + 1:
            raise self.damaged(f"commits {self.n + 1} to {header.first - 1} are missing before this file")
        return header.first

    def _check(self, line: bytes, n: int) -> None:
        if not line.startswith(b'{"n":%d,' % n):
            raise self.damaged(f"commit {n} belongs here, and {line[:30].decode(errors='replace')}... stands here")

    def _mend(self, data: bytes) -> bytes | None:
        """Judge what follows the lines; return a last line that lacks nothing but its newline."""
        lines = self._lines
        rest = rest_of(data, lines.offset)
        if rest is Rest.CLEAN:
            return None
        if rest is Rest.DAMAGED or self.span.limit is not None:
            raise self.damaged("the line is not what was written")
        where = f"{self.span.path}, line {lines.number} (byte {lines.offset})"
        if rest is Rest.TORN:
            self.warnings.append(f"{where}: a write had not finished when the engine stopped; it was cut off")
            return None
        self.warnings.append(f"{where}: the last line lacked its newline, which was added")
        self.unended = True
        last = data[lines.offset :].partition(b"\0")[0]
        self.end += len(last)
        return last


def encode_header(segment: int, first: int) -> bytes:
    """Return the first line of segment *segment*, whose first commit is *first*."""
    return encode_line(Header(FORMAT, workflow_engine.__version__, segment, first))


def decode_header(line: bytes, path: Path) -> Header:
    """Return the header that *line*, which is verified, stands for.

    Raises:
        JournalDamaged: it is no header.
        JournalError: the file is of a newer format.
    """
    check_format(line, path)
    try:
        return _decode_header(line)
    except msgspec.DecodeError as error:
        raise JournalDamaged(str(path), 1, 0, f"this is no header of a segment: {error}") from error


def check_format(line: bytes, path: Path) -> None:
    """Refuse the file *path*, whose first line is *line*, if it is of a newer format or of none.

    Raises:
        JournalDamaged: the line names no format.
        JournalError: the format is newer.
    """
    try:
        number = _decode_format(line).format
    except msgspec.DecodeError as error:
        raise JournalDamaged(str(path), 1, 0, f"the first line names no format: {error}") from error
    if number > FORMAT:
        raise JournalError(f"{path} has format {number}, and this engine reads up to {FORMAT}; use a newer engine")


def spans(layout: Layout) -> list[Span]:
    """Return the segments, oldest first, each with the part of it that counts."""
    found: list[Span] = []
    limit: int | None = None
    for number, path in reversed(layout.segments()):
        try:
            first = first_of(path)
        except FileNotFoundError:  # compacted while someone follows
            continue
        found.append(Span(number, path, first, limit))
        if first is not None and (limit is None or first < limit):
            limit = first
    found.reverse()
    return found


def first_of(path: Path) -> int | None:
    """Return the number of the first commit of the segment *path*, None where its header cannot be read.

    Raises:
        JournalError: the file is of a newer format.
    """
    with path.open("rb") as file:
        line = file.readline(_HEADER_BYTES_MAX)
    if not line.endswith(b"\n") or not verified(line[:-1]):
        return None
    return decode_header(line[:-1], path).first


def unborn(path: Path) -> bool:
    """Whether a crash came before the header of the segment *path* was written, so that nothing is in it."""
    data = path.read_bytes()
    return next(Lines(data), None) is None and rest_of(data, 0) is not Rest.DAMAGED


def superseded(listed: Iterable[Span], n: int) -> list[Path]:
    """Return the segments of *listed* that hold nothing after commit *n* that counts."""
    return [span.path for span in listed if span.limit is not None and span.limit <= n + 1]


class _Format(msgspec.Struct, frozen=True):
    format: int


_HEADER_BYTES_MAX: Final = 4096
_decode_format = msgspec.json.Decoder(_Format).decode
_decode_header = msgspec.json.Decoder(Header).decode
