"""Joining: runs fan out over items, fork tasks, and go on once all of these have ended."""

from typing import Any, Final

import esper
import msgspec

from workflow_engine.core.beginnings import begin_task
from workflow_engine.core.components import (
    Child,
    Children,
    Context,
    Data,
    Forking,
    Identity,
    Inherited,
    Joining,
    Json,
    Run,
    Running,
    StepRecord,
    Steps,
    TaskState,
)
from workflow_engine.core.events import TasksForked
from workflow_engine.core.fans import fan_out
from workflow_engine.core.inputs import Branch, FanOut, Fork
from workflow_engine.core.runs import enqueue, take_back
from workflow_engine.core.tick import Failed, Tick, Visit

_NULL: Final = msgspec.Raw(b"null")
_EMPTY: Final = msgspec.Raw(b"{}")

MESSAGE_MAX = 500
"""Most characters of the reason that a forked task did not complete: each level repeats those below it."""

NESTING_MAX = 20
"""How many tasks may stand one below the other; more is a workflow that forks itself without end."""


class JoiningSystem(esper.Processor):
    """Reads FanOut, Fork, `State.joined`, Children.  Writes Joining, Items, Forking, Children, Steps, and new tasks.

    Fills `Tick.ready`, `done`, `failed`, `begin`.  Emits FannedOut, TasksForked, TaskSubmitted.
    """

    def process(self, tick: Tick) -> None:
        """Begin what runs are made of, and wake those of which all parts have ended."""
        for given in tick.of(FanOut):
            found = take_back(tick, given.run, given.attempt)
            done = fan_out(tick, found.visit, given.items) if found is not None else None
            if done is not None:
                tick.done.append(done)
        for fork in tick.of(Fork):
            found = take_back(tick, fork.run, fork.attempt)
            if found is not None:
                _fork(tick, found.visit, fork)
        for run in tick.state.joined:
            if run in tick.world and tick.world.find(run, Joining) is not None:
                _join(tick, run)
        tick.state.joined.clear()


def _fork(tick: Tick, visit: Visit, fork: Fork) -> None:
    world, run_id = tick.world, visit.run_id
    if visit.run.task.count("~") >= NESTING_MAX:
        message = f"tasks fork tasks {NESTING_MAX} deep; mend the workflow that forks itself"
        tick.failed.append(Failed(run_id, "ForkedTooDeep", message, permanent=True))
        return
    known = world.find(run_id, Forking)
    children: list[str] = []
    number = known.count if known is not None else 0
    for branch in fork.branches:
        number += 1
        child = f"{visit.run.task}~{_word(visit.run)}.{number}"
        while child in world or child in tick.state.ended:
            number += 1
            child = f"{visit.run.task}~{_word(visit.run)}.{number}"
        _submit(tick, visit, child, branch, fork.context)
        children.append(child)
    # A sub-workflow is the whole phase, and bound by its timeout; what a handler forks is bound by their own.
    timeout = visit.phase.timeout if visit.phase.spec.workflow is not None else None
    until = tick.now + timeout if timeout is not None else None
    world.turn(run_id, Running, Joining(tick.now, until))
    if until is not None:
        tick.state.timers.set(run_id, until)
    world.put(run_id, Forking(fork.step, fork.index, number))
    world.drop_table(run_id, Children)
    for child in children:
        world.put_entry(run_id, Children, child, Child())
    tick.touched[visit.run.task] = False
    tick.emit(TasksForked(visit.run.task, run_id, tuple(children)))


def _word(run: Run) -> str:
    """Return what the ids of tasks that *run* forks have behind the parent's."""
    phase = "".join("-" if c.isspace() else c for c in run.phase)
    return f"{phase}.{run.visit}" if run.item is None else f"{phase}.{run.visit}.{run.item}"


def _submit(tick: Tick, visit: Visit, child: str, branch: Branch, context: dict[str, msgspec.Raw] | None) -> None:
    parent = visit.identity
    plan = tick.state.plan(branch.definition)
    identity = Identity(
        child, plan.name, branch.definition, tick.now, parent.assigned_to, parent.priority, parent.id,
        parent.labels, visit.run_id,
    )  # fmt: skip
    data = branch.data if isinstance(branch.data, msgspec.Raw) else tick.world.get(parent.id, Data).value
    begin_task(tick, identity, data, branch.start)
    if branch.inherits:
        for name, value in inherited(tick, parent.id, context).items():
            tick.world.put_entry(child, Inherited, name, value)


def inherited(tick: Tick, task: str, context: dict[str, msgspec.Raw] | None) -> dict[str, Any]:
    """Return the context that a task forked by *task* begins with; *context* is what its handler has set so far."""
    found: dict[str, Any] = {}
    for kind in (Inherited, Context):
        table = tick.world.find(task, kind)
        if table is not None:
            found.update(table.entries)
    return {**found, **(context or {})}


def _join(tick: Tick, run_id: str) -> None:
    """Let a run go on that has forked tasks, if all of them have ended; fail it where one has not completed."""
    table = tick.world.find(run_id, Children)
    children: dict[str, Child] = table.entries if table is not None else {}
    failed = next((name for name, child in children.items() if _will_not_complete(tick, name, child)), None)
    if failed is not None:
        tick.state.orphans.extend(name for name, child in children.items() if child.state is None)
        child = children[failed]
        state = child.state or "lost from the journal"
        message = f"task {failed}, which it forked, is {state}: {child.message or 'no reason was given'}"
        # Each task has had its attempts: forking anew is for those who ask for it.
        again = tick.state.phase(tick.world.get(run_id, Run)).spec.retry is not None
        tick.failed.append(Failed(run_id, "ForkedTaskFailed", message[:MESSAGE_MAX], permanent=not again))
        return
    if any(child.state is None for child in children.values()):
        return
    forking = tick.world.get(run_id, Forking)
    joined = [
        {"task": name, "output": _or(child.output, _NULL), "changes": _or(child.changes, _EMPTY)}
        for name, child in children.items()
    ]
    value = msgspec.Raw(msgspec.json.encode(joined))
    tick.world.put_entry(run_id, Steps, forking.step, StepRecord(forking.index, value))
    tick.world.drop_table(run_id, Children)
    tick.state.timers.drop(run_id)
    enqueue(tick, run_id, Joining)


def _or(value: Json, otherwise: msgspec.Raw) -> msgspec.Raw:
    """Return *value*, which is absent where every phase of a task was left out."""
    return value if isinstance(value, msgspec.Raw) else otherwise


def _will_not_complete(tick: Tick, task: str, child: Child) -> bool:
    if child.state is None:
        return task not in tick.world
    return child.state is not TaskState.COMPLETED
