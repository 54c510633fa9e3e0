"""Over a compaction: what became of the commits that are no longer there one by one, from archives and snapshot."""

import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from workflow_engine.journal.layout import Layout
from workflow_engine.journal.snapshots import (
    Archived,
    Stamped,
    archive_lines,
    archives,
    newest_snapshot,
    snapshot_entities,
    snapshot_events,
)
from workflow_engine.readmodel import feed
from workflow_engine.readmodel.batch import Base, Batch, tables
from workflow_engine.readmodel.writing import write

CHUNK: Final = 10_000
"""Lines of an archive or snapshot that are written at once."""


def leap(connection: sqlite3.Connection, layout: Layout, n: int) -> int:
    """Bring an index that stands at commit *n* to the newest snapshot, within the caller's transaction.

    Archives that end before *n* are known already; of the others, and of the snapshot, every line replaces what the
    index has of its task, and adds the events behind commit *n*.

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
        if n < archive.last <= upto:  # a newer one belongs to a compaction that ended just now
            leaper.read_archive(archive.path)
    leaper.read_snapshot(snapshot)
    return upto


_T = TypeVar("_T")
_TIMETABLES: Final = "SELECT workflow FROM timetables"
_LEDGERS: Final = "SELECT workflow FROM ledgers"
_GONE: Final = "SELECT id FROM tasks WHERE ended_at IS NULL AND n < ?"
_encode: Final = msgspec.json.Encoder().encode
_decode_event: Final = msgspec.json.Decoder(dict[str, Any]).decode


class _Leaper:
    def __init__(self, connection: sqlite3.Connection, n: int, upto: int) -> None:
        self._connection = connection
        self._n = n
        self._upto = upto
        self._feed_from = n  # commits up to here are in the feed, or too old for it
        self._feed_bytes = 0  # in the feed since it was settled

    def define(self, snapshot: Path) -> None:
        """Write the definitions, by which all else is described, and timetables and ledgers that there still are."""
        batch = Batch()
        batch.ledgers = dict.fromkeys((name for (name,) in self._connection.execute(_LEDGERS)), None)
        batch.timetables = dict.fromkeys((name for (name,) in self._connection.execute(_TIMETABLES)), None)
        for entity, components in snapshot_entities(snapshot):
            if entity.startswith("#"):
                batch.change(entity, components)
        write(self._connection, batch, self._upto)

    def read_archive(self, path: Path) -> None:
        """Write what an archive has."""
        for lines in _chunks(archive_lines(path)):
            batch = Batch()
            told: list[Stamped] = []
            for line in lines:
                told += self._take(batch, line)
            write(self._connection, batch, self._upto)
            self._feed(told)

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
            told: list[Stamped] = []
            for task, events in listed:
                told += self._note(batch, task, events)
            write(self._connection, batch, self._upto)
            self._feed(told)
        feed.settle_feed(self._connection, self._n)

    def _take(self, batch: Batch, line: Archived) -> list[Stamped]:
        """Add *line* to the batch, and return what it adds to the feed."""
        if line.purged:
            if line.n > self._n:
                batch.task(line.task).purge()
            return [one for one in self._fresh(line.events) if feed.tells_of_purge(_decode_event(one.event))]
        if line.components is not None:
            change = batch.task(line.task)
            change.begin(Base.NOTHING)
            change.alive, change.ended = False, True
            change.own = [tables(line.components)]
        return self._note(batch, line.task, line.events)

    def _note(self, batch: Batch, task: str, events: Iterable[Stamped]) -> list[Stamped]:
        fresh = self._fresh(events)
        batch.task(task).events += map(_encode, fresh)
        return fresh

    def _fresh(self, events: Iterable[Stamped]) -> list[Stamped]:
        return [one for one in events if one.n > self._n]

    def _feed(self, told: Iterable[Stamped]) -> None:
        self._feed_bytes += feed.add_to_feed(self._connection, (one for one in told if one.n > self._feed_from))
        if self._feed_bytes > feed.FEED_BYTES:
            self._feed_from = max(self._feed_from, feed.settle_feed(self._connection, self._n))
            self._feed_bytes = 0


def _chunks(rows: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        yield chunk
