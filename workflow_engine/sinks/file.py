"""The file: lines of JSON, durable, in a file that is followed by a new one when it has grown."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.errors import ConfigError
from workflow_engine.sinks.port import EventRecord, encoded

TAIL_BYTES: Final = 4 << 20
"""How much, from the end on, is searched for events that come again."""


class FileSink:
    """Writes each event as a line, and returns when it is durable.

    The file is ``<path>``, the one before it ``<path>.1``, and so on to ``<path>.<keep>``; an older one is removed.
    What a crash has left of a line is cut off.  Events that come again after a crash, and stand at the end of the file
    already, are not written twice.

    Args:
        path: of the file; its folder is made.
        size_bytes: size from which on it is followed by a new one.
        keep: how many older files there are at most.
    """

    def __init__(self, path: Path, size_bytes: int = 64 << 20, keep: int = 8) -> None:
        self._path = path
        self._size_bytes = size_bytes
        self._keep = keep
        self._fd: int | None = None
        self._written: set[bytes] = set()

    def deliver(self, events: Sequence[EventRecord]) -> None:
        """See `workflow_engine.sinks.port.Sink`.

        Raises:
            ConfigError: the file holds something else.
            OSError: it cannot be written.
        """
        fd = self._opened()
        try:
            lines = [encoded(event) + b"\n" for event in events]
            fresh = [line for line in lines if line not in self._written]
            if len(fresh) == len(lines):
                self._written.clear()  # only what comes first can come again
            self._write(fd, b"".join(fresh))
        except OSError:
            self.close()  # what was written of it is found when the file is opened again
            raise
        if os.fstat(fd).st_size >= self._size_bytes:
            self.close()
            self._rotate()

    def close(self) -> None:
        """See `workflow_engine.sinks.port.Sink`."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _opened(self) -> int:
        if self._fd is not None and not self._is_moved(self._fd):
            return self._fd
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            tail = _mended(fd, self._path)
            _sync_folder(self._path)
        except BaseException:
            os.close(fd)
            raise
        for k in self._older():
            if len(tail) >= TAIL_BYTES:
                break
            tail = self._end_of(k) + tail
        self._written = {line + b"\n" for line in tail.split(b"\n")}
        self._fd = fd
        return fd

    def _is_moved(self, fd: int) -> bool:
        """Whether somebody else has moved or removed the file."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return True
        return not os.path.samestat(found, os.fstat(fd))

    def _older(self) -> list[int]:
        """Return the numbers of the older files, the newest first; a crash may have left one out."""
        found = self._path.parent.glob(f"{glob.escape(self._path.name)}.*")
        return sorted(int(path.suffix[1:]) for path in found if path.suffix[1:].isdecimal())

    def _end_of(self, k: int) -> bytes:
        fd = os.open(self._numbered(k), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _end(fd)
        finally:
            os.close(fd)

    def _write(self, fd: int, data: bytes) -> None:
        while data:
            data = data[os.write(fd, data) :]
        os.fdatasync(fd)

    def _rotate(self) -> None:
        """Number the files anew.  A crash in the middle leaves a number without a file, which is filled first."""
        if self._keep == 0:
            self._path.unlink()
            return
        last = next((k for k in range(1, self._keep) if not self._numbered(k).exists()), self._keep)
        for k in range(last, 1, -1):
            self._numbered(k - 1).replace(self._numbered(k))
        self._path.replace(self._numbered(1))
        _sync_folder(self._path)

    def _numbered(self, k: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{k}")


class _Line(msgspec.Struct):
    """What shows that a line is one of ours."""

    id: str
    n: int
    i: int
    event: str


_BEGIN: Final = b'{"id":"'
"""How our lines begin."""

_decode: Final = msgspec.json.Decoder(_Line).decode


def _mended(fd: int, path: Path) -> bytes:
    """Cut off what a crash has left of a line, and return the end of the file.

    Raises:
        ConfigError: the file holds something else; it is left as it is.
    """
    tail = _end(fd)
    whole, _, torn = tail.rpartition(b"\n")
    last = whole.rpartition(b"\n")[2]
    if (last and not _is_ours(last)) or not (torn.startswith(_BEGIN) or _BEGIN.startswith(torn)):
        raise ConfigError(f"{path} is not a file of this sink; give it another path, or move that file away")
    if torn:
        os.ftruncate(fd, os.fstat(fd).st_size - len(torn))
        os.fsync(fd)
    return whole


def _is_ours(line: bytes) -> bool:
    try:
        _decode(line)
    except msgspec.DecodeError:
        return False
    return True


def _end(fd: int) -> bytes:
    """Return the last bytes of a file."""
    size = os.fstat(fd).st_size
    length = min(size, TAIL_BYTES)
    found = b""
    while len(found) < length:
        read = os.pread(fd, length - len(found), size - length + len(found))
        if not read:
            break
        found += read
    return found


def _sync_folder(path: Path) -> None:
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
