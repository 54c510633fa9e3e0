"""A batch of commits, folded before any of it is written: most of what a task goes through in it leaves no trace."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

import msgspec

from workflow_engine.core.components import NAMES, TABLES, ledger_entity, timetable_entity
from workflow_engine.journal.lines import Record

Value = msgspec.Raw | dict[str, msgspec.Raw]
Components = dict[str, Value]
"""The components of one entity, as in a fold of the journal; in a batch, JSON null stands for one that was removed."""

Changed = Mapping[str, Value]
"""Components as a commit changes them, or as a snapshot has them."""

IDENTITY: Final = "identity"
NULL: Final = msgspec.Raw(b"null")
TABLE_NAMES: Final = frozenset(NAMES[kind] for kind in TABLES)
TIMETABLE: Final = timetable_entity("")
LEDGER: Final = ledger_entity("")
"""What the entities of a timetable and of a ledger have before the name of their workflow."""


class Anew(dict[str, msgspec.Raw]):
    """A table that replaces the stored one, where others are merged into it."""


class Base(Enum):
    """What a change builds on."""

    STORED = "the task as it is stored; without one, it is no change of a task"
    UNSURE = "the task as it is stored if it lives there, else nothing"
    NOTHING = "nothing: what is stored of an earlier life is void, its events excepted"


class TaskChange:
    """What a batch does to one task and its runs.

    Attributes:
        base: what it builds on.
        alive: whether the task lives at the end of the batch; None where only its runs or events were touched.
        ended: whether it became terminal in the batch, and stayed so.
        purged: whether everything older is void, events included.
        own: changes of the task's components, oldest first.
        runs: changes of its runs' components, by what a run's id has behind the task's; None for a run that is gone.
        events: JSON of what was decided about it, oldest first; see the table of history.
        void: the same, of what was purged in this batch.
    """

    __slots__ = ("alive", "base", "ended", "events", "own", "purged", "runs", "void")

    def __init__(self) -> None:
        self.base = Base.STORED
        self.alive: bool | None = None
        self.ended = False
        self.purged = False
        self.own: list[Changed] = []
        self.runs: dict[str, list[Changed] | None] = {}
        self.events: list[bytes] = []
        self.void: list[bytes] = []

    def begin(self, base: Base) -> None:
        """Have the task live from here on, on *base*."""
        self.base = base
        self.alive, self.ended = True, False
        self.own, self.runs = [], {}

    def purge(self) -> None:
        """Make everything about the task void."""
        self.begin(Base.NOTHING)
        self.alive, self.purged = False, True
        self.void += self.events
        self.events = []

    def change(self, components: Changed) -> None:
        """Take in changed components of the task."""
        if IDENTITY in components:
            if self.alive is False:
                self.begin(Base.NOTHING)
            elif self.alive is None:
                self.base, self.alive = Base.UNSURE, True
        elif self.alive is False:
            return  # what ended or was purged does not change
        else:
            self.alive = True
        self.own.append(components)

    def change_run(self, run: str, components: Changed | None) -> None:
        """Take in changed components of one of its runs; None for a run that is gone."""
        listed = self.runs.get(run)
        if components is None:
            self.runs[run] = None
        elif listed is None:
            self.runs[run] = [components]
        else:
            listed.append(components)


class Batch:
    """What a number of commits amount to, by task.

    Attributes:
        tasks: the changes, by task id.
        definitions: JSON of definitions by their hashes; None for one that is gone.
        timetables: JSON of timetables by their workflows; None for one that is gone.
        ledgers: JSON of ledgers by their workflows; None for one that is gone.
        feed: (number, engine time, JSON array of events) of the commits.
    """

    def __init__(self) -> None:
        self.tasks: dict[str, TaskChange] = {}
        self.definitions: dict[str, msgspec.Raw | None] = {}
        self.timetables: dict[str, msgspec.Raw | None] = {}
        self.ledgers: dict[str, msgspec.Raw | None] = {}
        self.feed: list[tuple[int, float, bytes]] = []

    def task(self, task: str) -> TaskChange:
        """Return the change of a task, which is made if it is the first."""
        change = self.tasks.get(task)
        if change is None:
            change = self.tasks[task] = TaskChange()
        return change

    def apply(self, record: Record) -> None:
        """Take in the next commit."""
        if record.events:
            self._note(record)
        for entity, components in record.changes.items():
            self.change(entity, components)
        for task in record.ended:
            change = self.task(task)
            if change.alive is not False:
                change.alive, change.ended = False, True

    def change(self, entity: str, components: Changed | None) -> None:
        """Take in what one commit does to one entity."""
        if entity[0] == "#":
            self._change_other(entity, components)
            return
        task, slash, run = entity.partition("/")
        if slash:
            self.task(task).change_run(run, components)
        elif components is None:
            self.task(task).purge()
        else:
            self.task(task).change(components)

    def _change_other(self, entity: str, components: Changed | None) -> None:
        if entity.startswith(TIMETABLE):
            self.timetables[entity.removeprefix(TIMETABLE)] = _one(components, "timetable")
        elif entity.startswith(LEDGER):
            self.ledgers[entity.removeprefix(LEDGER)] = _one(components, "ledger")
        else:
            self.definitions[entity[1:]] = _one(components, "definition")

    def _note(self, record: Record) -> None:
        json = array(record.events)
        self.feed.append((record.n, record.at, json))
        by_task: dict[str, list[bytes]] = {}
        for i, task in enumerate(_tasks_of(json, record.events)):
            numbered = b",%d,%b" % (i, record.events[i])
            if task in by_task:
                by_task[task].append(numbered)
            elif task:
                by_task[task] = [numbered]
        head = b"[%d,%r" % (record.n, record.at)
        for task, listed in by_task.items():
            self.task(task).events.append(head + b"".join(listed) + b"]")


def _one(components: Changed | None, name: str) -> msgspec.Raw | None:
    found = components.get(name) if components else None
    return found if type(found) is msgspec.Raw else None


def merged(changes: Iterable[Changed]) -> Components:
    """Return what *changes*, oldest first, amount to, with a null for each component that they remove."""
    stored: Components = {}
    for components in changes:
        for name, value in components.items():
            if type(value) is msgspec.Raw and name.endswith("+"):
                _grow(stored, name[:-1], value)
            else:
                stored[name] = value
    return stored


def _grow(stored: Components, name: str, value: msgspec.Raw) -> None:
    try:
        new = _decode_table(value)
    except msgspec.DecodeError:
        stored[name] = value
        return
    old = stored.get(name)
    if isinstance(old, dict):
        old.update(new)
    else:
        stored[name] = new if old is None else Anew(new)


def tables(components: Mapping[str, msgspec.Raw]) -> Components:
    """Return *components*, in which tables are JSON objects, with tables by key."""
    return {
        name: _decode_table(value) if name in TABLE_NAMES and value != NULL else value
        for name, value in components.items()
    }


def array(items: Iterable[msgspec.Raw]) -> bytes:
    """Return a JSON array."""
    return b"[" + b",".join(items) + b"]"


class _Event(msgspec.Struct, frozen=True, gc=False):
    task: str


_decode_events: Final = msgspec.json.Decoder(list[_Event]).decode
_decode_table: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _tasks_of(json: bytes, events: tuple[msgspec.Raw, ...]) -> list[str]:
    """Return the task that each of *events*, together *json*, tells of; "" for one that tells of none in particular."""
    try:
        return [event.task for event in _decode_events(json)]
    except msgspec.DecodeError:
        return [_tasks_of(array((event,)), (event,))[0] if len(events) > 1 else "" for event in events]
