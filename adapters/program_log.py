"""The logs of programs: a bounded text file for each attempt, which can be read while the program writes.

part = read_log(log_path(data_dir, "t1", "lint", 1, 1))
more = read_log(log_path(data_dir, "t1", "lint", 1, 1), part.position)
"""

import codecs
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

LOG: Final = logging.getLogger("workflow_engine")

HEAD_BYTES: Final = 256 << 10
"""How much of the beginning of an output is kept, in bytes."""

TAIL_BYTES: Final = 256 << 10
"""How much of its end is kept at least, in bytes; up to twice that stands in the file."""

_MARKER: Final = "\n[... {:15d} bytes dropped ...]\n"
_MARKER_BYTES: Final = len(_MARKER.format(0))
_MARKED: Final = re.compile(rb"\n\[\.\.\. +(\d+) bytes dropped \.\.\.\]\n")
_PART_MAX: Final = 80


class LogPart(NamedTuple):
    """Some of a log.

    Attributes:
        text: what was written; where bytes of the middle are dropped, a line says how many.
        position: how many bytes of the output were read, those that are dropped included.
    """

    text: str
    position: int


def log_path(data_dir: Path, task: str, phase: str, visit: int | str, attempt: int) -> Path:
    """Return where the log of an attempt stands, or would; in a fan-out, *visit* is the visit, a dot and the item."""
    return _folder(data_dir, task) / f"{_safe(phase)}-{visit}-{attempt}.log"


def remove_logs(data_dir: Path, task: str) -> None:
    """Remove the logs of a task, if there are any."""
    shutil.rmtree(_folder(data_dir, task), ignore_errors=True)


def read_log(path: Path, position: int = 0) -> LogPart:
    """Return what the program wrote after its first *position* bytes; nothing where there is no log yet.

    An attempt that comes again after a crash begins its log anew; it is then returned from its beginning.

    Raises:
        OSError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return LogPart("", 0)
    marked = _MARKED.match(content, HEAD_BYTES)
    head, tail = (content[:HEAD_BYTES], content[marked.end() :]) if marked else (content, b"")
    dropped = int(marked[1]) if marked else 0
    total = len(head) + dropped + len(tail)
    if position > total:
        position = 0
    if position >= len(head) + dropped:
        unread = tail[position - len(head) - dropped :]
    else:
        unread = head[position:] + (marked[0] if marked else b"") + tail
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(unread)  # a character of which only a part is there yet is left for the next time
    return LogPart(text, total - len(decoder.getstate()[0]))


class ProgramLog:
    """Writes a log.  It stays readable for any program at any time: where it becomes too long, its middle is cut out.

    The file is written on the event loop, since that only hands bytes to the system; it is not synced.  Where the disk
    refuses, a warning says so and the rest is not kept: a log is not worth failing a program.

    Args:
        path: the file, begun anew with the first piece; it and its folder are readable by their owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._size = 0
        self._total = 0
        self._broken = False
        with self._warned():
            path.unlink(missing_ok=True)

    def add(self, piece: bytes) -> None:
        """Append *piece*."""
        if self._broken:
            return
        with self._warned():
            if self._file < 0:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._file = _opened(self._path)
            _write(self._file, piece)
            self._size += len(piece)
            self._total += len(piece)
            if self._size > HEAD_BYTES + _MARKER_BYTES + 2 * TAIL_BYTES:
                self._cut()

    def close(self) -> None:
        """Close the file; again is harmless."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @contextmanager
    def _warned(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            LOG.warning("the log %s cannot be written (%s); the rest of it is not kept", self._path, error.strerror)
            self._broken = True
            self.close()

    def _cut(self) -> None:
        """Replace the file by one with its head and tail; a reader has the one or the other."""
        head = os.pread(self._file, HEAD_BYTES, 0)
        tail = os.pread(self._file, TAIL_BYTES, self._size - TAIL_BYTES)
        kept = head + _MARKER.format(self._total - len(head) - len(tail)).encode() + tail
        new = self._path.with_suffix(".cut")
        self.close()
        self._file = _opened(new)
        _write(self._file, kept)
        new.replace(self._path)
        self._size = len(kept)


def _folder(data_dir: Path, task: str) -> Path:
    return data_dir / "logs" / _safe(task)


def _safe(name: str) -> str:
    """Return *name*, which people chose, as one part of a path: no two names are the same part."""
    part = quote(name, safe="")
    if part.startswith("."):  # neither hidden nor a way out
        part = "%2E" + part[1:]
    if len(part) <= _PART_MAX:
        return part
    # "%-" is in no other part: behind a percent sign stand hexadecimal digits.
    return f"{part[:_PART_MAX].rstrip('%')}%-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _opened(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _write(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
