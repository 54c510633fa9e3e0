"""What is asked of the index, and what it answers: plain frozen values."""

from typing import Any, Final, Literal

import msgspec

from workflow_engine.core.components import Cost, TaskState, WaitKind

Order = Literal["submitted", "-submitted", "since", "-since", "priority", "id", "-id"]
"""By submission, by the time a task came to stand where it stands, by priority (highest first, then oldest), by id; a
minus puts the newest, or last, first."""

LIMIT: Final = 50
"""Rows of a page unless told otherwise."""

LIMIT_MAX: Final = 1_000
"""Rows of a page at most."""


class TaskQuery(msgspec.Struct, frozen=True):
    """Which tasks, and in what order.  What is left out does not narrow.

    Attributes:
        statuses: states, of which any will do.
        workflows: names, of which any will do.
        phase: id of a phase that a run of the task is in; together with the next two, the same run.
        classification: what that phase is classified as.
        waiting: "human", "agent" or "io": what that run waits for.
        labels: values by name, all of which the task has.
        text: words, all of which stand in what was submitted, in outputs, labels, the id or the failure, as far as
            the first 4,096 characters of these; ``ship*`` stands for all words that begin so.
        parent: id of the task that forked it.
        submitted_after: engine time, in seconds, at or after which it was submitted.
        submitted_before: engine time, in seconds, before which it was submitted.
        order: see `Order`.
        limit: rows at most.
        after: `Page.next` of the page before.
    """

    statuses: tuple[TaskState | str, ...] = ()
    workflows: tuple[str, ...] = ()
    phase: str | None = None
    classification: str | None = None
    waiting: WaitKind | str | None = None
    labels: dict[str, str] = {}
    text: str | None = None
    parent: str | None = None
    submitted_after: float | None = None
    submitted_before: float | None = None
    order: Order = "-submitted"
    limit: int = LIMIT
    after: str | None = None


class TaskRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A task as a list shows it.  Times are engine time, in seconds.

    Attributes:
        id: the task's id.
        workflow: name of its workflow.
        definition: hash of the definition it runs on.
        status: where it stands, since when, and why, where there is more to say.
        since: see status.
        reason: see status.
        submitted_at: when it was submitted.
        ended_at: when it ended, None while it lives.
        priority: higher goes first.
        assigned_to: task type for phases that name none, or None.
        parent: id of the task that forked it, or None.
        labels: words for people and filters.
        phases: the phases its runs are in, each once, the oldest run first; empty between phases and at the end.
        classifications: what those phases are classified as.
        waiting: what those of its runs wait for that wait, each kind once.
        failed_phase: the phase to retry from, where it failed; then error and message are those of the failure.
        error: see failed_phase.
        message: see failed_phase.
        stage: the stage of its workflow that it is at, or None.
        cost: what its models have cost, None where nothing.
    """

    id: str
    workflow: str
    definition: str
    status: TaskState
    since: float
    submitted_at: float
    ended_at: float | None = None
    reason: str | None = None
    priority: int = 0
    assigned_to: str | None = None
    parent: str | None = None
    labels: dict[str, str] = {}
    phases: tuple[str, ...] = ()
    classifications: tuple[str, ...] = ()
    waiting: tuple[WaitKind, ...] = ()
    failed_phase: str | None = None
    error: str | None = None
    message: str | None = None
    stage: str | None = None
    cost: Cost | None = None


class Page(msgspec.Struct, frozen=True):
    """Some rows, and the place behind them.

    Attributes:
        rows: in the order that was asked for.
        next: to be given as `TaskQuery.after` for the rows that follow; None at the end.
    """

    rows: tuple[TaskRow, ...]
    next: str | None = None


class QuestionQuery(msgspec.Struct, frozen=True):
    """Which open questions; those due first come first, then the oldest.  What is left out does not narrow.

    Attributes:
        assignee: who is asked.
        candidate: somebody of whom, or a group of which, an answer is accepted.
        task: id of the task.
        kind: "human", "agent" or "io": who is meant.
        overdue: whether the due time has been announced.
        limit: rows at most.
        after: `QuestionPage.next` of the page before.
    """

    assignee: str | None = None
    candidate: str | None = None
    task: str | None = None
    kind: WaitKind | str | None = None
    overdue: bool | None = None
    limit: int = LIMIT
    after: str | None = None


class QuestionRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """An open question as an inbox shows it; see `workflow_engine.core.components.Question`.

    Attributes:
        id: an answer names it.
        task: id of the task that waits for the answer.
        run: id of the run that does.
        phase: id of the phase.
        workflow: name of the task's workflow.
        priority: of the task; higher goes first.
        kind: who is meant.
        prompt: the question in words.
        asked_at: engine time, in seconds.
        assignee: who is asked.
        candidates: people or groups of whom any may answer.
        due: engine time, in seconds, after which it is overdue.
        overdue: whether the due time has been announced.
    """

    id: str
    task: str
    run: str
    phase: str
    workflow: str
    priority: int
    kind: WaitKind
    prompt: str
    asked_at: float
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    due: float | None = None
    overdue: bool = False


class QuestionPage(msgspec.Struct, frozen=True):
    """Some open questions, and the place behind them; see `Page`."""

    rows: tuple[QuestionRow, ...]
    next: str | None = None


class EventRow(msgspec.Struct, frozen=True):
    """Something that was decided.

    Attributes:
        n: number of the commit.
        i: number of the event in it, which with *n* is its place in the order of all.
        at: engine time, in seconds.
        task: id of the task.
        event: see `workflow_engine.core.events`; a JSON object with its name under "event".
    """

    n: int
    i: int
    at: float
    task: str
    event: dict[str, Any]
