"""Over a compaction: what became of the commits that are no longer there one by one, from archives and snapshot."""

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from workflow_engine.journal.layout import Layout
from workflow_engine.journal.snapshots import (
    Archived,
    archive_lines,
    archives,
    newest_snapshot,
    snapshot_entities,
    snapshot_events,
)
from workflow_engine.readmodel.batch import Base, Batch, array, tables
from workflow_engine.readmodel.feed import told
from workflow_engine.readmodel.writing import Known, lookup, write

CHUNK: Final = 10_000
"""Lines of an archive or snapshot that are written at once."""


def leap(connection: sqlite3.Connection, layout: Layout, n: int) -> int:
    """Bring an index that stands at commit *n* to the newest snapshot, within the caller's transaction.

    Archives that end before *n* are known already; of the others, and of the snapshot, every line replaces what the
    index has of its task.  Events that the index lacks get the number of the line's commit, and no time: files keep
    neither.

    Returns:
        The number of the snapshot's commit.

    Raises:
        FileNotFoundError: a compaction has replaced a file meanwhile; try again.
        JournalDamaged: a file is not what was written.
    """
    newest = newest_snapshot(layout)
    if newest is None or newest[0] <= n:
        return n
    upto, snapshot = newest
    leaper = _Leaper(connection, n, upto)
    leaper.define(snapshot)
    for archive in archives(layout):
        if archive.last > n:
            leaper.read_archive(archive.path)
    leaper.read_snapshot(snapshot)
    return upto


_T = TypeVar("_T")
_GONE: Final = "SELECT id FROM tasks WHERE ended_at IS NULL AND n < ?"
_HISTORY: Final = "SELECT json FROM history WHERE k = ? ORDER BY n"
_decode_events: Final = msgspec.json.Decoder(list[Any]).decode


class _Leaper:
    def __init__(self, connection: sqlite3.Connection, n: int, upto: int) -> None:
        self._connection = connection
        self._n = n
        self._upto = upto
        self._count = itertools.count()

    def define(self, snapshot: Path) -> None:
        """Write the definitions, by which everything else is described."""
        batch = Batch()
        for entity, components in snapshot_entities(snapshot):
            if entity.startswith("#"):
                batch.change(entity, components)
        write(self._connection, batch, self._upto)

    def read_archive(self, path: Path) -> None:
        """Write what an archive has."""
        for lines in _chunks(archive_lines(path)):
            batch = Batch()
            known = lookup(self._connection, {line.task for line in lines})
            for line in lines:
                self._take(batch, line, known.get(line.task))
            write(self._connection, batch, self._upto)

    def read_snapshot(self, path: Path) -> None:
        """Write what lives, and remove what has lived and is in no file: it was never durable."""
        for entities in _chunks(snapshot_entities(path)):
            batch = Batch()
            for entity, components in entities:
                if "/" not in entity and not entity.startswith("#"):
                    batch.task(entity).begin(Base.NOTHING)
                if not entity.startswith("#"):
                    batch.change(entity, components)
            write(self._connection, batch, self._upto)
        gone = Batch()
        for (task,) in self._connection.execute(_GONE, (self._upto,)):
            gone.task(task).purge()
        write(self._connection, gone, self._upto)
        for listed in _chunks(snapshot_events(path)):
            batch = Batch()
            known = lookup(self._connection, [task for task, _ in listed])
            for task, events in listed:
                self._note(batch, task, self._upto, events, known.get(task))
            write(self._connection, batch, self._upto)

    def _take(self, batch: Batch, line: Archived, known: Known | None) -> None:
        change = batch.task(line.task)
        if line.purged:
            change.purge()
        if line.components is not None:
            change.begin(Base.NOTHING)
            change.alive, change.ended = False, True
            change.own = [tables(line.components)]
        self._note(batch, line.task, line.n, line.events, None if change.purged else known)

    def _note(self, batch: Batch, task: str, n: int, events: Sequence[msgspec.Raw], known: Known | None) -> None:
        stored: list[Any] = []
        if known is not None and events:
            stored = [event for (json,) in self._connection.execute(_HISTORY, (known.k,)) for *_, event in told(json)]
        fresh = _unknown(stored, events)
        if fresh:
            numbered = (b",%d,%b" % (next(self._count), event) for event in fresh)
            batch.task(task).events.append(b"[%d,null%b]" % (max(n, self._n + 1), b"".join(numbered)))


def _unknown(stored: Sequence[Any], events: Sequence[msgspec.Raw]) -> Sequence[msgspec.Raw]:
    """Return those of *events* that go on where *stored* ends: the two overlap by what was followed one by one."""
    if not stored:
        return events
    decoded = _decode_events(array(events))
    for start in range(max(0, len(stored) - len(events)), len(stored)):
        if stored[start:] == decoded[: len(stored) - start]:
            return events[len(stored) - start :]
    return events


def _chunks(rows: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        yield chunk
