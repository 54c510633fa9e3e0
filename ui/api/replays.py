"""Replays: what was answered to a request with an ``Idempotency-Key``, kept for a day.

The semantics are those of "The Idempotency-Key HTTP Header Field", an Internet-Draft of the HTTPAPI working group: the
same request again is answered as the first was, another request under the same key is refused, and so is one while the
first is still being answered.  A crash between a command and its answer leaves nothing here; then the command is done
once more, and where it makes a task, under an id that is derived from the key, which finds the task that is there.
"""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final, NamedTuple

from workflow_engine.errors import EngineStopped
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.security.private_files import make_folder

KEPT_SECONDS: Final = 86_400.0
"""How long an answer is kept."""

BODY_MAX: Final = 1 << 20
"""Length of a body that is kept; the request of a longer one is done again."""

SWEEP_SECONDS: Final = 600.0
"""How often old answers are removed."""


class Kept(NamedTuple):
    """An answer.

    Attributes:
        status: of HTTP.
        headers: those that belong to it.
        body: as it was sent.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Replays:
    """Keeps answers in an SQLite file.  For several threads of one process.

    Args:
        path: the file, made when it is first needed; it may be deleted while no server runs.
        clock: gives the time, in seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._swept_at = 0.0

    @contextlib.contextmanager
    def under_way(self, key: str) -> Generator[None]:
        """Note that the request of *key* is being answered, for as long as the block lasts.

        Raises:
            Refused: it is already.
        """
        with self._lock:
            if key in self._under_way:
                raise Refused(409, "the first request with this Idempotency-Key is still being answered; try again")
            self._under_way.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(key)

    def find(self, key: str, request: str) -> Kept | None:
        """Return what was answered to *key*, None for nothing yet.

        Args:
            key: names the person and their key.
            request: the hash of the request.

        Raises:
            Refused: it was the key of another request.
        """
        if not self._path.exists():
            return None
        with self._opened() as connection:
            row = connection.execute(_FIND, (key, self._clock() - KEPT_SECONDS)).fetchone()
        if row is None:
            return None
        if row[0] != request:
            raise Refused(422, "this Idempotency-Key was used for another request; use a new key for each request")
        return Kept(row[1], json.loads(row[2]), row[3])

    def keep(self, key: str, request: str, answer: Kept) -> None:
        """Keep what was answered, durably."""
        if len(answer.body) > BODY_MAX:
            return
        now = self._clock()
        with self._opened() as connection:
            if now - self._swept_at > SWEEP_SECONDS:
                self._swept_at = now
                connection.execute("DELETE FROM replays WHERE at < ?", (now - KEPT_SECONDS,))
            row = (key, request, now, answer.status, json.dumps(answer.headers), answer.body)
            connection.execute("INSERT OR REPLACE INTO replays VALUES (?, ?, ?, ?, ?, ?)", row)

    @contextlib.contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        try:
            make_folder(self._path.parent)
            with contextlib.closing(sqlite3.connect(self._path, timeout=10.0)) as connection, connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(_TABLE)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise EngineStopped(
                f"{self._path} cannot be used ({error}); remove it, or make room on its disk"
            ) from error


_TABLE: Final = """CREATE TABLE IF NOT EXISTS replays
(key TEXT PRIMARY KEY, request TEXT, at REAL, status INTEGER, headers TEXT, body BLOB) WITHOUT ROWID"""
_FIND: Final = "SELECT request, status, headers, body FROM replays WHERE key = ? AND at >= ?"
