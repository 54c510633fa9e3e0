"""The phases of a task as rows, made of its events."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from workflow_engine.core.events import (
    AttemptFailed,
    Event,
    FannedOut,
    ItemFailed,
    OutputRefused,
    PhaseCompleted,
    PhaseRejected,
    PhaseSkipped,
    PhaseStarted,
    QuestionAnswered,
    QuestionAsked,
    RetryScheduled,
    RunParked,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TasksForked,
    TimerSet,
)
from workflow_engine.core.moments import span

UNDER_WAY: Final = "under way"
DONE: Final = "done"
FAILED: Final = "failed"
ASKS: Final = "asks"
SLEEPS: Final = "sleeps"
STOPPED: Final = "stopped"
SKIPPED: Final = "skipped"
REJECTS: Final = "rejects"

ENDED: Final[Mapping[str, str]] = {"completed": DONE, "skipped": SKIPPED, "unchosen": SKIPPED}
"""States of phases by how their visit ended, where it is over for good."""

Key = tuple[str, str]
"""Task and phase."""


class Row(NamedTuple):
    """One phase.

    Attributes:
        state: what it does, in a word or two; empty before it begins.
        attempt: of the visit, from 1.
        began: when the visit began, engine time in seconds; None before it did.
        took: how long the visit took, in seconds; None until it ended.
        items: how many items it fans out over, None for no fan-out.
        ended: how many of them have ended.
        failed: how many of those have failed.
        rounds: how often its work was handed back.
        note: what else there is to say.
    """

    state: str = ""
    attempt: int = 1
    began: float | None = None
    took: float | None = None
    items: int | None = None
    ended: int = 0
    failed: int = 0
    rounds: int = 0
    note: str = ""


class Phases:
    """The rows of a task and of the tasks that it forked, in the order of the workflow.

    Attributes:
        rows: by task and phase.
    """

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self._keys: dict[str, dict[Key, None]] = {}  # by task, since thousands may be forked and end one by one

    def expect(self, task: str, phases: Iterable[str], states: Mapping[str, str]) -> None:
        """Make rows for phases that are to come, or ended earlier, in the words of *states*."""
        for phase in phases:
            if (task, phase) not in self.rows:
                self._set((task, phase), Row(states.get(phase, "")))

    def take(self, event: Event, at: float) -> str | None:
        """Take in an event; return a line about it, None where there is nothing to say.

        Args:
            event: what happened.
            at: when, engine time in seconds.
        """
        if isinstance(event, TaskCompleted | TaskFailed | TaskCancelled):
            self._end(event.task)
            return None
        if isinstance(event, PhaseSkipped):
            return self._put((event.task, event.phase), Row(SKIPPED, note=event.why), f"skipped, since {event.why}")
        run: str | None = getattr(event, "run", None)
        if run is None:
            return None
        _, phase, visit = run.rsplit("/", 2)
        key = (event.task, phase)
        row = self.rows.get(key, Row())
        if isinstance(event, PhaseRejected):
            self._hand_back(event)
        new, line = item(row, event) if "." in visit else changed(row, event, at)
        return self._put(key, new, line)

    def _put(self, key: Key, row: Row, line: str | None) -> str | None:
        self._set(key, row)
        return f"{key[1]}: {line}" if line is not None else None

    def _set(self, key: Key, row: Row) -> None:
        self.rows[key] = row
        self._keys.setdefault(key[0], {})[key] = None

    def _hand_back(self, event: PhaseRejected) -> None:
        key = (event.task, event.target or "")
        target = self.rows.get(key)
        if target is not None:
            self.rows[key] = target._replace(rounds=target.rounds + 1)

    def _end(self, task: str) -> None:
        """A task has ended: what it was doing is stopped."""
        for key in self._keys.get(task, ()):
            row = self.rows[key]
            if row.state in (UNDER_WAY, ASKS, SLEEPS):
                self.rows[key] = row._replace(state=STOPPED)


def changed(row: Row, event: Event, at: float) -> tuple[Row, str | None]:
    """Return the row of a phase after an event about a run of it, and what to say of that."""
    match event:
        case PhaseStarted(attempt=1) if row.state not in (ASKS, SLEEPS, UNDER_WAY):  # else it goes on
            return Row(UNDER_WAY, began=at, rounds=row.rounds), "begins"
        case PhaseStarted(attempt=attempt):
            return row._replace(state=UNDER_WAY, attempt=attempt, began=row.began or at, note=""), None
        case PhaseCompleted():
            took = at - row.began if row.began is not None else None
            count = f", {row.ended} of {row.items} items" if row.items is not None else ""
            lasted = f" in {duration(took)}" if took is not None else ""
            return row._replace(state=DONE, took=took, note=""), f"done{lasted}{count}"
        case AttemptFailed(attempt=attempt, error=error, message=message):
            note = f"{error}: {message}"
            return row._replace(state=FAILED, attempt=attempt, note=note), f"attempt {attempt} failed: {note}"
        case RetryScheduled(until=until):
            pause = duration(max(0.0, until - at))
            return row._replace(state=UNDER_WAY), f"is tried again in {pause}"
        case OutputRefused(message=message):
            return row._replace(note=message), f"its output was handed back: {message}"
        case FannedOut(items=items):
            return row._replace(items=items), f"for each of {items} items"
        case PhaseRejected(target=target):
            where = f"hands the work back to {target}" if target is not None else "rejects the work for good"
            return row._replace(state=REJECTS, note=where), where
        case TasksForked(tasks=tasks):
            return row._replace(note=f"waits for {len(tasks)} tasks" if len(tasks) > 1 else "waits for a task"), None
        case QuestionAsked():
            return row._replace(state=ASKS), "waits for an answer"
        case QuestionAnswered(by=by):
            return row, f"was answered by {by}" if by else "was answered"
        case TimerSet(until=until):
            return row._replace(state=SLEEPS, note=""), f"sleeps for {duration(max(0.0, until - at))}"
        case RunParked(needs=needs):
            return row._replace(state="waits", note=f"for {needs}"), f"waits for {needs}, which is not there"
        case _:
            return row, None


def item(row: Row, event: Event) -> tuple[Row, str | None]:
    """Return the row of a fan-out after an event about one of its items, and what to say of that."""
    match event:
        case PhaseCompleted():
            return row._replace(ended=row.ended + 1), None
        case ItemFailed(run=run, error=error, message=message):
            failed = f"{error}: {message}"
            said = f"item {_position(run)} failed: {failed}"
            return row._replace(ended=row.ended + 1, failed=row.failed + 1, note=failed), said
        case AttemptFailed(run=run, error=error, message=message):
            return row._replace(note=f"item {_position(run)}: {error}: {message}"), None
        case QuestionAsked():
            return row._replace(state=ASKS), None
        case PhaseStarted():
            return row._replace(state=UNDER_WAY), None
        case RunParked(needs=needs):
            return row._replace(state="waits", note=f"for {needs}"), None
        case _:
            return row, None


def duration(seconds: float) -> str:
    """Return a length of time, short ones with their tenths."""
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s" if seconds < 60 else span(seconds)


def _position(run: str) -> str:
    return run.rpartition(".")[2]
