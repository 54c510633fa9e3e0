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
        parent: id of the task that this one belongs to, or None.
        labels: words for people and filters.
        parent_run: id of the run that waits for this task to end, or None.
        forked_from: id of the task that this one was forked from as a new task, which is no parent of it, or None.
        forked_at: with *forked_from*, the phase it began at; None for the first.
    """

    id: str
    workflow: str
    definition: str
    submitted_at: float
    assigned_to: str | None = None
    priority: int = 0
    parent: str | None = None
    labels: dict[str, str] | None = None
    parent_run: str | None = None
    forked_from: str | None = None
    forked_at: str | None = None


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


class Cost(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What turns of models cost.

    Attributes:
        tokens: read and written.
        dollars: US dollars, as far as the prices are known.
        unpriced: turns of which the price is not known.
    """

    tokens: int = 0
    dollars: float = 0.0
    unpriced: int = 0

    def plus(self, other: "Cost") -> "Cost":
        """Return both together."""
        return Cost(self.tokens + other.tokens, self.dollars + other.dollars, self.unpriced + other.unpriced)

    def negative(self) -> "Cost":
        """Return what takes this away again."""
        return Cost(-self.tokens, -self.dollars, -self.unpriced)


class Spent(Component, frozen=True, gc=False, omit_defaults=True):
    """What the models of a task have cost, and by how much people have extended its budget."""

    cost: Cost = Cost()
    extended: Cost = Cost()


class Stage(Component, frozen=True, gc=False, omit_defaults=True):
    """Which stage of its workflow's ``states`` a task is at, and since when (engine time, in seconds)."""

    name: str
    since: float


class Result(Component, frozen=True, gc=False, omit_defaults=True):
    """What a completed task gave, where that is not simply the output of the phase that ended last."""

    value: msgspec.Raw


class Undoing(Component, frozen=True, gc=False, omit_defaults=True):
    """The task is to end, and what it has done is compensated first.

    Attributes:
        move: how it ends then, "fail" or "cancel".
        reason: why, or None.
        failure: of a task that fails.
        by: who cancels it, where that is known.
    """

    move: str
    reason: str | None = None
    failure: Failure | None = None
    by: str | None = None


