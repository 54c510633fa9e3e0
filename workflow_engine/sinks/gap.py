"""Gaps: what a sink has missed for so long that the feed does not hold it any more, put in order again.

The histories of tasks hold it, task by task.  They are read once, into a file of the sink's own that is sorted by
commit, so a gap of any size takes no memory.  Tasks that were purged meanwhile are not in it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from workflow_engine.sinks.index import Index, Told, each_told, taken
from workflow_engine.sinks.place import Place


class Gap:
    """The events behind a place that come before what the feed holds.

    Attributes:
        upto: number of the first commit that the feed had when the gap was read.
    """

    def __init__(self, path: Path, index: Index, after: Place) -> None:
        """Read them into the file *path*.

        Args:
            path: of the file, which is made anew.
            index: where they are found.
            after: the place behind which they stand.
        """
        path.unlink(missing_ok=True)
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self.upto = self._read(index, after.n + 1 if after.i is None else after.n)
        except BaseException:
            self.close()
            raise

    def commits(self, after: Place) -> list[Told]:
        """Return commits behind a place, in order, as many as fit; none where that were all."""
        start = after.n + 1 if after.i is None else after.n
        return taken(self._each(start))[0]

    def close(self) -> None:
        """Remove the file."""
        self._connection.close()
        self._path.unlink(missing_ok=True)

    def _read(self, index: Index, start: int) -> int:
        self._connection.executescript(_CREATE)
        self._connection.execute("BEGIN")
        upto = index.each_history(start - 1, lambda rows: self._take(rows, start))
        self._connection.execute("COMMIT")
        return upto

    def _take(self, rows: Iterable[bytes], start: int) -> None:
        found = ((n, i, at, _encode(event)) for json in rows for n, at, i, event in each_told(json) if n >= start)
        self._connection.executemany(_INSERT, found)

    def _each(self, start: int) -> Iterator[Told]:
        rows = self._connection.execute(_SELECT, (start, self.upto))
        for n, told in groupby(rows, key=itemgetter(0)):
            listed = list(told)
            events = [(i, _decode(json)) for _, i, _, json in listed]
            yield Told(n, listed[0][2], events, sum(len(json) for *_, json in listed))


_CREATE: Final = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;
CREATE TABLE told (n INTEGER, i INTEGER, at REAL, json BLOB, PRIMARY KEY (n, i)) WITHOUT ROWID;
"""
_INSERT: Final = "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)"
_SELECT: Final = "SELECT n, i, at, json FROM told WHERE n >= ? AND n < ? ORDER BY n, i"
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
