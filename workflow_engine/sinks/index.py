"""What sinks ask of the index: commits behind a place, and whether the feed still has all of them.  It is only read."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from workflow_engine.errors import JournalError
from workflow_engine.journal.layout import Layout
from workflow_engine.readmodel.feed import told
from workflow_engine.readmodel.index_file import IndexFile, Unusable
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.sinks.causes import Numbered
from workflow_engine.sinks.place import Place

T = TypeVar("T")


class Told(NamedTuple):
    """What one commit decided: its number, engine time in seconds, events, and their length as JSON."""

    n: int
    at: float
    events: list[Numbered]
    size_bytes: int


class Window(NamedTuple):
    """Commits behind a place.

    Attributes:
        commits: whole ones, in order; the first may hold the place.
        first: number of the first commit that the feed has, None where it has none.
        whole: whether no further commit is there.
        workflows: names of the workflows of their tasks, by task.
    """

    commits: list[Told]
    first: int | None
    whole: bool
    workflows: dict[str, str]


class Index:
    """The index of a data directory.

    Attributes:
        model: the same, as others ask it.
        layout: where the journal is.
    """

    def __init__(self, data_dir: Path) -> None:
        self.model = ReadModel(data_dir)
        self.layout = Layout(data_dir)
        self._file = IndexFile(data_dir)

    def exists(self) -> bool:
        """Whether there is a journal, so that there can be an index."""
        return self.layout.journal.is_dir()

    def window(self, after: Place, upto: int) -> Window:
        """Return commits behind *after*, up to number *upto* and as many as fit."""

        def read(connection: sqlite3.Connection) -> Window:
            commits, whole = taken(_feed(connection, after, upto))
            # Asked after the commits: what is there now was there before, so what is missing is noticed.
            (first,) = connection.execute(_FIRST).fetchone()
            return Window(commits, first, whole, workflows(connection, commits))

        return self._ask(read)

    def workflows(self, commits: list[Told]) -> dict[str, str]:
        """Return the names of the workflows of the tasks of some commits, by task."""
        return self._ask(lambda connection: workflows(connection, commits))

    def each_history(self, after: int, take: Callable[[Iterable[bytes]], None]) -> int:
        """Have *take* called with what is told of tasks by commits behind *after*; return the feed's first commit."""

        def read(connection: sqlite3.Connection) -> int:
            (first,) = connection.execute(_FIRST).fetchone()
            place = (0, 0)
            while rows := connection.execute(_HISTORY, (*place, after, HISTORY_ROWS)).fetchall():
                place = rows[-1][:2]
                take(row[2] for row in rows)
            return first if first is not None else 0

        return self._ask(read)

    def _ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        for _ in range(_TRIES):
            try:
                with self._file.opened() as connection:
                    return query(connection)
            except Unusable:
                self.model.catch_up()
        raise JournalError(f"the index of {self.layout.data} is damaged again and again; is its disk sound?")


def taken(commits: Iterator[Told]) -> tuple[list[Told], bool]:
    """Return the first commits, whole ones, as many as fit into a window; and whether these are all."""
    found: list[Told] = []
    events = size_bytes = 0
    for commit in commits:
        if events >= WINDOW_EVENTS or size_bytes >= WINDOW_BYTES:
            return found, False
        found.append(commit)
        events += len(commit.events)
        size_bytes += commit.size_bytes
    return found, True


def workflows(connection: sqlite3.Connection, commits: list[Told]) -> dict[str, str]:
    """Return the names of the workflows of the tasks of *commits*, by task; purged ones have none."""
    tasks = {str(event.get("task")) for commit in commits for _, event in commit.events}
    return dict(connection.execute(_WORKFLOWS, (_encode(sorted(tasks)),)).fetchall())


def each_told(json: bytes) -> Iterator[tuple[int, float, int, dict[str, Any]]]:
    """Give commit number, engine time, number in the commit and event of what stands in a row of a history."""
    return told(json)


WINDOW_EVENTS: Final = 1_000
"""Events that are read at once, about: commits are read as a whole."""

WINDOW_BYTES: Final = 4 << 20
"""How much JSON of events is read at once, about."""

HISTORY_ROWS: Final = 1_000
"""Rows of the history that are read at once."""

_TRIES: Final = 5
_FEED: Final = "SELECT n, at, json FROM feed WHERE n >= ? AND n <= ? ORDER BY n"
_FIRST: Final = "SELECT min(n) FROM feed"
_HISTORY: Final = "SELECT k, n, json FROM history WHERE (k, n) > (?, ?) AND n > ? ORDER BY k, n LIMIT ?"
_WORKFLOWS: Final = """
SELECT tasks.id, tasks.workflow FROM json_each(CAST(? AS TEXT)) AS asked CROSS JOIN tasks ON tasks.id = asked.value
"""
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(list[dict[str, Any] | None]).decode


def _feed(connection: sqlite3.Connection, after: Place, upto: int) -> Iterator[Told]:
    start = after.n + 1 if after.i is None else after.n
    for n, at, json in connection.execute(_FEED, (start, upto)):
        yield Told(n, at, [(i, event) for i, event in enumerate(_decode(json)) if event is not None], len(json))
