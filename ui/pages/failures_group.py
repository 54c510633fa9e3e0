"""A group of failures: its tasks, and of one of them the trace and the attempts."""

import itertools
from collections import deque
from typing import Final

import msgspec

from workflow_engine.core.components import Failure
from workflow_engine.errors import EngineError, InputRefused
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import Counted, EventRow, Page, TaskQuery, TaskRow
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.pages.tasks_rows import added
from workflow_engine.ui.showing.shown import Shown, ShownText
from workflow_engine.ui.showing.values import TEXT_MAX

ROWS: Final = 25
"""Tasks of a page."""

ATTEMPTS_MAX: Final = 20
"""Attempts that are shown, the last ones."""

HISTORY_MAX: Final = 10_000
"""Events of a task among which its attempts are looked for."""

AT_ONCE: Final = 1_000
"""Events that are read at once."""

TOLD: Final = frozenset(("AttemptFailed", "ItemFailed", "PhaseRejected", "TaskRetried", "TaskFailed", "UndoFailed"))
"""Events that tell how it came to the failure."""


class Group(msgspec.Struct, frozen=True):
    """What is alike in a group, from the newest of its tasks.

    Attributes:
        key: what names it.
        workflow: name of their workflow.
        phase: id of the phase in which they failed.
        error: class of the error.
        message: that of the newest.
        count: how many.
        first_at: when the first of them failed, engine time, in seconds.
        last_at: when the last of them did.
    """

    key: str
    workflow: str
    phase: str
    error: str
    message: str
    count: Counted
    first_at: float
    last_at: float


class Example(msgspec.Struct, frozen=True):
    """One failed task.

    Attributes:
        row: as the index has it.
        failure: why it failed; None where it has been taken up again, or removed, meanwhile.
        trace: for the author of what failed; None for none.
        attempts: the events that led there, oldest first.
        cut: whether there were more of them.
    """

    row: TaskRow
    failure: Failure | None
    trace: Shown | None
    attempts: tuple[EventRow, ...]
    cut: bool


class Opened(msgspec.Struct, frozen=True):
    """A group with a page of its tasks.

    Attributes:
        group: what is alike.
        page: of tasks, the last that failed first.
        example: the task whose trace is shown.
        first: whether it is the first page.
    """

    group: Group
    page: Page
    example: Example
    first: bool


def opened(desk: Desk, key: str, after: str, task: str) -> Opened | None:
    """Return a group, None where no task is in it any more.

    Args:
        desk: see there.
        key: of the group.
        after: place in the list of its tasks; empty for the beginning, which a place that is none stands for too.
        task: id of the task whose trace is shown, where it is on the page; else the first is.
    """
    model = desk.model
    query = TaskQuery(failure_group=key, order="-since", limit=ROWS)
    newest, page, begins = _pages(model, query, after)
    if not newest.rows or not page.rows:
        return None
    last = newest.rows[0]
    first = model.tasks(msgspec.structs.replace(query, order="since", limit=1)).rows
    group = Group(
        key=key,
        workflow=last.workflow,
        phase=last.failed_phase or "",
        error=last.error or "",
        message=last.message or "",
        count=added(tuple(model.counted(query).values())),
        first_at=first[0].since if first else last.since,
        last_at=last.since,
    )
    row = next((row for row in page.rows if row.id == task), page.rows[0])
    return Opened(group, page, example_of(desk, row), begins)


def example_of(desk: Desk, row: TaskRow) -> Example:
    """Return how a task failed."""
    failure = _failure(desk, row.id)
    detail = failure.detail if failure is not None else None
    trace = ShownText(text=detail[-TEXT_MAX:], fixed=True) if detail else None
    attempts, cut = _attempts(desk.model, row.id)
    return Example(row, failure, trace, attempts, cut)


def _pages(model: ReadModel, query: TaskQuery, after: str) -> tuple[Page, Page, bool]:
    """Return the newest tasks, those of the page, and whether that is the first page."""
    newest = model.tasks(query)
    if not after:
        return newest, newest, True
    try:
        page = model.tasks(msgspec.structs.replace(query, after=after))
    except InputRefused:
        return newest, newest, True
    return (newest, page, False) if page.rows else (newest, newest, True)


def _failure(desk: Desk, task: str) -> Failure | None:
    try:
        found: Failure | None = desk.ask.inspect(task).record.find(Failure)
    except EngineError:  # it is gone, or the engine does not answer; the list says enough
        return None
    return found


def _attempts(model: ReadModel, task: str) -> tuple[tuple[EventRow, ...], bool]:
    """Return the last events that tell of attempts, and whether there were more."""
    kept: deque[EventRow] = deque(maxlen=ATTEMPTS_MAX)
    n, i, found = 0, None, 0
    for _ in itertools.repeat(None, HISTORY_MAX // AT_ONCE):
        rows = model.events(task, n, i, AT_ONCE)
        told = [row for row in rows if row.event.get("event") in TOLD]
        kept.extend(told)
        found += len(told)
        if len(rows) < AT_ONCE:
            break
        n, i = rows[-1].n, rows[-1].i
    return tuple(kept), found > len(kept)
