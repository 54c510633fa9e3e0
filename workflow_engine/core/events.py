"""Events: what the core decided, for people and programs that watch.  They carry no time: their commit does."""

import msgspec


class Event(msgspec.Struct, frozen=True, tag_field="event", tag=True, gc=False, omit_defaults=True):
    """Base of all events; each is about one task."""

    task: str


class TaskSubmitted(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A task was taken in; *forked_from* names the task that it was forked from as a new task."""

    workflow: str
    by: str | None = None
    forked_from: str | None = None


class TaskClassified(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A classifier gave the task its workflow."""

    workflow: str


class PhaseStarted(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """An attempt of a run was started."""

    run: str
    attempt: int = 1


class PhaseSkipped(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A phase was left out: its condition does not hold, or another way was chosen."""

    phase: str
    why: str


class PhaseRejected(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A reviewing phase rejected, and why; *target* does its work again, or None where that is at an end."""

    run: str
    target: str | None
    message: str = ""


class OutputRefused(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The output of an attempt did not fit its schema, and was handed back."""

    run: str
    message: str


class FannedOut(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A phase is carried out once for each of *items* items."""

    run: str
    items: int


class ItemFailed(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """An item of a fan-out failed for good, and the others go on."""

    run: str
    error: str
    message: str


class TasksForked(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A run waits for tasks of its own."""

    run: str
    tasks: tuple[str, ...]


class StageChanged(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The task went from one stage of its workflow's states to another."""

    stage: str
    before: str


class UndoBegun(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The task ends, and what it has done is compensated first."""

    reason: str | None = None


class UndoFailed(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A phase could not be compensated; the others are."""

    phase: str
    message: str


class TaskMigrated(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The task goes on with another definition of its workflow."""

    definition: str
    by: str | None = None


class TaskAdopted(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A task that another engine had exported was taken in."""

    workflow: str
    by: str | None = None


class ArtifactAdded(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """An artifact was kept with the task, from outside; those of its handlers are not told."""

    name: str
    by: str | None = None


class PhaseCompleted(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A run gave its output."""

    run: str


class AttemptFailed(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """An attempt failed; what follows is in the next event."""

    run: str
    attempt: int
    error: str
    message: str


class RetryScheduled(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The run is tried again at *until* (engine time, in seconds)."""

    run: str
    until: float


class RunParked(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The run cannot be carried out until what it *needs* is registered."""

    run: str
    needs: str


class QuestionAsked(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The run waits for an answer; *by* has suspended it from outside."""

    run: str
    question: str
    kind: str
    assignee: str | None = None
    by: str | None = None


class QuestionOverdue(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A question's due time has passed."""

    run: str
    question: str


class QuestionAnswered(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A question was answered."""

    run: str
    question: str
    by: str | None = None


class QuestionClaimed(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """Somebody works on a question."""

    run: str
    question: str
    by: str


class QuestionUnclaimed(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """Somebody does not work on a question any more."""

    run: str
    question: str
    by: str


class QuestionAssigned(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """Others are asked a question from now on, and why, where *by* has said so."""

    run: str
    question: str
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    by: str | None = None
    note: str | None = None


class QuestionDelegated(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """Somebody has another person answer a question for them."""

    run: str
    question: str
    to: str
    by: str


class QuestionCommented(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """Somebody said something about a question."""

    run: str
    question: str
    by: str
    text: str


class QuestionDueSet(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A question has another due time (engine time, in seconds), None for none."""

    run: str
    question: str
    due: float | None = None
    by: str | None = None


class QuestionEscalated(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """Nobody answered a question in time, and others are asked."""

    run: str
    question: str
    to: tuple[str, ...]


class TimerSet(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The run sleeps until *until* (engine time, in seconds)."""

    run: str
    until: float


class TaskCompleted(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The task's last phase is done."""


class TaskFailed(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """The task gave up."""

    error: str
    message: str


class TaskCancelled(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """Somebody ended the task."""

    reason: str | None = None
    by: str | None = None


class TaskRetried(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A failed task was taken up again from *phase*."""

    phase: str
    by: str | None = None


class TaskPurged(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A task that had ended was removed for good."""

    by: str | None = None
