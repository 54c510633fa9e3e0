"""Undoing: before a task fails or is cancelled, what it has done is compensated, in reverse order."""

import esper
import msgspec

from workflow_engine.core.components import Identity, Progress, Undoing
from workflow_engine.core.events import UndoBegun, UndoFailed
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import UNDO, Plan
from workflow_engine.core.runs import plan_run, withdraw
from workflow_engine.core.tick import Ending, Tick


class UndoingSystem(esper.Processor):
    """Reads `Tick.ending`, `undone`, Progress.  Writes Undoing, Progress.  Fills `Tick.ready`; takes from `ending`.

    Emits UndoBegun, UndoFailed.
    """

    def process(self, tick: Tick) -> None:
        """Put off the end of tasks that have something to undo, and go on with those that undo."""
        for task, ending in list(tick.ending.items()):
            if ending.move is Move.COMPLETE:
                continue
            if tick.world.find(task, Undoing) is not None:
                _failed(tick, task, ending)
            else:
                _begin(tick, task, ending)
        for task, phase in tick.undone:
            _compensated(tick, task, phase)


def _begin(tick: Tick, task: str, ending: Ending) -> None:
    identity = tick.world.get(task, Identity)
    plan = tick.state.plan(identity.definition)
    if not plan.undoable or _last(tick, task, plan) is None:
        return
    del tick.ending[task]
    for run in tick.state.runs.get(task, ()):
        withdraw(tick, run, "cancelled")
    tick.ready = [(visit, old) for visit, old in tick.ready if visit.run.task != task]
    tick.state.held.pop(task, None)
    tick.world.put(task, Undoing(ending.move, ending.reason, ending.failure, ending.by))
    tick.emit(UndoBegun(task, ending.reason))
    tick.reply(ending.ticket, task)
    _next(tick, identity, plan)


def _failed(tick: Tick, task: str, ending: Ending) -> None:
    """Note that a phase could not be compensated, and go on with the others."""
    identity = tick.world.get(task, Identity)
    plan = tick.state.plan(identity.definition)
    del tick.ending[task]
    if ending.failure is not None and ending.failure.phase.endswith(UNDO):
        _give_up(tick, task, ending.failure.phase.removesuffix(UNDO), ending.failure.message)
    for run in tick.state.runs.get(task, ()):
        withdraw(tick, run, "cancelled")
    _next(tick, identity, plan)


def _give_up(tick: Tick, task: str, phase: str, why: str | None) -> None:
    _mark(tick, task, phase, "uncompensated")
    tick.emit(UndoFailed(task, phase, why or "no reason was given"))


def _compensated(tick: Tick, task: str, phase: str) -> None:
    identity = tick.world.get(task, Identity)
    _mark(tick, task, phase, "compensated")
    _next(tick, identity, tick.state.plan(identity.definition))


def _next(tick: Tick, identity: Identity, plan: Plan) -> None:
    """Plan the compensation of the phase that was completed last, or end the task where none is left."""
    task = identity.id
    while (phase := _last(tick, task, plan)) is not None:
        plan_run(tick, identity, plan.phases[phase + UNDO])
        ending = tick.ending.pop(task, None)
        if ending is None:
            return
        _give_up(tick, task, phase, ending.reason)  # it was compensated, and done again, once too often
    undoing = tick.world.get(task, Undoing)
    left = [name for name, entry in tick.state.progress(task).items() if entry.outcome == "uncompensated"]
    reason = undoing.reason
    if left:
        reason = f"{reason or 'cancelled'}; could not be compensated: {', '.join(left)}"
    failure = undoing.failure
    if failure is not None and left:
        failure = msgspec.structs.replace(failure, message=reason or failure.message)
    tick.world.drop(task, Undoing)
    tick.ending[task] = Ending(Move(undoing.move), reason, failure, by=undoing.by)


def _last(tick: Tick, task: str, plan: Plan) -> str | None:
    """Return the phase that did its work last of those that can be compensated, or None.

    What has become of it since does not matter: a phase that was to be done again has done its work before.
    """
    found = {
        entry.undo: name for name, entry in tick.state.progress(task).items() if entry.undo and name in plan.undoable
    }
    return found[max(found)] if found else None


def _mark(tick: Tick, task: str, phase: str, outcome: str) -> None:
    entry = tick.state.progress(task)[phase]
    tick.world.put_entry(task, Progress, phase, msgspec.structs.replace(entry, outcome=outcome, undo=0))
