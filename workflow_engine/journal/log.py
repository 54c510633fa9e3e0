"""The segments as one log that lines are added to; plain calls on one thread."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from workflow_engine.journal.appending import OpenSegment
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.segments import encode_header


class Place(NamedTuple):
    """Where writing goes on.

    Attributes:
        number: number of the segment to go on with, or of the last there was if *path* is None.
        path: its file, None to begin a new one.
        end: byte offset behind the last line that counts.
        first: number of the first commit in it.
        n: number of the last commit of the journal.
    """

    number: int
    path: Path | None
    end: int
    first: int
    n: int


class Log:
    """Lines of commits on their way to the disk.

    After a failed sync nobody knows what of the file reached the disk, and a second sync may claim success for pages
    that the kernel has dropped.  So whatever is not known to be durable is kept in memory and written again, to a new
    segment that supersedes the end of the old one.

    Attributes:
        n: number of the last commit that is known to be durable.
        unsynced_bytes: size of the lines that are not.
    """

    def __init__(
        self, layout: Layout, place: Place, disk: Disk, segment_bytes: int, sealed: Callable[[int, int], None]
    ) -> None:
        """Open the segment to go on with, or begin one.

        Args:
            layout: where the files stand.
            place: where to go on.
            disk: the calls that write.
            segment_bytes: size from which on a segment is followed by a new one.
            sealed: told the last commit of a segment that was finished, and the segment's size in bytes.

        Raises:
            OSError: that failed.
        """
        self.n = place.n
        self.unsynced_bytes = 0
        self._layout = layout
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._sealed = sealed
        self._number = place.number
        self._first = place.first
        self._unsynced: list[bytes] = []
        self._written = 0  # how many of them stand in the current segment
        self._segment: OpenSegment | None = None
        if place.path is None:
            self._begin()
        else:
            self._segment = OpenSegment(disk, place.path, disk.open(place.path), place.end)

    @property
    def path(self) -> Path:
        """The file that is, or was last, written to."""
        return self._layout.segment(self._number)

    def add(self, lines: list[bytes]) -> None:
        """Take *lines*, those of the next commits; `store` puts them on the disk."""
        self._unsynced += lines
        self.unsynced_bytes += sum(map(len, lines))

    def store(self, *, sync: bool) -> None:
        """Write what was added, and make it durable if *sync*.

        Raises:
            OSError: that failed.  Nothing is lost: call again.
        """
        if self._segment is None:
            self._begin()
        elif self._segment.written >= self._segment_bytes:
            self.roll()
        if self._segment is not None and self._written < len(self._unsynced):
            self._segment.write(b"".join(self._unsynced[self._written :]))
            self._written = len(self._unsynced)
        if sync:
            self._sync()

    def roll(self) -> None:
        """Make durable what was written, and begin a new segment unless the current one is empty.

        Raises:
            OSError: that failed.  Nothing is lost: call again.
        """
        self._sync()
        if self._segment is None or self._first <= self.n:
            self._begin()

    def close(self) -> None:
        """Close the file; what was not synced may be lost."""
        if self._segment is not None:
            self._segment.close()

    def _sync(self) -> None:
        if self._segment is None or not self._written:
            return
        try:
            self._segment.sync()
        except OSError:
            self._segment.abandon()
            self._segment = None
            self._written = 0
            raise
        self._made_durable(self._written)

    def _begin(self) -> None:
        """Begin a new segment, which holds every line that is not durable; after an error there is none that counts."""
        self._number += 1
        first = self.n + 1
        segment = OpenSegment(self._disk, self.path, self._disk.create(self.path), 0)
        try:
            segment.write(encode_header(self._number, first) + b"".join(self._unsynced))
            segment.sync()
            self._disk.sync_directory(self._layout.journal)
        except OSError:
            segment.abandon()
            with contextlib.suppress(OSError):  # the next one supersedes it
                self._disk.remove(segment.path)
            raise
        old, self._segment, self._first = self._segment, segment, first
        self._made_durable(len(self._unsynced))
        if old is not None:
            old.close()
            self._sealed(first - 1, old.written)

    def _made_durable(self, count: int) -> None:
        self.n += count
        self.unsynced_bytes -= sum(map(len, self._unsynced[:count]))
        del self._unsynced[:count]
        self._written = 0
