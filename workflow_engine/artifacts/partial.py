"""A blob on its way into the store: a temporary file that its writer holds locked."""

import asyncio
import fcntl
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import aiofiles

from workflow_engine.artifacts.disk_errors import translated
from workflow_engine.artifacts.hashing import Digest


class PartialFile:
    """Writes a temporary file and counts and hashes what goes in.

    The lock on the file ends with the process that holds it, so a file that nobody holds was left by a crash.  A
    process id in the name would not say that: ids are used again.

    Args:
        directory: where to write it.
        store_lock: see `locked`.
        fact: starts the message of the ArtifactError that every method raises if the disk refuses.

    Attributes:
        path: where the file is.
        size: bytes written so far.
    """

    def __init__(self, directory: Path, store_lock: Path, fact: str) -> None:
        self.path = directory / secrets.token_hex(8)
        self.size = 0
        self._fact = fact
        self._store_lock = store_lock
        self._digest = Digest()

    async def __aenter__(self) -> Self:
        """Create the file."""
        with translated(self._fact):
            self._file = await aiofiles.open(self.path, "xb", opener=self._create_locked)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Remove the file, unless it has been moved away."""
        self.path.unlink(missing_ok=True)
        with translated(self._fact):  # closing writes what a full disk did not take before
            await self._file.close()

    async def write(self, piece: bytes) -> None:
        """Append *piece*."""
        self.size += len(piece)
        await self._digest.update(piece)
        with translated(self._fact):
            await self._file.write(piece)

    async def finish(self) -> str:
        """Make the content durable and read-only, and return its SHA-256."""
        with translated(self._fact):
            await self._file.flush()
            await asyncio.to_thread(self._seal)
        return self._digest.hex()

    def _create_locked(self, path: str, flags: int) -> int:
        return _created(path, flags, self._store_lock)

    def _seal(self) -> None:
        _seal(self._file.fileno())


@contextmanager
def written_partial(directory: Path, store_lock: Path, content: bytes) -> Generator[Path, None, None]:
    """Hold a temporary file with all of *content*, durable and read-only, as `PartialFile` does; in one thread."""
    path = directory / secrets.token_hex(8)
    descriptor = _created(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, store_lock)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        _seal(descriptor)
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _created(path: str | Path, flags: int, store_lock: Path) -> int:
    with locked(store_lock):  # or a sweep could see the file before it is locked
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor


def _seal(descriptor: int) -> None:
    os.fchmod(descriptor, 0o444)
    os.fsync(descriptor)


def remove_leftovers(directory: Path, store_lock: Path) -> None:
    """Remove the temporary files in *directory* that nobody is writing."""
    with locked(store_lock):
        for path in directory.iterdir():
            # Held by its writer, or moved away just now: not ours to remove.
            with suppress(BlockingIOError, FileNotFoundError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


@contextmanager
def locked(path: Path) -> Generator[None, None, None]:
    """Hold the lock file *path*, against the other threads of this process too; never across an ``await``."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
