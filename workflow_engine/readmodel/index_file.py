"""The file of the index: opened for one piece of work at a time, replaced as a whole, thrown away when it is no use."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Final

from workflow_engine.errors import JournalError
from workflow_engine.readmodel import schema

BUSY_MAX: Final = 60.0
"""Seconds to wait for another process that is writing to the index."""


class Unusable(Exception):
    """The file is missing, damaged or of another version; the index is to be built anew."""


class IndexFile:
    """``index.sqlite`` in a data directory.

    A connection lives for one piece of work and holds a shared lock on ``index.lock`` meanwhile; the file is replaced
    under an exclusive one.  SQLite alone would not do: a file that is renamed over another finds that one's log beside
    it, and takes it for its own.
    """

    def __init__(self, data: Path) -> None:
        self.path = data / "index.sqlite"
        self._fresh = data / "index.sqlite.new"
        self._lock = data / "index.lock"
        self._build_lock = data / "index.build.lock"

    @contextlib.contextmanager
    def opened(self) -> Generator[sqlite3.Connection]:
        """Give a connection for the length of a ``with``.

        Raises:
            Unusable: there is no file, or it turns out to be damaged or of another version.
            JournalError: it cannot be read or written at the moment.
        """
        with _locked(self._lock, fcntl.LOCK_SH), _translated(self.path):
            connection = _connect(self.path, "rw")
            try:
                connection.executescript(_USE)
                if not schema.usable(connection):
                    raise Unusable(self.path)
                yield connection
            finally:
                connection.close()

    @contextlib.contextmanager
    def building(self) -> Generator[None]:
        """Be the only one who builds a new file, for the length of a ``with``; waits for another."""
        with _locked(self._build_lock, fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def rebuilt(self) -> Generator[sqlite3.Connection]:
        """Give a connection to a new file, which takes the place of the old one at the end of the ``with``.

        Raises:
            JournalError: it cannot be written.
        """
        with _translated(self._fresh), self._made() as connection:
            yield connection
        _sync(self._fresh)
        with _locked(self._lock, fcntl.LOCK_EX):
            # The file first: without it, what a crash leaves of the others is removed by SQLite.
            for path in (self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))):
                path.unlink(missing_ok=True)
            self._fresh.replace(self.path)

    @contextlib.contextmanager
    def _made(self) -> Generator[sqlite3.Connection]:
        self._fresh.unlink(missing_ok=True)
        connection = _connect(self._fresh, "rwc")
        try:
            connection.executescript(_BUILD)
            schema.create(connection)
            yield connection
            schema.finish(connection)
            connection.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            connection.close()
            self._fresh.unlink(missing_ok=True)
            raise
        connection.close()


_USE: Final = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
_BUILD: Final = """
PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY;
"""
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_MAX,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.OperationalError as error:
        if path.exists():
            raise
        raise Unusable(path) from error


@contextlib.contextmanager
def _translated(path: Path) -> Generator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise JournalError(f"the index {path} cannot be used at the moment: {error}") from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:  # Python itself gives none
            raise Unusable(str(error)) from error
        raise


@contextlib.contextmanager
def _locked(path: Path, how: int) -> Generator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, how)
        yield
    finally:
        os.close(fd)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
