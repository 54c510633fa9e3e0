"""What a server says, as frozen values.  Moments are in UTC."""

from datetime import datetime
from typing import Any

import msgspec

from workflow_engine.core.components import TaskState, WaitKind


class View(msgspec.Struct, frozen=True):
    """Base of what a server says; what it says beside that is left out."""


class Cost(View, frozen=True):
    """What models have cost.

    Attributes:
        tokens: read and written.
        dollars: US dollars, as far as prices are known.
        unpriced: turns of which the price is not known.
    """

    tokens: int = 0
    dollars: float = 0.0
    unpriced: int = 0


class Failure(View, frozen=True):
    """Why a task failed; it is retried from *phase*."""

    phase: str
    error: str
    message: str
    attempts: int = 0
    detail: str | None = None


class Artifact(View, frozen=True):
    """A file of a task: its size is in bytes, and *phase* made it."""

    name: str
    size: int
    sha256: str
    media_type: str
    phase: str | None = None


class Phase(View, frozen=True):
    """What a task has done in a phase, as `workflow_engine.core.components.PhaseProgress` has it."""

    phase: str
    outcome: str
    visits: int
    attempts: int
    started: datetime
    ended: datetime


class Run(View, frozen=True):
    """What a task does in a phase at the moment."""

    id: str
    phase: str
    visit: int
    attempt: int
    state: str
    since: datetime


class Task(View, frozen=True):
    """A task as it was when the server answered, with the attributes of `workflow_engine.task.Task`.

    Attributes:
        id: its id.
        workflow: name of its workflow.
        definition: hash of the definition it runs on.
        status: where it stands, since when, and why, where there is more to say.
        since: see status.
        reason: see status.
        stage: the stage of its workflow that it is at, or None.
        phase: the phase that it is in, and what that is classified as; None between phases and at the end.
        classification: see phase.
        submitted_at: when it was submitted.
        assigned_to: task type for phases that name none, or None.
        priority: higher goes first.
        parent: id of the task it belongs to, or None.
        forked_from: id of the task it was forked from, or None.
        labels: words for people and filters.
        data: what it is about.
        context: values that handlers left.
        outputs: of completed phases, by phase.
        output: what it gave.
        artifacts: its files, by name.
        cost: what its models have cost.
        failure: why it failed, or None.
        phases: what it has done; empty in what commands give back, as the next two.
        runs: what it does.
        questions: ids of its open questions.
    """

    id: str
    workflow: str
    definition: str
    status: TaskState
    since: datetime
    submitted_at: datetime
    reason: str | None = None
    stage: str | None = None
    phase: str | None = None
    classification: str | None = None
    assigned_to: str | None = None
    priority: int = 0
    parent: str | None = None
    forked_from: str | None = None
    labels: dict[str, str] = {}
    data: Any = None
    context: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    output: Any = None
    artifacts: dict[str, Artifact] = {}
    cost: Cost = Cost()
    failure: Failure | None = None
    phases: tuple[Phase, ...] = ()
    runs: tuple[Run, ...] = ()
    questions: tuple[str, ...] = ()


class TaskSummary(View, frozen=True):
    """A task as lists show it; see `workflow_engine.readmodel.rows.TaskRow`."""

    id: str
    workflow: str
    definition: str
    status: TaskState
    since: datetime
    submitted_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None
    stage: str | None = None
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
    failure_group: str | None = None
    cost: Cost | None = None


class TaskPage(View, frozen=True):
    """Some tasks; *next* is `TaskQuery.after` of the next page, None at the end."""

    rows: tuple[TaskSummary, ...] = msgspec.field(name="tasks")
    next: str | None = None


class QuestionSummary(View, frozen=True):
    """An open question as lists show it; see `workflow_engine.readmodel.rows.QuestionRow`."""

    id: str
    task: str
    run: str
    phase: str
    workflow: str
    kind: WaitKind
    prompt: str
    asked_at: datetime
    priority: int = 0
    visit: int = 1
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    claimed_by: str | None = None
    owner: str | None = None
    escalate_to: tuple[str, ...] = ()
    due: datetime | None = None
    overdue: bool = False


class QuestionPage(View, frozen=True):
    """Some questions; *next* is `QuestionQuery.after` of the next page, None at the end."""

    rows: tuple[QuestionSummary, ...] = msgspec.field(name="questions")
    next: str | None = None


class Comment(View, frozen=True):
    """What somebody said about a question."""

    by: str
    at: datetime
    text: str


class QuestionFeedback(View, frozen=True):
    """Why a phase is carried out again, and which phase rejected the work."""

    by: str
    issues: Any


class Question(View, frozen=True):
    """An open question; see `workflow_engine.question_view.QuestionView`.

    Attributes:
        answerable: whether you may answer it.
        why_not: why not, or None.
    """

    id: str
    task: str
    run: str
    phase: str
    workflow: str
    kind: WaitKind
    prompt: str
    asked_at: datetime
    shown: str
    answerable: bool
    why_not: str | None = None
    visit: int = 1
    form: dict[str, Any] | None = None
    show: Any = None
    picks: tuple[str, ...] = ()
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    claimed_by: str | None = None
    owner: str | None = None
    due: datetime | None = None
    on_due: str = "notify"
    escalate_to: tuple[str, ...] = ()
    overdue: bool = False
    comments: tuple[Comment, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    feedback: QuestionFeedback | None = None
    parts: dict[str, str] = {}


class Event(View, frozen=True):
    """Something that was decided.

    Attributes:
        place: by which one goes on behind it.
        at: when.
        task: id of the task.
        event: what, with its name under "event"; moments in it are seconds since the epoch.
    """

    place: str
    at: datetime
    task: str
    event: dict[str, Any]

    @property
    def name(self) -> str:
        """What was decided, as ``TaskCompleted``."""
        return str(self.event.get("event", ""))


class EventPage(View, frozen=True):
    """Some events, the oldest first."""

    events: tuple[Event, ...]
    last: str
    next: str | None = None


class Rerun(View, frozen=True):
    """What a retry or a fork would do; see `workflow_engine.core.reruns.Rerun`."""

    task: str
    phase: str | None
    runs: tuple[str, ...]
    keeps: tuple[str, ...]
    sentence: str
    perhaps: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class BulkOutcome(View, frozen=True):
    """What happened to a task: "done", "would be done" or "refused", and then why."""

    task: str
    outcome: str
    error: str | None = None
    detail: str | None = None


class BulkResult(View, frozen=True):
    """What happened to each; *more* says that the filter fits further tasks, which were not looked at."""

    action: str
    dry_run: bool
    done: int
    refused: int
    more: bool
    tasks: tuple[BulkOutcome, ...]
