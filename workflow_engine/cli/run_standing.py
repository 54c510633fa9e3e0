"""How a task and the tasks that it forked stand, taken together: what moves, what sleeps, and what nobody has yet."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from workflow_engine.agents.batch_turn import provider_of
from workflow_engine.core.components import (
    Child,
    Children,
    Joining,
    Question,
    Ready,
    Run,
    Status,
    Suspended,
)
from workflow_engine.core.reasons import marker_of
from workflow_engine.core.record import TaskRecord
from workflow_engine.errors import UnknownTask
from workflow_engine.face.looking import Inspected, Looking


class Asked(NamedTuple):
    """A question that is open.

    Attributes:
        question: itself.
        phase: the phase that asks.
        step: name of the step of its handler that asks; None where the phase is the question.
    """

    question: Question
    phase: str
    step: str | None


class Lacking(NamedTuple):
    """A phase that cannot be carried out, and what it *needs*, in words."""

    phase: str
    needs: str


class Standing(NamedTuple):
    """How a task stands, with the tasks that it forked.

    Attributes:
        record: the task.
        moving: whether something is under way, about to be, or tried again in a while.
        wakes: when the next of its timers is due, engine time in seconds; None without timers.
        asked: the open questions.
        lacking: what cannot be carried out here.
    """

    record: TaskRecord
    moving: bool
    wakes: float | None
    asked: tuple[Asked, ...]
    lacking: tuple[Lacking, ...]

    @property
    def status(self) -> Status:
        """Where the task stands."""
        return self.record.get(Status)

    @property
    def ended(self) -> bool:
        """Whether the task has ended."""
        return self.status.state.terminal


async def standing(engine: Looking, task: str) -> Standing:
    """Return how *task* stands.

    Raises:
        UnknownTask: there is none of this id.
    """
    root = await engine.inspect(task)
    seen = _Seen()
    waiting = seen.look(root)
    while waiting:
        try:
            waiting += seen.look(await engine.inspect(waiting.pop()))
        except UnknownTask:  # it was removed this moment; its parent goes on
            seen.moving = True
    moving = seen.moving and not root.record.get(Status).state.terminal
    return Standing(root.record, moving, min(seen.timers, default=None), tuple(seen.asked), tuple(seen.lacking))


class _Seen:
    """What was seen so far."""

    def __init__(self) -> None:
        self.moving = False
        self.timers: list[float] = []
        self.asked: list[Asked] = []
        self.lacking: list[Lacking] = []

    def look(self, inspected: Inspected) -> list[str]:
        """Take in one task; return the tasks that it has forked and waits for."""
        record, lacks = inspected
        if not record.runs:  # it has ended, or is between phases: whoever waits for it is about to go on
            self.moving = True
        forked: list[str] = []
        for name, run in record.runs.items():
            forked += self._run(name, run, record, lacks.get(name))
        return forked

    def _run(self, name: str, run: dict[str, Any], record: TaskRecord, needs: str | None) -> list[str]:
        phase: Run = run["run"]
        match marker_of(run):
            case Ready() if needs is not None:
                self.lacking.append(Lacking(phase.phase, needs))
            case Suspended(question=None, until=float(until)):
                self.timers.append(until)
            case Suspended() if "question" in run and provider_of(run["question"]) is not None:
                self.moving = True  # a provider answers it, in a batch
            case Suspended(step=step) if "question" in run:
                self.asked.append(Asked(run["question"], phase.phase, step))
            case Joining():
                forked = list(_forked(run))
                self.moving |= not forked and not any(other.startswith(f"{name}.") for other in record.runs)
                return forked
            case _:
                self.moving = True
        return []


def _forked(run: dict[str, Any]) -> Iterator[str]:
    table: Children | None = run.get("children")
    entries: dict[str, Child] = table.entries if table is not None else {}
    return (task for task, child in entries.items() if child.state is None)
