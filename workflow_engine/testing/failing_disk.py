"""A disk that fails when told to, for tests of what a journal makes of it."""

import errno
import os
from pathlib import Path

from workflow_engine.journal.disk import Disk


class Crash(BaseException):
    """The process is thought to have died here.  No handler for errors may catch it."""


class FailingDisk(Disk):
    """Writes for real, and fails as real disks do.

    Attributes:
        room_bytes: how many more bytes can be written before the disk is full; None for no limit.
        failing_syncs: how many of the next syncs fail.  A failed one leaves NULs in place of what it should have
            stored, as a kernel does that drops the pages, and the next one succeeds all the same.
        crash_after: after how many more calls every further call raises `Crash`; None for never.
        calls: how many calls were made.
    """

    def __init__(self) -> None:
        self.room_bytes: int | None = None
        self.failing_syncs = 0
        self.crash_after: int | None = None
        self.calls = 0
        self._unsynced: dict[int, list[tuple[int, int]]] = {}  # by descriptor: (offset, bytes)

    def create(self, path: Path) -> int:
        """Make a file."""
        self._count()
        return super().create(path)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        """Write what there is room for."""
        self._count()
        if self.room_bytes is not None:
            if self.room_bytes <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            data = data[: self.room_bytes]
            self.room_bytes -= len(data)
        self._unsynced.setdefault(fd, []).append((offset, len(data)))
        return super().write(fd, data, offset)

    def sync(self, fd: int) -> None:
        """Sync, or lose what was written since the last sync."""
        self._count()
        written = self._unsynced.pop(fd, [])
        if self.failing_syncs > 0:
            self.failing_syncs -= 1
            for offset, size in written:
                os.pwrite(fd, bytes(size), offset)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().sync(fd)

    def truncate(self, fd: int, size_bytes: int) -> None:
        """Cut a file."""
        self._count()
        super().truncate(fd, size_bytes)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        self._count()
        super().remove(path)

    def rename(self, path: Path, to: Path) -> None:
        """Rename a file."""
        self._count()
        super().rename(path, to)

    def sync_directory(self, path: Path) -> None:
        """Sync a directory."""
        self._count()
        super().sync_directory(path)

    def _count(self) -> None:
        if self.crash_after is not None and self.calls >= self.crash_after:
            raise Crash
        self.calls += 1
