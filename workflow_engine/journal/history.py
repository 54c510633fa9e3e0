"""The fold of a journal with its events: what a compaction makes of it."""

from collections.abc import Iterator
from typing import Final

import msgspec

from workflow_engine.journal.folding import IDENTITY, Folding
from workflow_engine.journal.lines import Record
from workflow_engine.journal.port import Entities
from workflow_engine.journal.snapshots import Archived, Components, Events, Stamped


class History:
    """What lives, what ended, and what was decided about either.

    Attributes:
        n: number of the last commit.
        at: its engine time, in seconds since the epoch.
    """

    def __init__(self, n: int, at: float, entities: Entities, events: Events) -> None:
        """Start from a snapshot, which this object takes over."""
        self.n = n
        self.at = at
        self._folding = Folding(entities)
        self._events = events  # of tasks that have not ended since the snapshot, and of tasks that had ended before
        self._ended: dict[str, tuple[int, list[Stamped]]] = {}  # commit number and events
        self._purged: dict[str, tuple[int, list[Stamped]]] = {}  # the same, of the commits that purged it alone

    @property
    def entities(self) -> Entities:
        """What lives."""
        return self._folding.entities

    def apply(self, record: Record) -> None:
        """Take in the next commit."""
        self.n, self.at = record.n, record.at
        for i, event in enumerate(record.events):
            task = _task_of(event)
            if task is not None:
                self._events.setdefault(task, []).append(Stamped(record.n, record.at, i, event))
        for entity, components in record.changes.items():
            if components is None:
                self._remove(entity)
            elif IDENTITY in components and entity in self._ended:
                self._events[entity] = self._ended.pop(entity)[1] + self._events.get(entity, [])
        self._folding.apply(record.changes, record.ended)
        for task in record.ended:
            if task in self._folding.ended:
                earlier = self._ended[task][1] if task in self._ended else []
                self._ended[task] = (self.n, earlier + self._events.pop(task, []))

    def living_events(self) -> Events:
        """Return the events of what lives."""
        return {task: events for task, events in self._events.items() if task in self.entities}

    def archived(self) -> list[Archived]:
        """Return what does not live, as lines of an archive, oldest first."""
        rows = [Archived(task, n, events=tuple(told), purged=True) for task, (n, told) in self._purged.items()]
        rows += self._ended_rows()
        rows += [
            Archived(task, self.n, events=tuple(events))
            for task, events in self._events.items()
            if task not in self.entities
        ]
        return sorted(rows, key=lambda row: row.n)

    def _ended_rows(self) -> Iterator[Archived]:
        for task, (n, events) in self._ended.items():
            yield Archived(task, n, _plain(self._folding.ended[task]), tuple(events))

    def _remove(self, entity: str) -> None:
        components = self.entities.get(entity)
        events = self._events.pop(entity, [])
        self._ended.pop(entity, None)
        if components is None or IDENTITY in components or events:
            # A task.  An archive may have it: what does not live, and an earlier life of what does.
            _, told = self._purged.get(entity, (0, []))
            self._purged[entity] = (self.n, told + [event for event in events if event.n == self.n])


class _Event(msgspec.Struct, frozen=True):
    task: str


_decode_event: Final = msgspec.json.Decoder(_Event).decode
_encode: Final = msgspec.json.Encoder().encode


def _task_of(event: msgspec.Raw) -> str | None:
    try:
        return _decode_event(event).task
    except msgspec.DecodeError:  # tells of no task in particular
        return None


def _plain(components: Components) -> dict[str, msgspec.Raw]:
    return {
        name: value if isinstance(value, msgspec.Raw) else msgspec.Raw(_encode(value))
        for name, value in components.items()
    }
