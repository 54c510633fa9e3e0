"""Sources: tasks that are taken up, or that new tasks are forked from, if that can be done."""

from typing import NamedTuple

from workflow_engine.core.components import Identity, Status
from workflow_engine.core.lifecycle import TRANSITIONS, Move
from workflow_engine.core.plan import Plan
from workflow_engine.core.record import as_it_is
from workflow_engine.core.retaking import Retake, fork_at, retake, unchosen
from workflow_engine.core.tick import Components, State
from workflow_engine.errors import IllegalTransition, InputRefused, UnknownTask


class Source(NamedTuple):
    """A task as it is, and how it is taken up, or a new task is forked from it.

    Attributes:
        identity: of the task.
        record: its components.
        plan: what it goes by.
        found: how it, or the new task, begins.
    """

    identity: Identity
    record: Components
    plan: Plan
    found: Retake


def to_retry(state: State, task: str, phase: str | None) -> Source:
    """Return a failed task, and how it is taken up from *phase*, or from what failed.

    Raises:
        UnknownTask: there is none of this id.
        IllegalTransition: it has not failed.
        InputRefused: it has no such phase, or that is on a way that was not taken, or its definition is lost.
    """
    live = state.world.find(task, Status) if task not in state.ended else None
    if live is not None:
        remedy = "wait until it has ended, or cancel it and fork it as a new task"
        raise IllegalTransition(f"task {task}", live.state, Move.RETRY, remedy)
    record = state.ended.get(task)
    if record is None:
        raise UnknownTask("task", task)
    status = record["status"]
    assert isinstance(status, Status)
    if (status.state, Move.RETRY) not in TRANSITIONS:
        raise IllegalTransition(f"task {task}", status.state, Move.RETRY, "fork it as a new task")
    identity, plan = _of(state, task, record, "retried", "submit it anew")
    _check(task, plan, phase)
    found = retake(record, plan, phase)
    _check_chosen(task, plan, phase, found, "retry")
    return Source(identity, record, plan, found)


def to_fork(state: State, task: str, phase: str | None) -> Source:
    """Return a task, live or ended, and how a new one begins that is forked from it at *phase*, or from the first.

    Raises:
        UnknownTask: there is none of this id.
        InputRefused: it has no such phase, or that is on a way that was not taken, or its definition is lost.
    """
    record = state.ended.get(task)
    if record is None:
        if state.world.find(task, Identity) is None:
            raise UnknownTask("task", task)
        record = as_it_is(state.world.components(task))
    identity, plan = _of(state, task, record, "forked", "submit a new task with its data")
    _check(task, plan, phase)
    found = fork_at(record, plan, phase)
    _check_chosen(task, plan, phase, found, "fork")
    return Source(identity, record, plan, found)


def _of(state: State, task: str, record: Components, what: str, remedy: str) -> tuple[Identity, Plan]:
    identity = record["identity"]
    assert isinstance(identity, Identity)
    plan = state.plans.get(identity.definition)
    if plan is None:
        lost = f"the journal has lost the definition of {identity.workflow!r}"
        raise InputRefused(f"task {task} cannot be {what}: {lost}; {remedy}")
    return identity, plan


def _check(task: str, plan: Plan, phase: str | None) -> None:
    if phase is not None and phase not in plan.graph.edges:
        known = ", ".join(plan.graph.edges)
        raise InputRefused(f"task {task} has no phase {phase!r}; its phases are {known}")


def _check_chosen(task: str, plan: Plan, phase: str | None, found: Retake, what: str) -> None:
    """Return if a phase of a graph is on a way that is taken: else it would be left out once more."""
    chooser = unchosen(plan, found.entries, phase) if plan.is_graph and phase is not None else None
    if chooser is not None:
        chose = found.entries[chooser].chose
        raise InputRefused(
            f"phase {phase!r} of task {task} is on a way that was not taken: phase {chooser!r} chose {chose!r}; "
            f"{what} from {chooser!r}"
        )
