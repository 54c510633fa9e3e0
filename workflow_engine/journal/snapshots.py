"""Snapshots: what lives as of one commit, with the history of what lives.  Archives: what ended."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar, cast

import msgspec

import workflow_engine
from workflow_engine.errors import JournalDamaged
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.layout import Archive, Layout
from workflow_engine.journal.port import Entities
from workflow_engine.journal.sealed import read_sealed, write_sealed
from workflow_engine.journal.segments import FORMAT

Components = dict[str, msgspec.Raw | dict[str, msgspec.Raw]]
"""The components of one entity, as in `Entities`."""


class Stamped(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event as it is kept with the history of its task: ``[n, at, i, {event}]``.

    Attributes:
        n: number of the commit that decided it.
        at: engine time of that commit, in seconds since the epoch.
        i: number of the event in that commit, from 0, which with *n* is its place in the order of all.
        event: JSON, as in the commit.
    """

    n: int
    at: float
    i: int
    event: msgspec.Raw


Events = dict[str, list[Stamped]]
"""Events by the id of the task they belong to, oldest first."""


class SnapshotHeader(msgspec.Struct, frozen=True):
    """The first line of a snapshot.

    Attributes:
        format: number of the format of the journal's files.
        engine: version of the engine that made the file.
        snapshot: number of the last commit in it.
        at: engine time of that commit, in seconds since the epoch.
    """

    format: int
    engine: str
    snapshot: int
    at: float


class Archived(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an archive: what a range of commits says of a task that does not live at the end of it.

    A task that is retried has a line in several archives.  Its components are those of the newest line that has any;
    its events are those of all its lines, oldest first, behind the newest that says it was purged.

    Attributes:
        task: id of the task.
        n: number of the commit that ended or purged it.
        components: its last components, tables as JSON objects; None where the line only adds events.
        events: what was decided about it, oldest first; where it was purged, what the commits say that did.
        purged: whether everything older about it is void.
    """

    task: str
    n: int
    components: dict[str, msgspec.Raw] | None = None
    events: tuple[Stamped, ...] = ()
    purged: bool = False


def write_snapshot(path: Path, n: int, at: float, entities: Entities, events: Events, disk: Disk) -> None:
    """Write what lives as of commit *n* to *path*.

    Raises:
        OSError: it cannot be written.
    """
    header = SnapshotHeader(FORMAT, workflow_engine.__version__, n, at)
    write_sealed(path, header, _rows(entities, events), disk)


def write_archive(path: Path, first: int, last: int, rows: Iterable[Archived], disk: Disk) -> None:
    """Write what ended in the commits *first* to *last* to *path*.

    Raises:
        OSError: it cannot be written.
    """
    write_sealed(path, ArchiveHeader(FORMAT, workflow_engine.__version__, (first, last)), rows, disk)


def snapshot_header(path: Path) -> SnapshotHeader:
    """Return the first line of the snapshot *path*; raises as `snapshot_entities`."""
    return _decoded(_decode_header, next(read_sealed(path)), path, 1)


def snapshot_entities(path: Path) -> Iterator[tuple[str, Components]]:
    """Give every entity of the snapshot *path* with its components.

    Raises:
        JournalDamaged: the file is not what was written.
        JournalError: it is of a newer format.
        FileNotFoundError: a compaction has replaced it with a newer one.
    """
    for number, line in enumerate(read_sealed(path), 1):
        if line.startswith(b'{"entity":'):
            row = _decoded(_decode_entity, line, path, number)
            yield row.entity, row.joined()


def snapshot_events(path: Path) -> Iterator[tuple[str, tuple[Stamped, ...]]]:
    """Give (task, its events, oldest first) for every living task of the snapshot; raises as `snapshot_entities`."""
    for number, line in enumerate(read_sealed(path), 1):
        if line.startswith(b'{"task":'):
            row = _decoded(_decode_events, line, path, number)
            yield row.task, row.events


def newest_snapshot(layout: Layout) -> tuple[int, Path] | None:
    """Return (commit number, path) of the snapshot that counts, None if there is none."""
    return max(layout.snapshots(), default=None)


def archives(layout: Layout) -> list[Archive]:
    """Return the archives that count, oldest first: those up to the snapshot.  A newer one is left from a crash."""
    snapshot = newest_snapshot(layout)
    n = snapshot[0] if snapshot else 0
    return [archive for archive in layout.archives() if archive.last <= n]


def archive_lines(path: Path) -> Iterator[Archived]:
    """Give the lines of the archive *path*, oldest first; raises as `snapshot_entities`."""
    lines = read_sealed(path)
    next(lines)
    for number, line in enumerate(lines, 2):
        yield _decoded(_decode_archived, line, path, number)


class ArchiveHeader(msgspec.Struct, frozen=True):
    """The first line of an archive.

    Attributes:
        format: number of the format of the journal's files.
        engine: version of the engine that made the file.
        archive: numbers of the first and the last commit in it.
    """

    format: int
    engine: str
    archive: tuple[int, int]


class EntityRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a snapshot: an entity.

    Attributes:
        entity: its id.
        components: those that are plain values.
        tables: those that are tables; apart, so that a fold has both as they were.
    """

    entity: str
    components: dict[str, msgspec.Raw]
    tables: dict[str, dict[str, msgspec.Raw]] = {}

    def joined(self) -> Components:
        """Return all components."""
        return cast(Components, self.components | self.tables if self.tables else self.components)


class EventsRow(msgspec.Struct, frozen=True):
    """One line of a snapshot: what was decided about a living task.

    Attributes:
        task: its id.
        events: oldest first.
    """

    task: str
    events: tuple[Stamped, ...]


_T = TypeVar("_T")
_decode_header = msgspec.json.Decoder(SnapshotHeader).decode
_decode_entity = msgspec.json.Decoder(EntityRow).decode
_decode_events = msgspec.json.Decoder(EventsRow).decode
_decode_archived = msgspec.json.Decoder(Archived).decode


def _rows(entities: Entities, events: Events) -> Iterator[msgspec.Struct]:
    for entity, components in entities.items():
        values = {name: value for name, value in components.items() if isinstance(value, msgspec.Raw)}
        tables = {name: value for name, value in components.items() if isinstance(value, dict)}
        yield EntityRow(entity, values, tables)
    for task, listed in events.items():
        yield EventsRow(task, tuple(listed))


def _decoded(decode: Callable[[bytes], _T], line: bytes, path: Path, number: int) -> _T:
    try:
        return decode(line)
    except msgspec.DecodeError as error:
        raise JournalDamaged(str(path), number, 0, f"the line is sound and yet unreadable: {error}") from error
