"""Reading a journal while an engine writes it: for indexes and the command line.  Takes no lock and writes nothing.

To know everything: read the newest snapshot (`newest_snapshot`, `snapshot_entities`, `snapshot_events`), the archives
(`archives`, `archive_lines`), then follow from the snapshot's commit: ``Follower(directory, Position(n=n))``.  Events
are `Stamped` with their commits there, so a reader that stood at commit *n* knows those up to *n*.
"""

import contextlib
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.errors import EngineError, JournalDamaged
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import Lines, Record
from workflow_engine.journal.segments import Span, spans
from workflow_engine.journal.snapshots import newest_snapshot


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a follower stands; plain JSON, so it can be kept.

    Attributes:
        n: number of the last commit that was read, 0 for none.
        segment: number of the segment it stands in, 0 for the one that has commit ``n + 1``, wherever that is.
        offset: byte offset in it behind the last line that was read.
        crc: checksum of that line, by which a file that is no longer the same is noticed.
    """

    n: int = 0
    segment: int = 0
    offset: int = 0
    crc: str = ""


class Compacted(EngineError):
    """The commits after a position are not there one by one: read snapshot and archives, and follow from there.

    Attributes:
        n: number of the last commit of the newest snapshot, 0 if there is none.
    """

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.n = n

    def __str__(self) -> str:
        return (
            f"the commits to follow were compacted or rewritten; read the snapshot of commit {self.n} and go on there"
        )


class Follower:
    """Gives the commits after a position, as far as they are stored.

    What it gives may not have been synced yet.  If the machine fails before it is, the position no longer fits the
    files, and the next `read` raises `Compacted`.

    Attributes:
        position: where it stands, for another follower to go on from.
    """

    def __init__(self, directory: Path, position: Position | None = None) -> None:
        """Stand at *position* of the journal in the data directory *directory*; None is its very beginning."""
        self.position = position or Position()
        self._layout = Layout(directory)
        self._fd: int | None = None
        self._path = Path()

    def read(self, limit_bytes: int = 1 << 20) -> list[Record]:
        """Return the next commits: about *limit_bytes* of them at most, none if there are no more just now.

        Raises:
            Compacted: see there; the position is unchanged.
            JournalDamaged: a line is not what was written.
            JournalError: a file is of a newer format.
        """
        if self._fd is None:
            self._resume()
        looked_again = False
        while self._fd is not None:
            start = self.position
            records, unread = self._read_on(self._fd, limit_bytes)
            if records:
                return records
            if self.position != start:
                continue  # past the header, or what was read in another segment
            following = self._following()
            if following is not None and (following.first or 0) <= self.position.n + 1:
                self._enter(following)
            elif looked_again or not (following or unread):
                return self._stuck(following, unread)
            else:
                # It was written to after it was read, or is being written: a reader may see half a write.
                looked_again = True
                time.sleep(_WRITE_MAX)
        return []

    def close(self) -> None:
        """Close the file it reads; a later `read` opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _read_on(self, fd: int, limit_bytes: int) -> tuple[list[Record], bool]:
        """Return the next commits of the segment, and whether a line that is none stands behind them."""
        data = os.pread(fd, limit_bytes, self.position.offset)
        while len(data) == limit_bytes and b"\n" not in data and not data.endswith(b"\0"):
            limit_bytes *= 2  # a line longer than the limit
            data = os.pread(fd, limit_bytes, self.position.offset)
        records: list[Record] = []
        lines = Lines(data)
        start = self.position
        for line in lines:
            n = self._take(line, start, lines, records)
            self.position = Position(
                n, start.segment, start.offset + lines.offset + len(line) + 1, line[-10:-2].decode()
            )
        return records, b"\n" in data[lines.offset :]

    def _take(self, line: bytes, start: Position, lines: Lines, records: list[Record]) -> int:
        if start.offset == 0 and lines.number == 1:
            return self.position.n  # the header, which was read on the way here
        try:
            record = _decode(line)
        except msgspec.DecodeError as error:
            raise self._damaged(start.offset + lines.offset, f"no commit stands here: {error}") from error
        if record.n > self.position.n + 1:
            raise self._damaged(
                start.offset + lines.offset, f"commit {self.position.n + 1} belongs here, not {record.n}"
            )
        if record.n == self.position.n + 1:
            records.append(record)
        return max(record.n, self.position.n)

    def _following(self) -> Span | None:
        """Return the segment to go to when this one is read: the newest that has the next commit, else the next one."""
        later = [span for span in spans(self._layout) if span.number > self.position.segment and span.first is not None]
        fitting = [span for span in later if (span.first or 0) <= self.position.n + 1]
        return fitting[-1] if fitting else next(iter(later), None)

    def _resume(self) -> None:
        """Open the segment of the position, or the one that continues it."""
        if self.position.segment:
            path = self._layout.segment(self.position.segment)
            with contextlib.suppress(FileNotFoundError):
                self._fd, self._path = os.open(path, os.O_RDONLY | os.O_CLOEXEC), path
                if not self._unchanged(self._fd):
                    self.close()
                    raise self._compacted()
                return
        newest = newest_snapshot(self._layout)
        following = self._following()
        if following is not None and (following.first or 0) <= self.position.n + 1:
            self._enter(following)
        elif following is not None or (newest is not None and newest[0] > self.position.n):
            raise self._compacted()

    def _unchanged(self, fd: int) -> bool:
        crc = self.position.crc.encode()
        return self.position.offset == 0 or os.pread(fd, 11, self.position.offset - 11) == crc + b'"}\n'

    def _enter(self, span: Span) -> None:
        try:
            fd = os.open(span.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self.close()
            raise self._compacted() from None
        self.close()
        self._fd, self._path = fd, span.path
        self.position = Position(self.position.n, span.number)

    def _stuck(self, following: Span | None, unread: bool) -> list[Record]:
        """Judge why there is nothing more to read here, when nothing continues it."""
        if following is None and not unread:
            return []
        if not self._path.exists():
            self.close()
            raise self._compacted()
        what = "the line is not what was written" if unread else f"commit {self.position.n + 1} is missing"
        raise self._damaged(self.position.offset, what)

    def _compacted(self) -> Compacted:
        newest = newest_snapshot(self._layout)
        return Compacted(newest[0] if newest else 0)

    def _damaged(self, offset: int, why: str) -> JournalDamaged:
        with self._path.open("rb") as file:
            number = file.read(offset).count(b"\n") + 1
        return JournalDamaged(str(self._path), number, offset, why)


_WRITE_MAX: Final = 0.01  # seconds that a write of one group can be half visible
_decode: Final = msgspec.json.Decoder(Record).decode
