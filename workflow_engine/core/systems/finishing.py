"""Finishing: tasks end and leave the world; those that live on stand where their runs stand."""

from typing import Any

import esper
import msgspec

from workflow_engine.core.components import (
    Backoff,
    Child,
    Children,
    Component,
    Context,
    Failure,
    Inherited,
    Joining,
    Result,
    Running,
    Status,
    Suspended,
    Table,
    TaskState,
    WaitKind,
)
from workflow_engine.core.events import Event, TaskCancelled, TaskCompleted, TaskFailed
from workflow_engine.core.lifecycle import TRANSITIONS, Move, advance
from workflow_engine.core.outputs import last_output
from workflow_engine.core.runs import live_runs, marker, withdraw
from workflow_engine.core.tick import Ending, Tick

_AWAIT = {
    WaitKind.HUMAN: Move.AWAIT_HUMAN,
    WaitKind.AGENT: Move.AWAIT_AGENT,
    WaitKind.IO: Move.AWAIT_IO,
}


class FinishingSystem(esper.Processor):
    """Reads `Tick.ending`, `Tick.touched` and the markers of runs.

    Writes Status, Failure, Progress, and Children of the run that waits for the task; removes tasks.

    Emits TaskCompleted, TaskFailed, TaskCancelled.
    """

    def process(self, tick: Tick) -> None:
        """End the tasks that are to end, and say where the others stand."""
        for task, ending in tick.ending.items():
            end(tick, task, ending)
        for task, working in tick.touched.items():
            if task not in tick.ending:
                _stand(tick, task, working)


def end(tick: Tick, task: str, ending: Ending) -> None:
    """Have a task leave the world."""
    world, state = tick.world, tick.state
    for run_id in state.runs.get(task, ()):
        withdraw(tick, run_id, "cancelled")
    state.runs.pop(task, None)
    state.held.pop(task, None)
    state.undo_numbers.pop(task, None)
    world.put(task, advance(task, world.get(task, Status), ending.move, tick.now, ending.reason))
    if ending.failure is not None:
        world.put(task, ending.failure)
    tick.emit(_event(task, ending))
    tick.reply(ending.ticket, task)
    components = world.components(task)
    _tell_parent(tick, task, components)
    tick.ended[task] = state.ended[task] = components
    world.retire(task)


def _tell_parent(tick: Tick, task: str, components: dict[str, Component | Table]) -> None:
    """Tell the run that forked this task, if it still waits for it, how it ended."""
    identity: Any = components["identity"]
    run = identity.parent_run
    if run is None or tick.world.find(run, Joining) is None:
        return
    table = tick.world.find(run, Children)
    if table is None or task not in table.entries:
        return
    tick.world.put_entry(run, Children, task, _child(components))
    tick.state.joined[run] = None


def _child(components: dict[str, Any]) -> Child:
    """Return how a task that has ended is told to the run that forked it."""
    status: Status = components["status"]
    failure: Failure | None = components.get("failure")
    context: Context | None = components.get("context")
    given: Inherited | None = components.get("inherited")
    inherited = given.entries if given is not None else {}
    own = context.entries if context is not None else {}
    changes = {name: value for name, value in own.items() if bytes(inherited.get(name, b"")) != bytes(value)}
    result: Result | None = components.get("result")
    output = result.value if result is not None else last_output(components)
    message = failure.message if failure is not None else status.reason
    return Child(status.state, output, msgspec.Raw(msgspec.json.encode(changes)), message)


def _event(task: str, ending: Ending) -> Event:
    if ending.failure is not None:
        return TaskFailed(task, ending.failure.error, ending.failure.message)
    if ending.move is Move.CANCEL:
        return TaskCancelled(task, ending.reason, ending.by)
    return TaskCompleted(task)


def _stand(tick: Tick, task: str, working: bool) -> None:
    status = tick.world.get(task, Status)
    if working and status.state is TaskState.IN_PROGRESS:
        return
    move = Move.WORK if working else _standing(tick, task)
    if TRANSITIONS.get((status.state, move)) is not status.state:
        tick.world.put(task, advance(task, status, move, tick.now))


def _standing(tick: Tick, task: str) -> Move:
    """Return where a task stands by what its runs do: at work before waiting, waiting before ready."""
    kinds: set[WaitKind] = set()
    for run in live_runs(tick.state, task):
        match marker(tick, run, (Running, Suspended, Backoff, Joining)):
            case Running() | Backoff():
                return Move.WORK
            case Joining() if run not in tick.state.fans:
                return Move.WORK  # tasks that it has forked are at work
            case Suspended(kind=kind):
                kinds.add(kind)
            case _:
                pass
    for kind, move in _AWAIT.items():
        if kind in kinds:
            return move
    return Move.PLAN
