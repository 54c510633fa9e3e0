"""Spans: what each visit to a phase did, and when, read off a task's events.  Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.components import Progress
from workflow_engine.core.plan import UNDO
from workflow_engine.core.record import TaskRecord
from workflow_engine.readmodel.rows import EventRow
from workflow_engine.ui.showing.words import WHOM, outcome


class Span(msgspec.Struct, frozen=True):
    """A stretch of time in which a run did one thing.

    Attributes:
        kind: name of its colour: that of a status, such as "waiting_human".
        start: engine time, in seconds.
        end: engine time, in seconds; None while it goes on.
        words: what it did.
    """

    kind: str
    start: float
    end: float | None
    words: str


class Item(msgspec.Struct, frozen=True):
    """An item of a fan-out.

    Attributes:
        number: its position in the list, from 0.
        kind: name of its colour.
        start: when it began, engine time in seconds.
        end: when it ended, None while it goes on.
        attempts: how many were made.
        words: what it does, or why it failed.
    """

    number: int
    kind: str
    start: float
    end: float | None = None
    attempts: int = 1
    words: str = ""


class Lane(msgspec.Struct, frozen=True):
    """One visit to a phase.

    Attributes:
        phase: its id.
        visit: from 1.
        undoes: whether the phase is undone in it.
        attempts: how many were made; of a fan-out, those of the whole.
        spans: what it did, the first first.
        size: of a fan-out, how many items it has; else None.
        items: of a fan-out, those that began, by number.
    """

    phase: str
    visit: int
    undoes: bool
    attempts: int
    spans: tuple[Span, ...]
    size: int | None = None
    items: tuple[Item, ...] = ()

    @property
    def start(self) -> float:
        """When it began."""
        return self.spans[0].start

    @property
    def end(self) -> float | None:
        """When it ended; None while it goes on."""
        return self.spans[-1].end

    @property
    def kind(self) -> str:
        """The colour of what it did last."""
        return self.spans[-1].kind


def lanes(rows: Iterable[EventRow]) -> tuple[Lane, ...]:
    """Return the visits that events tell of, those that began first before others.

    Args:
        rows: the events of one task, the first first; where later ones are missing, visits seem to go on.
    """
    reader = _Reader()
    for row in rows:
        reader.read(row.event, row.at)
    return tuple(lane.told() for lane in reader.lanes.values() if lane.spans)


def with_progress(told: tuple[Lane, ...], record: TaskRecord) -> tuple[Lane, ...]:
    """Return *told* with the latest visits that only the record knows, as those of a task from another engine."""
    table = record.find(Progress)
    known = {(lane.phase, lane.visit) for lane in told if not lane.undoes}
    more = [
        Lane(
            phase,
            entry.visits,
            False,
            entry.attempts,
            (Span(_KINDS.get(entry.outcome, "completed"), entry.started, entry.ended, outcome(entry.outcome)),),
        )
        for phase, entry in (table.entries if table is not None else {}).items()
        if (phase, entry.visits) not in known and entry.outcome not in ("skipped", "unchosen") and entry.started
    ]
    return tuple(sorted((*told, *more), key=lambda lane: lane.start)) if more else told


_KINDS: Final = {"failed": "failed", "cancelled": "cancelled", "uncompensated": "failed"}
_ENDS: Final = {
    "TaskCompleted": ("completed", "ended with the task"),
    "TaskFailed": ("failed", "ended as the task failed"),
    "TaskCancelled": ("cancelled", "ended as the task was cancelled"),
}


class _Lane:
    """A visit that is being read."""

    def __init__(self, phase: str, visit: int) -> None:
        self.phase = phase.removesuffix(UNDO)
        self.visit = visit
        self.undoes = phase.endswith(UNDO)
        self.attempts = 1
        self.spans: list[Span] = []
        self.size: int | None = None
        self.items: dict[int, Item] = {}

    def begin(self, kind: str, at: float, words: str) -> None:
        """Begin to do something; what was done until then ends."""
        self.end(at)
        self.spans.append(Span(kind, at, None, words))

    def end(self, at: float, kind: str | None = None, words: str | None = None) -> None:
        """End what is done, of which more may be known now."""
        if self.spans and self.spans[-1].end is None:
            last = self.spans[-1]
            self.spans[-1] = Span(kind or last.kind, last.start, at, words or last.words)

    def told(self) -> Lane:
        """Return it as it is now."""
        items = tuple(self.items[number] for number in sorted(self.items))
        spans = tuple(self.spans)
        return Lane(self.phase, self.visit, self.undoes, self.attempts, spans, self.size, items)


class _Reader:
    """Reads one event after the other."""

    def __init__(self) -> None:
        self.lanes: dict[str, _Lane] = {}
        self._live: dict[str, _Lane] = {}

    def read(self, event: Mapping[str, Any], at: float) -> None:
        """Take in an event that was decided *at* some engine time, in seconds."""
        name = str(event.get("event"))
        if name in _ENDS:
            self._all_ended(at, *_ENDS[name])
        run = event.get("run")
        if not isinstance(run, str):
            return
        head, _, visit = run.rpartition("/")
        number, _, item = visit.partition(".")
        if not number.isdecimal():
            return
        key = f"{head}/{number}"
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = _Lane(head.rpartition("/")[2], int(number))
        self._live[key] = lane
        if item.isdecimal():
            _read_item(lane, int(item), name, event, at)
        else:
            _read_run(lane, name, event, at)

    def _all_ended(self, at: float, kind: str, words: str) -> None:
        for lane in self._live.values():
            lane.end(at, kind, words)
        self._live.clear()


def _read_run(lane: _Lane, name: str, event: Mapping[str, Any], at: float) -> None:
    match name:
        case "PhaseStarted":
            lane.attempts = int(event.get("attempt") or 1)
            lane.begin("in_progress", at, f"attempt {lane.attempts}")
        case "AttemptFailed":
            lane.end(at, "failed", f"attempt {event.get('attempt')} failed with {event.get('error')}: "
                                   f"{event.get('message')}")  # fmt: skip
        case "RetryScheduled":
            lane.begin("pending", at, "waits to be tried again")
        case "RunParked":
            lane.begin("pending", at, f"waits until {event.get('needs')} is registered")
        case "QuestionAsked":
            lane.begin(f"waiting_{event.get('kind')}", at, f"waits for {WHOM.get(str(event.get('kind')), 'an answer')}")
        case "QuestionAnswered":
            lane.begin("in_progress", at, "goes on with the answer")
        case "TimerSet":
            lane.begin("waiting_io", at, "sleeps")
        case "FannedOut":
            lane.size = int(event.get("items") or 0)
            lane.begin("in_progress", at, f"{lane.size:,} items")
        case "TasksForked":
            tasks: list[Any] = list(event.get("tasks") or ())
            lane.begin("in_progress", at, f"waits for {len(tasks):,} {'task' if len(tasks) == 1 else 'tasks'}")
        case "PhaseRejected":
            lane.end(at, "failed", "sent the work back" if event.get("target") else "rejected the work")
        case "OutputRefused":
            lane.end(at, "failed", "gave what does not fit")
        case "PhaseCompleted":
            lane.end(at, "completed")
        case _:
            pass


def _read_item(lane: _Lane, number: int, name: str, event: Mapping[str, Any], at: float) -> None:
    before = lane.items.get(number) or Item(number, "pending", at)

    def now(kind: str, words: str = "", end: float | None = None) -> None:
        lane.items[number] = Item(number, kind, before.start, end, before.attempts, words)

    match name:
        case "PhaseStarted":
            attempts = int(event.get("attempt") or 1)
            lane.items[number] = Item(number, "in_progress", before.start, None, attempts, "under way")
        case "AttemptFailed":
            now("pending", f"{event.get('error')}: {event.get('message')}")
        case "ItemFailed":
            now("failed", f"{event.get('error')}: {event.get('message')}", at)
        case "QuestionAsked":
            kind = str(event.get("kind"))
            now(f"waiting_{kind}", f"waits for {WHOM.get(kind, 'an answer')}")
        case "TimerSet":
            now("waiting_io", "sleeps")
        case "PhaseCompleted":
            now("completed", "", at)
        case _:
            pass
