"""Summaries that the index answers with: workflows, groups of failures, how things stand; plain frozen values."""

from typing import Literal

import msgspec

from workflow_engine.core.components import Cost, TaskState, WaitKind


class DefinitionRow(msgspec.Struct, frozen=True):
    """A definition of a workflow, as far as there are tasks on it.

    Attributes:
        digest: its hash.
        first_at: when the first of its tasks was submitted, engine time, in seconds.
        last_at: when the last of them was.
        in_flight: how many of its tasks live.
        total: how many tasks it has, those that ended included.
    """

    digest: str
    first_at: float
    last_at: float
    in_flight: int
    total: int


class WorkflowRow(msgspec.Struct, frozen=True):
    """A workflow, as far as there are tasks of it.

    Attributes:
        name: its name.
        definitions: those its tasks are on, the last used first.
        statuses: how many tasks stand where; states without any are left out.
        cost: what the models of all its tasks have cost, those that were purged included.
    """

    name: str
    definitions: tuple[DefinitionRow, ...]
    statuses: dict[TaskState, int]
    cost: Cost = Cost()


FailureOrder = Literal["-last", "-count"]
"""By the newest failure, by the number of failures; the newest, or most, first."""


class FailureGroup(msgspec.Struct, frozen=True):
    """Failed tasks of one workflow and phase, whose errors differ only in numbers, ids and quoted words.

    Attributes:
        key: what `TaskQuery.failure_group` takes.
        workflow: name of their workflow.
        phase: id of the phase in which they failed.
        error: class of the error.
        message: that of the task that failed last.
        count: how many tasks; those that were retried are not among them.
        first_at: when the first of them failed, engine time, in seconds.
        last_at: when the last of them did.
        newest: ids of the tasks that failed last, 5 at most, the newest first.
    """

    key: str
    workflow: str
    phase: str
    error: str
    message: str
    count: int
    first_at: float
    last_at: float
    newest: tuple[str, ...]


class FailurePage(msgspec.Struct, frozen=True):
    """Some groups of failures, and the place behind them; see `Page`."""

    rows: tuple[FailureGroup, ...]
    next: str | None = None


class Bucket(msgspec.Struct, frozen=True):
    """What tasks did in a stretch of time: of those that there are now, as they stand now.

    Attributes:
        at: where it begins, engine time, in seconds.
        submitted: how many were submitted in it.
        completed: how many were completed in it.
        failed: how many failed in it, and were not retried.
        cancelled: how many were cancelled in it.
    """

    at: float
    submitted: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """Tasks that wait for one kind of answer.

    Attributes:
        kind: for whom.
        count: how many.
        since: since when the one that waits longest does, engine time, in seconds; None where none waits.
    """

    kind: WaitKind
    count: int
    since: float | None = None


class Oldest(msgspec.Struct, frozen=True):
    """The task that lives longest: its id, where it stands, and when it was submitted (engine time, in seconds)."""

    id: str
    status: TaskState
    submitted_at: float


class Spending(msgspec.Struct, frozen=True):
    """What the models of a workflow's tasks have cost, those that were purged included."""

    workflow: str
    cost: Cost


class DaySpending(msgspec.Struct, frozen=True):
    """What the models of the tasks that were submitted on one day have cost.

    Attributes:
        at: midnight UTC, at which the day began, in seconds.
        cost: of all workflows, without tasks that were purged.
    """

    at: float
    cost: Cost


class Latency(msgspec.Struct, frozen=True):
    """How long tasks took from submission to their end, in seconds, of the newest of the window.

    Attributes:
        sample: how many tasks that is, 1,000 at most.
        p50: the median, None without any.
        p95: what 95 % did not exceed, None without any.
    """

    sample: int
    p50: float | None = None
    p95: float | None = None


class Overview(msgspec.Struct, frozen=True):
    """How things stand.

    Attributes:
        now: the moment that was asked for, engine time, in seconds.
        bucket_seconds: length of a bucket; whole minutes.
        buckets: 60 at most, the oldest first, up to the one with *now*.
        statuses: how many tasks stand where; states without any are left out.
        waiting: by kind, all of them.
        oldest: the task that lives longest, None where none lives.
        questions: how many are open.
        overdue: of how many the due time has been announced.
        spending: by workflow, the most expensive first.
        days: the last 30 days on which anything was spent, the oldest first.
        latency: of tasks that ended in the window.
    """

    now: float
    bucket_seconds: int
    buckets: tuple[Bucket, ...]
    statuses: dict[TaskState, int]
    waiting: tuple[Waiting, ...]
    oldest: Oldest | None
    questions: int
    overdue: int
    spending: tuple[Spending, ...]
    days: tuple[DaySpending, ...]
    latency: Latency
