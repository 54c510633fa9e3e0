"""What is asked of the index, and what it answers: plain frozen values."""

from typing import Any, Final, Literal

import msgspec

from workflow_engine.core.components import Cost, TaskState, WaitKind
from workflow_engine.readmodel.summary_rows import (
    Bucket,
    DaySpending,
    DefinitionRow,
    FailureGroup,
    FailureOrder,
    FailurePage,
    Latency,
    Oldest,
    Overview,
    Spending,
    Waiting,
    WorkflowRow,
)

__all__ = [
    "LIMIT",
    "LIMIT_MAX",
    "AnsweredRow",
    "Bucket",
    "Counted",
    "DaySpending",
    "DefinitionRow",
    "EventRow",
    "FailureGroup",
    "FailureOrder",
    "FailurePage",
    "Latency",
    "Oldest",
    "Order",
    "Overview",
    "Page",
    "QuestionCounts",
    "QuestionPage",
    "QuestionQuery",
    "QuestionRow",
    "Spending",
    "TaskQuery",
    "TaskRow",
    "Waiting",
    "WorkflowRow",
]

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
            the first 4,096 characters of these; ``ship*`` stands for all words that begin so.  A single word also
            finds the tasks whose ids begin with it, and the id of a run or question finds its task.
        parent: id of the task that forked it.
        submitted_after: engine time, in seconds, at or after which it was submitted.
        submitted_before: engine time, in seconds, before which it was submitted.
        since_after: engine time, in seconds, at or after which it came to stand where it stands.
        since_before: engine time, in seconds, before which it did.
        definition: hash of the definition it runs, or ran, on.
        failure_group: key of a `FailureGroup` it belongs to.
        failed_phase: id of the phase in which it failed.
        error: class of the error it failed with.
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
    since_after: float | None = None
    since_before: float | None = None
    definition: str | None = None
    failure_group: str | None = None
    failed_phase: str | None = None
    error: str | None = None
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
        failure_group: key of the `FailureGroup` it belongs to, None where it has not failed.
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
    failure_group: str | None = None


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
        claimed_by: who has claimed it.
        people: a person and the groups of that person; any of whom is asked, may answer, or has claimed it.
        unassigned: whether nobody is named, neither as assignee nor as candidate.
        workflow: name of the task's workflow.
        text: a part of the prompt, in capitals or not.
        limit: rows at most.
        after: `QuestionPage.next` of the page before.
    """

    assignee: str | None = None
    candidate: str | None = None
    task: str | None = None
    kind: WaitKind | str | None = None
    overdue: bool | None = None
    claimed_by: str | None = None
    people: tuple[str, ...] = ()
    unassigned: bool | None = None
    workflow: str | None = None
    text: str | None = None
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
        claimed_by: who has claimed it, or None.
        owner: whose it is when nobody answers, or None.
        escalate_to: people or groups who are asked when it is overdue.
        visit: how often the task came to the phase, from 1.
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
    claimed_by: str | None = None
    owner: str | None = None
    escalate_to: tuple[str, ...] = ()
    visit: int = 1


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


class Counted(msgspec.Struct, frozen=True):
    """A number that was counted up to a bound.

    Attributes:
        n: how many there are, or at least how many.
        capped: whether there may be more.
    """

    n: int
    capped: bool = False


class QuestionCounts(msgspec.Struct, frozen=True):
    """How many open questions there are for somebody; each is what a `QuestionQuery` lists.

    Attributes:
        mine: those that name the person: ``people`` is the person alone.
        groups: those that name the person or a group of the person: ``people`` is all of them.
        all: whoever they are for.
        overdue: those of *groups* whose due time has been announced.
    """

    mine: Counted
    groups: Counted
    all: Counted
    overdue: Counted


class AnsweredRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question of a task that was answered.

    Attributes:
        question: its id.
        at: when, engine time, in seconds.
        value: the answer, JSON.
        by: who answered, None where that is not known.
    """

    question: str
    at: float
    value: Any
    by: str | None = None
