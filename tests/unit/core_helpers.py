"""A core that is driven by hand: the systems' tests build with this and compare what one tick decided."""

from typing import Any, TypeVar

import msgspec

from workflow_engine.core.components import Component, Progress, Status, Table, TaskState, WaitKind
from workflow_engine.core.core import Core
from workflow_engine.core.effects import Abort, Effect, Perform
from workflow_engine.core.events import Event
from workflow_engine.core.inputs import (
    Answer,
    AttemptFailed,
    Define,
    Input,
    Serving,
    Settled,
    Submit,
    Suspend,
)
from workflow_engine.core.tick import Decision
from workflow_engine.errors import EngineError
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import Defaults, RetryPolicy

C = TypeVar("C", bound=Component | Table)

STEADY = RetryPolicy(max_attempts=3, initial=10.0, multiplier=2.0, max=60.0, jitter=False)
"""Pauses of 10 and 20 seconds, then the end."""


class Driven:
    """A core that knows one workflow.

    Args:
        phases: of the workflow; one phase "a" unless given.
        serving: whether runs are carried out.
        retry: for phases that have no policy of their own.
        **given: what else is said of the workflow.

    Attributes:
        core: the core itself.
        digest: hash of the workflow.
    """

    def __init__(self, *phases: Phase, serving: bool = True, retry: RetryPolicy = STEADY, **given: Any) -> None:
        self.core = Core()
        spec = WorkflowSpec(name="w", phases=phases or (Phase(id="a"),), defaults=Defaults(retry=retry), **given)
        self.digest = spec.digest()
        self.tick(0.0, defined(spec), Serving(serving))

    def tick(self, now: float, *inputs: Input) -> Decision:
        """Have the core decide."""
        return self.core.tick(list(inputs), now)

    def submit(self, task: str = "t", data: object = 1, **given: Any) -> Submit:
        """Return the submission of a task of this workflow."""
        return Submit(task, self.digest, raw(data), **given)

    def state(self, task: str = "t") -> TaskState:
        """Return where a task stands."""
        return self.find(task, Status).state

    def find(self, entity: str, kind: type[C]) -> C:
        """Return a component that a task has, live or ended."""
        record = self.core.record(entity)
        assert record is not None
        return record.get(kind)

    def outcomes(self, task: str = "t") -> dict[str, str]:
        """Return how the phases of a task have ended."""
        return {phase: entry.outcome for phase, entry in self.find(task, Progress).entries.items()}

    def live(self, task: str = "t") -> list[str]:
        """Return the runs of a task, items included."""
        return [entity for entity in self.core.snapshot() if entity.startswith(f"{task}/")]

    def marker(self, run: str = "t/a/1") -> dict[str, Any]:
        """Return the components of a live run but for those that never change."""
        found = self.core.snapshot()[run]
        return {name: component for name, component in found.items() if name not in ("run", "attempt", "steps")}


def raw(value: object) -> msgspec.Raw:
    """Return a value as JSON."""
    return msgspec.Raw(msgspec.json.encode(value))


def defined(spec: WorkflowSpec) -> Define:
    """Return the input that tells of a workflow."""
    return Define(spec.digest(), spec.name, msgspec.Raw(spec.stored()))


def started(*phases: Phase, retry: RetryPolicy = STEADY, **given: Any) -> Driven:
    """Return a core with task t, submitted at 100 and under way in its first phase."""
    driven = Driven(*phases, retry=retry, **given)
    driven.tick(100.0, driven.submit())
    return driven


def settled(run: str = "t/a/1", attempt: int = 1, output: object = "out", **given: Any) -> Settled:
    """Return the success of an attempt."""
    return Settled(run, attempt, raw(output), **given)


def failed(run: str = "t/a/1", attempt: int = 1, **given: Any) -> AttemptFailed:
    """Return the failure of an attempt."""
    return AttemptFailed(run, attempt, "Boom", "it broke", **given)


def asks(run: str = "t/a/1", attempt: int = 1, step: str | None = None, **given: Any) -> Suspend:
    """Return a question to a human: of the whole phase, or of a step of its handler."""
    return Suspend(run, attempt, WaitKind.HUMAN, prompt="Well?", step=step, **given)


def sleeps(seconds: float, run: str = "t/a/1", attempt: int = 1) -> Suspend:
    """Return a timer of a handler."""
    return Suspend(run, attempt, WaitKind.IO, step="sleep", wake_in=seconds)


def answer(question: str = "t/a/1/1q0", value: object = "yes", **given: Any) -> Answer:
    """Return an answer."""
    return Answer(question, raw(value), **given)


def rejects(run: str, attempt: int = 1, *reasons: str) -> Settled:
    """Return a verdict that rejects."""
    return Settled(run, attempt, raw("no"), issues=issues(*reasons))


def issues(*reasons: str) -> msgspec.Raw:
    """Return a list of issues."""
    return raw([{"severity": "error", "message": reason, "path": None} for reason in reasons])


def performed(decision: Decision) -> list[str]:
    """Return the runs that a tick has started."""
    return [effect.run for effect in decision.effects if isinstance(effect, Perform)]


def aborted(decision: Decision) -> list[str]:
    """Return the runs that a tick has stopped."""
    return [effect.run for effect in decision.effects if isinstance(effect, Abort)]


def perform(run: str = "t/a/1", attempt: int = 1, adapter: str = "functional") -> Perform:
    """Return the effect that starts an attempt."""
    task, phase, _ = run.split("/")
    return Perform(run, task, phase, attempt, adapter)


def decided(decision: Decision) -> tuple[list[Effect], list[Event]]:
    """Return what a tick asked for and told."""
    return decision.effects, decision.events


def refused(decision: Decision) -> tuple[type[EngineError], str]:
    """Return what the one caller of a tick was refused with."""
    [(_, reply)] = decision.replies
    assert isinstance(reply, EngineError), reply
    return type(reply), str(reply)