class PhaseProgress(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How the latest visit of a task to a phase ended.

    Attributes:
        visits: how often the task came here.
        outcome: "completed"; "failed" or "cancelled"; "skipped", on account of its condition; "unchosen", since
            another way was taken; "superseded", since what it built on is done again; "compensated", or "uncompensated"
            where that failed.
        started: engine time, in seconds.
        ended: engine time, in seconds.
        attempts: of the latest visit.
        output: what the phase gave, where it was completed.
        issues: why the phase rejects what it reviewed, a list; absent where it does not.
        rejections: how often it has sent work back.
        chose: the phase it chose among those that depend on it, or None.
        undo: where it stands among what the task has done and can still be compensated, from 1; 0 for nothing to do.
        sets: names of the context values that visits to the phase have changed, this one and those before it.
    """

    visits: int = 1
    outcome: str = "completed"
    started: float = 0.0
    ended: float = 0.0
    attempts: int = 1
    output: Json = msgspec.UNSET
    issues: Json = msgspec.UNSET
    rejections: int = 0
    chose: str | None = None
    undo: int = 0
    sets: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether what depends on the phase may go on."""
        return self.outcome in DONE


DONE: Final = frozenset({"completed", "skipped", "unchosen"})


class EarlierVisit(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a visit gave whose work was sent back.

    Attributes:
        visit: which one, from 1.
        started: engine time, in seconds.
        ended: engine time, in seconds.
        output: what the phase gave.
        issues: why it rejected what it reviewed, a list; absent where it did not.
        artifacts: references to what the phase had kept until then, an object by name; absent where that is nothing.
    """

    visit: int
    started: float
    ended: float
    output: Json = msgspec.UNSET
    issues: Json = msgspec.UNSET
    artifacts: Json = msgspec.UNSET


class Table(msgspec.Struct, frozen=True):
    """A component that grows by key: its *entries* are changed by `World.put_entry` alone, and journaled one by one."""

    entries: dict[str, Any]
    entry_type: ClassVar[Any] = msgspec.Raw


class Context(Table, frozen=True):
    """Values that handlers leave for later phases, by name."""


class Inherited(Table, frozen=True):
    """Context values that a forked task, or the fork of a task, began with; its own are in `Context`, before these."""


class Artifacts(Table, frozen=True):
    """References to stored artifacts, by name."""


class Progress(Table, frozen=True):
    """How each phase ended, by phase id."""

    entry_type: ClassVar[Any] = PhaseProgress


class Earlier(Table, frozen=True):
    """What earlier visits gave whose work was sent back, the last 20 of each phase, by phase id and a number."""

    entry_type: ClassVar[Any] = EarlierVisit


class Costs(Table, frozen=True):
    """What the models of each phase have cost, all visits and attempts together, by phase id."""

    entry_type: ClassVar[Any] = Cost


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
        item: position in the list of the fan-out that this run is a part of, from 0; None for a whole phase.
    """

    task: str
    phase: str
    visit: int = 1
    since: float = 0.0
    item: int | None = None


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


class Joining(Component, frozen=True, gc=False, omit_defaults=True):
    """The run waits for runs or tasks of its own: the items of a fan-out, or forked tasks.

    Attributes:
        since: engine time, in seconds.
        until: when it is given up, engine time in seconds, or None.
    """

    since: float
    until: float | None = None


class Items(Component, frozen=True, gc=False, omit_defaults=True):
    """The list of a fan-out, a JSON array."""

    value: msgspec.Raw


class ItemResult(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What one item of a fan-out gave: its output, or the error that took its place.

    Attributes:
        output: see above.
        failed: which of the two it is.
        sets: names of the context values that it changed.
    """

    output: msgspec.Raw
    failed: bool = False
    sets: tuple[str, ...] = ()


class Results(Table, frozen=True):
    """What the items of a fan-out gave, by position."""

    entry_type: ClassVar[Any] = ItemResult


class Child(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A task that a run forked.

    Attributes:
        state: how it ended; None while it lives.
        output: what it gave, where it was completed.
        changes: the context values that it left, by name, a JSON object.
        message: why it failed or was cancelled.
    """

    state: TaskState | None = None
    output: Json = msgspec.UNSET
    changes: Json = msgspec.UNSET
    message: str | None = None


class Children(Table, frozen=True):
    """The tasks that a run forked, by id, in the order they were named."""

    entry_type: ClassVar[Any] = Child


class Forking(Component, frozen=True, gc=False, omit_defaults=True):
    """Which step of its handler a run forked for last.

    Attributes:
        step: its name.
        index: which call of the handler it is, from 0.
        count: number of the last task that the run forked.
    """

    step: str
    index: int
    count: int = 0


class Feedback(Component, frozen=True, gc=False, omit_defaults=True):
    """Why the phase is carried out again.

    Attributes:
        issues: a list of ``{"severity": ..., "message": ..., "path": ...}``.
        by: the phase that rejected the work.
        unfit: whether the latest of them is that the output did not fit its schema.
    """

    issues: msgspec.Raw
    by: str
    unfit: bool = False


class Escalated(Component, frozen=True, gc=False, omit_defaults=True):
    """A rejection that a person decides about: what was given, the issues, and which context values were changed."""

    output: msgspec.Raw
    issues: msgspec.Raw
    sets: tuple[str, ...] = ()


class Reserved(Table, frozen=True):
    """What turns of a model under way may cost, by step name; nothing for those that were settled."""

    entry_type: ClassVar[Any] = Cost


class Comment(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What somebody said about an open question, and when (engine time, in seconds).

    Attributes:
        by: who said it.
        at: see above.
        text: what.
        question: id of the question: a run may ask one after the other.
    """

    by: str
    at: float
    text: str
    question: str = ""


class Comments(Table, frozen=True):
    """What people have said about the questions of a run, by number from "1"."""

    entry_type: ClassVar[Any] = Comment


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
        on_due: "notify", "fail" or "escalate".
        picks: the phases that the answer may choose from.
        overdue: whether the due time has been announced.
        claimed_by: who works on it, or None.
        owner: who has delegated it, and gets it back when it is returned; or None.
        escalate_to: who is asked instead once it is due, with *on_due* "escalate".
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
    claimed_by: str | None = None
    owner: str | None = None
    escalate_to: tuple[str, ...] = ()


class StepRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The result of a durable step, and which call of the handler it was, from 0."""

    index: int
    value: msgspec.Raw


class Steps(Table, frozen=True):
    """Recorded results of durable steps inside the handler, by step name."""

    entry_type: ClassVar[Any] = StepRecord


# ---------------------------------------------------------------- of a definition


class Definition(Component, frozen=True, gc=False, omit_defaults=True):
    """A workflow as it was when a task started with it; the entity is ``#`` and its hash.

    Attributes:
        name: of the workflow.
        spec: the definition, JSON.
        told: since when its name has meant it for new tasks, engine time in seconds; None where it never has, since
            only tasks have come over to it.
    """

    name: str
    spec: msgspec.Raw
    told: float | None = 0.0


class Ledger(Component, frozen=True, gc=False, omit_defaults=True):
    """What the models of all tasks of a workflow have cost; the entity is ``#spent:`` and the workflow's name.

    Attributes:
        workflow: its name.
        cost: of all its tasks.
        extended: by how much people have extended its budget.
    """

    workflow: str
    cost: Cost = Cost()
    extended: Cost = Cost()


def ledger_entity(workflow: str) -> str:
    """Return the entity id of the ledger of this workflow."""
    return "#spent:" + workflow


class Timetable(Component, frozen=True, gc=False, omit_defaults=True):
    """When tasks of a workflow are submitted by themselves; the entity is ``#schedule:`` and the workflow's name.

    Attributes:
        workflow: name of the workflow.
        cron: five fields.
        timezone: an IANA name.
        catch_up: "skip", "once" or "all".
        data: what is submitted.
        last: the moment up to which tasks were submitted, engine time in seconds.
    """

    workflow: str
    cron: str
    timezone: str
    catch_up: str
    data: msgspec.Raw
    last: float


def timetable_entity(workflow: str) -> str:
    """Return the entity id of the timetable of this workflow."""
    return "#schedule:" + workflow


def definition_entity(digest: str) -> str:
    """Return the entity id of the definition with this hash."""
    return "#" + digest


COMPONENTS: Final[tuple[type[Component], ...]] = (
    Identity, Data, Status, Failure, Spent, Stage, Result, Undoing,
    Run, Attempt, Ready, Running, Backoff, Suspended, Joining, Items, Forking, Feedback, Escalated, Question,
    Definition, Ledger, Timetable,
)  # fmt: skip
TABLES: Final[tuple[type[Table], ...]] = (
    Context, Inherited, Artifacts, Progress, Earlier, Costs, Answers, Steps, Reserved, Results, Children, Comments
)  # fmt: skip
NAMES: Final[dict[type[Any], str]] = {kind: kind.__name__.lower() for kind in (*COMPONENTS, *TABLES)}
KINDS: Final[dict[str, type[Any]]] = {name: kind for kind, name in NAMES.items()}
