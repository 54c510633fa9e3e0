"""The calls by which a journal writes: in one place, so that a test can pass a disk that fails."""

import contextlib
import os
from pathlib import Path


class Disk:
    """The real disk.  Every method raises OSError where it fails."""

    def create(self, path: Path) -> int:
        """Make the file *path*, which must not exist, and return its descriptor."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)

    def open(self, path: Path) -> int:
        """Return a descriptor of the file *path* for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        """Write *data* at byte *offset* and return how many bytes of it were written, which may be fewer."""
        return os.pwrite(fd, data, offset)

    def sync(self, fd: int) -> None:
        """Return when what was written to *fd*, and its size, is durable."""
        os.fdatasync(fd)

    def truncate(self, fd: int, size_bytes: int) -> None:
        """Cut the file to *size_bytes*."""
        os.ftruncate(fd, size_bytes)

    def close(self, fd: int) -> None:
        """Give *fd* back."""
        os.close(fd)

    def remove(self, path: Path) -> None:
        """Remove *path* if it is there."""
        with contextlib.suppress(FileNotFoundError):
            path.unlink()

    def rename(self, path: Path, to: Path) -> None:
        """Give *path* the name *to*, in place of what has it now."""
        path.rename(to)

    def sync_directory(self, path: Path) -> None:
        """Return when the names in the directory *path* are durable."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
