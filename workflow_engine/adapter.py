"""The adapter port: whoever carries out runs of one task type."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

from workflow_engine.core.components import Cost, Question, WaitKind
from workflow_engine.errors import EngineError
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class Output(NamedTuple):
    """What an attempt gave.

    Attributes:
        value: the phase's output, anything that can be JSON.
        pick: the classification that shall follow; None for the default.
        artifacts: references of artifacts to add to the task, by name, as `ArtifactStore.put` returned them.
        rebind: name of the workflow that the task goes on with, or None.
    """

    value: Any
    pick: str | None = None
    artifacts: dict[str, Any] | None = None
    rebind: str | None = None


class Suspend(NamedTuple):
    """The run waits for an answer, which becomes the phase's output.

    Attributes:
        kind: who is meant.
        prompt: the question in words.
        form: JSON Schema of the answer, or None for any JSON.
        show: what the question is about, anything that can be JSON.
        assignee: who is asked.
        candidates: people or groups of whom any may answer.
        due: seconds after which the question is overdue.
        on_due: "notify", "fail" or "escalate".
        escalate_to: with "escalate", who is asked once the question is overdue.
    """

    kind: WaitKind
    prompt: str
    form: dict[str, Any] | None = None
    show: Any = None
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    due: float | None = None
    on_due: str = "notify"
    escalate_to: tuple[str, ...] = ()


class Missing(EngineError):
    """An adapter cannot carry out this run because something is not registered here.

    The run waits until it is; no attempt is spent.

    Attributes:
        needs: what is missing, as words: "a handler for 'review'".
    """

    def __init__(self, needs: str) -> None:
        super().__init__(needs)
        self.needs = needs

    def __str__(self) -> str:
        return f"{self.needs} is not registered in this process; register it to let the task go on"


class Adapter(Protocol):
    """Carries out attempts of one task type.  It translates to and from the outside; it never decides on retries.

    It may also have ``async def start(self)`` and ``async def close(self)``; see `Starts`, `Closes` and
    `TakesInbox`.
    """

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """Carry out one attempt of *phase* for *task* and return what it gave, or what it waits for.

        After a crash the same attempt comes again; ``task.key`` is then the same, so that the outside can recognise it.
        On a timeout, a cancellation or a stop of the engine the call is cancelled (`asyncio.CancelledError`).

        Raises:
            TransientFailure: it may work later; the engine tries again as the phase's policy says.
            PermanentFailure: it will not; the task fails.
            Missing: something is not registered here; the run waits for it.
        """
        ...


class Inbox(Protocol):
    """The open questions of the runs that one adapter carries out, for an adapter that answers some of them itself."""

    def now(self) -> float:
        """Return engine time, in seconds since the epoch."""
        ...

    def open(self, kind: WaitKind) -> list[Question]:
        """Return the open questions of a kind, in no order.  It costs what exists: for the start; then `watch`."""
        ...

    def find(self, question: str) -> Question | None:
        """Return a question by its id, None once it is answered or withdrawn."""
        ...

    def watch(self, watcher: Callable[[Question], None]) -> None:
        """Have *watcher* called, on the engine's loop, with each question that is asked from now on.

        The question is durable then.  The watcher must return soon and not raise.
        """
        ...

    async def answer(self, question: str, value: Any, cost: Cost | None = None) -> None:
        """Answer a question, and book what the answer did cost; both are durable when this returns.

        Raises:
            AnswerRefused: it is not open.
            EngineStopped: nothing can be stored at the moment.
        """
        ...


@runtime_checkable
class TakesInbox(Protocol):
    """An adapter that answers questions itself."""

    def take_inbox(self, inbox: Inbox) -> None:
        """Take what is valid until `Closes.close`.  Called before `Starts.start`, each time the engine runs."""
        ...


@runtime_checkable
class Explains(Protocol):
    """An adapter that knows more of a question than the question says."""

    def about(self, question: Question) -> str | None:
        """Return what is being done about an open question, as words that can stand in a sentence, or None."""
        ...


@runtime_checkable
class Starts(Protocol):
    """An adapter that has something to do before the first attempt."""

    async def start(self) -> None:
        """Get ready.  Called when an engine begins to carry tasks out, which waits for it; what it raises ends that."""
        ...


@runtime_checkable
class Closes(Protocol):
    """An adapter that has something to let go of."""

    async def close(self) -> None:
        """Let go.  Called when an engine has stopped carrying tasks out: what was under way is done or cancelled."""
        ...
