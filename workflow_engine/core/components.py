"""Components: what is true of a task, or of a run of one of its phases.  Frozen data, no behaviour.

JSON that people and handlers wrote (`msgspec.Raw`) is opaque here: it is stored, compared and passed on as it is.
Names and fields live in journals: add fields with defaults, never rename.
"""

from enum import StrEnum
from typing import Any, ClassVar, Final

import msgspec


class TaskState(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    WAITING_HUMAN = "waiting_human"
    WAITING_AGENT = "waiting_agent"
    WAITING_IO = "waiting_io"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether a task that stands here has ended."""
        return self in TERMINAL


TERMINAL: Final = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED})


class WaitKind(StrEnum):
    """What a suspended run waits for."""

    HUMAN = "human"
    AGENT = "agent"
    IO = "io"


Json = msgspec.Raw | msgspec.UnsetType
"""JSON that may be absent, which is not the same as null."""


class Component(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Base of all components; the name in journals is the class name in lower case."""


# ---------------------------------------------------------------- of a task


class Identity(Component, frozen=True, gc=False, omit_defaults=True):
    """What a task is, from its submission on.

    Attributes:
        id: the task's id, without ``/`` and ``#``.
        workflow: name of its workflow.
        definition: hash of the definition it runs on until it ends.
        submitted_at: engine time, in seconds.
        assigned_to: task type for phases that name none, or None.
        priority: higher goes first.
        parent: id of the task that forked this one, or None.
        labels: words for people and filters.
    """

    id: str
    workflow: str
    definition: str
    submitted_at: float
    assigned_to: str | None = None
    priority: int = 0
    parent: str | None = None
    labels: dict[str, str] | None = None


class Data(Component, frozen=True, gc=False, omit_defaults=True):
    """What was submitted."""

    value: msgspec.Raw


class Status(Component, frozen=True, gc=False, omit_defaults=True):
    """Where a task stands, since when (engine time, in seconds), and why, where there is more to say."""

    state: TaskState
    since: float
    reason: str | None = None


class Failure(Component, frozen=True, gc=False, omit_defaults=True):
    """Why a task failed.

    Attributes:
        phase: the phase to retry from.
        error: class of the error.
        message: its sentence.
        attempts: how many were made.
        detail: a trace for the author of a handler, or None.
    """

    phase: str
    error: str
    message: str
    attempts: int
    detail: str | None = None


class PhaseProgress(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How the latest visit of a task to a phase ended.

    Attributes:
        visits: how often the task came here.
        outcome: "completed", "failed" or "cancelled".
        started: engine time, in seconds.
        ended: engine time, in seconds.
        attempts: of the latest visit.
        output: what the phase gave, where it was completed.
    """

    visits: int = 1
    outcome: str = "completed"
    started: float = 0.0
    ended: float = 0.0
    attempts: int = 1
    output: Json = msgspec.UNSET


class Table(msgspec.Struct, frozen=True):
    """A component that grows by key: its *entries* are changed by `World.put_entry` alone, and journaled one by one."""

    entries: dict[str, Any]
    entry_type: ClassVar[Any] = msgspec.Raw


class Context(Table, frozen=True):
    """Values that handlers leave for later phases, by name."""


class Artifacts(Table, frozen=True):
    """References to stored artifacts, by name."""


class Progress(Table, frozen=True):
    """How each phase ended, by phase id."""

    entry_type: ClassVar[Any] = PhaseProgress


class AnswerRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An accepted answer, when (engine time, in seconds) and by whom, where that is known."""

    at: float
    value: msgspec.Raw
    by: str | None = None


class Answers(Table, frozen=True):
    """Accepted answers, by question id."""

    entry_type: ClassVar[Any] = AnswerRecord


# ---------------------------------------------------------------- of a run


class Run(Component, frozen=True, gc=False, omit_defaults=True):
    """One visit of a task to a phase.

    Attributes:
        task: id of the task.
        phase: id of the phase.
        visit: from 1.
        since: engine time of its planning, in seconds.
    """

    task: str
    phase: str
    visit: int = 1
    since: float = 0.0


class Attempt(Component, frozen=True, gc=False, omit_defaults=True):
    """Which attempt a run is at, from 1; the idempotency key of the attempt is ``<run id>/<number>``."""

    number: int = 1


class Ready(Component, frozen=True, gc=False, omit_defaults=True):
    """The run can be carried out as soon as there is a free place, or once what it *needs* is registered.

    Attributes:
        needs: what is missing, as words for people, or None.
        since: engine time, in seconds.
    """

    since: float
    needs: str | None = None


class Running(Component, frozen=True, gc=False, omit_defaults=True):
    """An attempt is under way.

    Attributes:
        since: engine time, in seconds.
        until: when it is given up, engine time in seconds, or None.
    """

    since: float
    until: float | None = None


class Backoff(Component, frozen=True, gc=False, omit_defaults=True):
    """An attempt failed; the next is made at *until* (engine time, in seconds)."""

    until: float
    error: str


class Suspended(Component, frozen=True, gc=False, omit_defaults=True):
    """The run waits for an answer or for a moment.

    Attributes:
        kind: what it waits for.
        since: engine time, in seconds.
        question: id of the open question; None for a timer.
        step: name of the handler's step that the answer is recorded for; None where the answer is the phase's output.
        index: which call of the handler that step is, from 0.
        until: engine time, in seconds, at which a timer wakes the run, or the attempt is given up; None for never.
    """

    kind: WaitKind
    since: float
    question: str | None = None
    step: str | None = None
    index: int = 0
    until: float | None = None


class Question(Component, frozen=True, gc=False, omit_defaults=True):
    """What somebody must answer before the run goes on.

    Attributes:
        id: unique for ever; an answer names it.
        kind: who is meant.
        prompt: the question in words.
        asked_at: engine time, in seconds.
        form: JSON Schema that the answer must satisfy; absent for any JSON.
        show: what the question is about, JSON.
        assignee: who is asked.
        candidates: people or groups of whom any may answer.
        due: engine time, in seconds, after which it is overdue.
        on_due: "notify" or "fail".
        picks: the phases that the answer may choose from.
        overdue: whether the due time has been announced.
    """

    id: str
    kind: WaitKind
    prompt: str
    asked_at: float
    form: Json = msgspec.UNSET
    show: Json = msgspec.UNSET
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    due: float | None = None
    on_due: str = "notify"
    picks: tuple[str, ...] = ()
    overdue: bool = False


class StepRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The result of a durable step, and which call of the handler it was, from 0."""

    index: int
    value: msgspec.Raw


class Steps(Table, frozen=True):
    """Recorded results of durable steps inside the handler, by step name."""

    entry_type: ClassVar[Any] = StepRecord


# ---------------------------------------------------------------- of a definition


class Definition(Component, frozen=True, gc=False, omit_defaults=True):
    """A workflow as it was when a task started with it; the entity is ``#`` and its hash."""

    name: str
    spec: msgspec.Raw


def definition_entity(digest: str) -> str:
    """Return the entity id of the definition with this hash."""
    return "#" + digest


COMPONENTS: Final[tuple[type[Component], ...]] = (
    Identity, Data, Status, Failure, Run, Attempt, Ready, Running, Backoff, Suspended, Question, Definition,
)  # fmt: skip
TABLES: Final[tuple[type[Table], ...]] = (Context, Artifacts, Progress, Answers, Steps)
NAMES: Final[dict[type[Any], str]] = {kind: kind.__name__.lower() for kind in (*COMPONENTS, *TABLES)}
KINDS: Final[dict[str, type[Any]]] = {name: kind for kind, name in NAMES.items()}
