"""Finishing: tasks end and leave the world; those that live on stand where their runs stand."""

import esper

from workflow_engine.core.components import (
    Attempt,
    Backoff,
    PhaseProgress,
    Run,
    Running,
    Status,
    Suspended,
    TaskState,
    WaitKind,
)
from workflow_engine.core.events import Event, TaskCancelled, TaskCompleted, TaskFailed
from workflow_engine.core.lifecycle import TRANSITIONS, Move, advance
from workflow_engine.core.runs import abort, close_visit, marker, started
from workflow_engine.core.tick import Ending, Tick

_AWAIT = {
    WaitKind.HUMAN: Move.AWAIT_HUMAN,
    WaitKind.AGENT: Move.AWAIT_AGENT,
    WaitKind.IO: Move.AWAIT_IO,
}


class FinishingSystem(esper.Processor):
    """Reads `Tick.ending`, `Tick.touched` and the markers of runs.  Writes Status, Failure, Progress; removes tasks.

    Emits TaskCompleted, TaskFailed, TaskCancelled.
    """

    def process(self, tick: Tick) -> None:
        """End the tasks that are to end, and say where the others stand."""
        for task, ending in tick.ending.items():
            _end(tick, task, ending)
        for task, working in tick.touched.items():
            if task not in tick.ending:
                _stand(tick, task, working)


def _end(tick: Tick, task: str, ending: Ending) -> None:
    world, state = tick.world, tick.state
    for run_id in state.runs.get(task, ()):
        abort(tick, run_id)
        run = world.get(run_id, Run)
        attempt = world.get(run_id, Attempt).number
        close_visit(
            tick, run_id, run, PhaseProgress(run.visit, "cancelled", started(tick, run_id, run), tick.now, attempt)
        )
    state.runs.pop(task, None)
    world.put(task, advance(task, world.get(task, Status), ending.move, tick.now, ending.reason))
    if ending.failure is not None:
        world.put(task, ending.failure)
    tick.emit(_event(task, ending))
    tick.reply(ending.ticket, task)
    tick.ended[task] = state.ended[task] = world.components(task)
    world.retire(task)


def _event(task: str, ending: Ending) -> Event:
    if ending.failure is not None:
        return TaskFailed(task, ending.failure.error, ending.failure.message)
    if ending.move is Move.CANCEL:
        return TaskCancelled(task, ending.reason)
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
    for run in tick.state.runs[task]:
        match marker(tick, run, (Running, Suspended, Backoff)):
            case Running() | Backoff():
                return Move.WORK
            case Suspended(kind=kind):
                kinds.add(kind)
            case _:
                pass
    for kind, move in _AWAIT.items():
        if kind in kinds:
            return move
    return Move.PLAN
