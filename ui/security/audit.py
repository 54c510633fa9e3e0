"""The audit: who did what and when, as lines of JSON that are only ever appended to.

    {"at": "2026-11-20T10:15:00.000Z", "who": "ann", "via": "session", "address": "10.0.0.7", "what": "answer",
     "about": "t1/approve/1/1", "outcome": "done"}

What nobody known has tried stands in a file of its own, ``strangers.jsonl`` beside it: however much of it there is, it
pushes nothing out of the record of what people did.
"""

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.private_files import open_private


def audit_path(data_dir: Path) -> Path:
    """Return where the audit of the engine is whose data is in *data_dir*."""
    return data_dir / "ui" / "audit.jsonl"


STRANGERS: Final = "strangers.jsonl"
"""Name of the file of what nobody known has tried."""

FILE_BYTES_MAX: Final = 10 * 1024 * 1024
"""Length of a file, from which on a new one is begun."""

FILES_MAX: Final = 10
"""Files that are kept, the one that is written to included."""

FIELD_MAX: Final = 500
"""Characters of a field at most."""


class Audit:
    """Appends to the file *path* and its neighbour.  For several threads and processes.

    Args:
        path: the file; older ones are ``audit.1.jsonl`` and so on beside it.
        clock: gives the time, in seconds since the epoch.
        file_bytes_max: see `FILE_BYTES_MAX`.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, file_bytes_max: int = FILE_BYTES_MAX
    ) -> None:
        self.path = path
        self._clock = clock
        self._file_bytes_max = file_bytes_max
        self._lock = threading.Lock()

    def record(
        self, person: Person | None, what: str, about: str, outcome: str = "done", address: str | None = None
    ) -> None:
        """Note something that was done or refused.

        Where the disk takes no more, that is logged: what was done is done.

        Args:
            person: who did it, None for nobody known.
            what: what was done, as "answer".
            about: the id of what it was done to.
            outcome: "done", or why it was refused.
            address: where it came from, None for the command line or where that is not known.
        """
        moment = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        line = {
            "at": moment.replace("+00:00", "Z"),
            "who": None if person is None else person.name,
            "via": None if person is None else person.via,
            "address": address,
            "what": what[:FIELD_MAX],
            "about": about[:FIELD_MAX],
            "outcome": outcome[:FIELD_MAX],
        }
        path = self.path if person is not None else self.path.with_name(STRANGERS)
        try:
            # ASCII alone: no end of a line, no terminal sequence and no lone surrogate of a stranger gets through.
            self._append(path, json.dumps(line).encode("ascii") + b"\n")
        except OSError as error:
            _LOG.error("%s cannot be written to (%s); not noted: %s", path, error.strerror, json.dumps(line))

    def _append(self, path: Path, line: bytes) -> None:
        with self._lock:
            lock = open_private(path.with_name(f".{path.name}.lock"), os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if path.exists() and path.stat().st_size + len(line) > self._file_bytes_max:
                    _rotate(path)
                fd = open_private(path, os.O_WRONLY | os.O_APPEND)
                try:
                    os.write(fd, line)
                finally:
                    os.close(fd)
            finally:
                os.close(lock)


def _rotate(path: Path) -> None:
    for number in range(FILES_MAX - 2, -1, -1):
        old = _numbered(path, number)
        if old.exists():
            old.replace(_numbered(path, number + 1))


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}.{number}{path.suffix}") if number else path


_LOG: Final = logging.getLogger("workflow_engine")
