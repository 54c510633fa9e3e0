"""A lock on a file, which the kernel releases when its holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from workflow_engine.errors import JournalLocked

COMPACTION_END_MAX: Final = 10.0
"""How long to wait for a compaction that outlived its engine, in seconds; it notices at once and stops."""


class FileLock:
    """An exclusive lock on *path*, a file that also holds the process id of its holder, for people.

    The lock belongs to this object: a second one excludes it within a process as well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def take(self, wait_max: float = 0.0) -> None:
        """Take the lock, waiting up to *wait_max* seconds for it.

        Raises:
            JournalLocked: someone else has it.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = time.monotonic() + wait_max
        while not _locked(fd):
            if time.monotonic() >= deadline:
                holder = _holder(fd)
                os.close(fd)
                raise JournalLocked(str(self.path.parent), holder)
            time.sleep(_PAUSE)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Give the lock back, if it was taken.  The file stays: removing it would let two take locks on two files."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


_PAUSE: Final = 0.02  # seconds between two tries


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(fd: int) -> int | None:
    text = os.pread(fd, 32, 0).strip()
    return int(text) if text.isdigit() else None
