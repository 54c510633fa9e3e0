"""Tasks as the API has them."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from workflow_engine.core.components import TaskState, WaitKind
from workflow_engine.errors import InputRefused
from workflow_engine.face.submitting import PRIORITY_MAX
from workflow_engine.readmodel.rows import LIMIT, Order, TaskQuery
from workflow_engine.registry import TASK_ID
from workflow_engine.ui.api.models.common import (
    Count,
    Counted,
    Cursor,
    JsonValue,
    Limit,
    Moment,
    Name,
    Reply,
    Request,
    Spent,
    TaskId,
    When,
)

RESERVED = ("counts", "bulk", "import")
"""What stands in paths where else the id of a task does; a task is not submitted under such an id."""


def _new_id(value: str) -> str:
    if value in RESERVED or value in (".", "..") or not TASK_ID.fullmatch(value):
        raise ValueError(
            f"use 1 to 200 characters without spaces, '/' and '#', and none of {', '.join(RESERVED)}, '.' and '..'"
        )
    return value


NewTaskId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s/#\x00-\x1f\x7f]+$"),
    AfterValidator(_new_id),
]
"""An id for a task that is submitted."""

Labels = Annotated[dict[Name, Annotated[str, Field(max_length=10_000)]], Field(max_length=100)]
"""Words for people and filters, by name."""

Priority = Annotated[int, Field(ge=-PRIORITY_MAX, le=PRIORITY_MAX)]


class SubmitTask(Request):
    """A task to be taken in."""

    data: Annotated[JsonValue, Field(description="What it is about, at most 4 MiB.")] = None
    workflow: Annotated[Name | None, Field(description="The workflow it goes through.")] = None
    classification: Annotated[
        Name | None,
        Field(description="With a workflow, where in it to begin; alone, the one handler that does it."),
    ] = None
    assigned_to: Annotated[Name | None, Field(description="Task type for the phases that name none.")] = None
    task_id: Annotated[NewTaskId | None, Field(description="An id of your own.")] = None
    priority: Annotated[Priority, Field(description="Higher goes first.")] = 0
    labels: Labels | None = None
    parent: Annotated[TaskId | None, Field(description="Id of the task it belongs to.")] = None


class TaskSelection(Request):
    """Which tasks; what is left out does not narrow."""

    status: Annotated[tuple[TaskState, ...], Field(max_length=8, description="Any of these.")] = ()
    workflow: Annotated[tuple[Name, ...], Field(max_length=20, description="Any of these.")] = ()
    phase: Annotated[Name | None, Field(description="A phase that a run of the task is in.")] = None
    classification: Name | None = None
    waiting: Annotated[WaitKind | None, Field(description="What that run waits for.")] = None
    label: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^=\x00]{1,200}=", max_length=2_000)], ...],
        Field(max_length=10, description="`name=value`; all of these."),
    ] = ()
    text: Annotated[
        str | None, Field(max_length=1_000, description="Words, all of which stand in it; `ship*` for a beginning.")
    ] = None
    parent: TaskId | None = None
    submitted_after: When | None = None
    submitted_before: When | None = None
    since_after: Annotated[When | None, Field(description="When it came to stand where it stands.")] = None
    since_before: When | None = None
    definition: Annotated[Name | None, Field(description="Hash of the definition it runs on.")] = None
    failure_group: Annotated[Name | None, Field(description="Key of a group of `GET /failures`.")] = None
    failed_phase: Name | None = None
    error: Annotated[Name | None, Field(description="Class of the error it failed with.")] = None

    def query(self, order: Order = "-submitted", limit: int = LIMIT, after: str | None = None) -> TaskQuery:
        """Return what the index is asked.

        Raises:
            InputRefused: a label is asked for with two values.
        """
        cut = [entry.partition("=") for entry in self.label]
        pairs = [(name, value) for name, _, value in cut]
        labels = dict(pairs)
        if len(labels) != len(set(pairs)):
            raise InputRefused("a label is asked for with two values, and no task has both; name each once")
        return TaskQuery(
            statuses=self.status,
            workflows=self.workflow,
            phase=self.phase,
            classification=self.classification,
            waiting=self.waiting,
            labels=labels,
            text=self.text,
            parent=self.parent,
            submitted_after=_at(self.submitted_after),
            submitted_before=_at(self.submitted_before),
            since_after=_at(self.since_after),
            since_before=_at(self.since_before),
            definition=self.definition,
            failure_group=self.failure_group,
            failed_phase=self.failed_phase,
            error=self.error,
            order=order,
            limit=limit,
            after=after,
        )


def _at(moment: Any) -> float | None:
    return moment.timestamp() if moment is not None else None


class TaskFilter(TaskSelection):
    """Which tasks, in what order, and which part of them."""

    order: Annotated[
        Order, Field(description="By submission, by when it came to stand where it stands, by priority, or by id.")
    ] = "-submitted"
    limit: Limit = LIMIT
    after: Cursor | None = None


class Failure(Reply):
    """Why a task failed; it is retried from *phase*."""

    phase: str
    error: str
    message: str
    attempts: Count = 0
    detail: str | None = None


class TaskSummary(Reply):
    """A task as lists show it."""

    id: str
    workflow: str
    definition: str
    status: TaskState
    since: Moment
    reason: str | None
    stage: str | None
    submitted_at: Moment
    ended_at: Moment | None
    priority: int
    assigned_to: str | None
    parent: str | None
    labels: dict[str, str]
    phases: tuple[str, ...]
    classifications: tuple[str, ...]
    waiting: tuple[WaitKind, ...]
    failed_phase: str | None
    error: str | None
    message: str | None
    failure_group: str | None
    cost: Spent | None


class TaskPage(Reply):
    """Some tasks; `next` is `after` of the next page, null at the end."""

    tasks: tuple[TaskSummary, ...]
    next: str | None


class TaskCounts(Reply):
    """How many tasks stand where; states without any are left out."""

    counts: dict[TaskState, Counted]
    total: Counted


class Artifact(Reply):
    """A file that a task has; `phase` made it."""

    name: str
    size: Annotated[Count, Field(description="Bytes.")]
    sha256: str
    media_type: str
    phase: str | None


class Artifacts(Reply):
    """The files of a task, by name."""

    artifacts: tuple[Artifact, ...]


class Task(Reply):
    """A task."""

    id: str
    workflow: str
    definition: str
    status: TaskState
    since: Moment
    reason: str | None
    stage: str | None
    phase: str | None
    classification: str | None
    submitted_at: Moment
    assigned_to: str | None
    priority: int
    parent: str | None
    forked_from: Annotated[str | None, Field(description="Id of the task it was forked from by `fork`.")]
    labels: dict[str, str]
    data: JsonValue
    context: dict[str, JsonValue]
    outputs: Annotated[dict[str, JsonValue], Field(description="Outputs of completed phases, by phase.")]
    output: Annotated[JsonValue, Field(description="What it gave, once it is completed.")]
    artifacts: dict[str, Artifact]
    cost: Spent
    failure: Failure | None


class PhaseState(Reply):
    """What a task has done in a phase."""

    phase: str
    outcome: str
    visits: Count
    attempts: Count
    started: Moment
    ended: Moment
    rejections: Count


class Run(Reply):
    """What a task does in a phase at the moment."""

    id: str
    phase: str
    visit: Count
    attempt: Count
    state: str
    since: Moment
    item: Annotated[int | None, Field(description="Of a fan-out: its place in the list, from 0.")]
    questions: Annotated[tuple[str, ...], Field(description="Ids of its open questions.")]


class TaskDetail(Task):
    """A task with what it has done and does."""

    phases: tuple[PhaseState, ...]
    runs: tuple[Run, ...]
    questions: Annotated[tuple[str, ...], Field(description="Ids of its open questions.")]


class WaitQuery(Request):
    """How long to wait."""

    timeout: Annotated[float, Field(ge=0, le=60, description="Seconds.")] = 30.0


class Explanation(Reply):
    """What or whom a task waits for, since when, and what happens next."""

    task: str
    explanation: str
