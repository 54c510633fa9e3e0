"""Events: what the core decided, for people and programs that watch.  They carry no time: their commit does."""

import msgspec


class Event(msgspec.Struct, frozen=True, tag_field="event", tag=True, gc=False, omit_defaults=True):
    """Base of all events; each is about one task."""

    task: str


class TaskSubmitted(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A task was taken in."""

    workflow: str


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


class TaskAdopted(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A task that another engine had exported was taken in."""

    workflow: str


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
    """The run waits for an answer."""

    run: str
    question: str
    kind: str
    assignee: str | None = None


class QuestionOverdue(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A question's due time has passed."""

    run: str
    question: str


class QuestionAnswered(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A question was answered."""

    run: str
    question: str
    by: str | None = None


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


class TaskRetried(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A failed task was taken up again from *phase*."""

    phase: str


class TaskPurged(Event, frozen=True, tag=True, gc=False, omit_defaults=True):
    """A task that had ended was removed for good."""
