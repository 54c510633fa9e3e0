"""Stages: where a task stands in its users' own words."""

from workflow_engine.core.components import Failure, Identity, Stage
from workflow_engine.core.events import StageChanged
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.tick import Ending, Tick


def begin_stage(tick: Tick, identity: Identity) -> None:
    """Put a new task at the first stage of its workflow, if that has any."""
    machine = tick.state.plan(identity.definition).states
    if machine is not None and tick.world.find(identity.id, Stage) is None:
        tick.world.put(identity.id, Stage(machine.initial, tick.now))


def move_stage(tick: Tick, identity: Identity, phase: str, stage: str | None) -> bool:
    """Move a task to *stage*, None for where it is; return whether it may, else it fails with *phase*."""
    if stage is None:
        return True
    task = identity.id
    machine = tick.state.plan(identity.definition).states
    current = tick.world.find(task, Stage)
    if machine is not None and current is None:
        tick.world.put(task, Stage(stage, tick.now))  # it was retried, and has left a stage that no way leads out of
        return True
    if machine is None or current is None:
        return _refuse(tick, task, phase, f"phase {phase!r} moves to stage {stage!r}, and the workflow has no states")
    if current.name == stage:
        return True
    if not machine.allows(current.name, stage):
        return _refuse(
            tick, task, phase, f"a task at stage {current.name!r} may not go to {stage!r}; mend states.transitions"
        )
    tick.world.put(task, Stage(stage, tick.now))
    tick.emit(StageChanged(task, stage, current.name))
    return True


def _refuse(tick: Tick, task: str, phase: str, why: str) -> bool:
    if task not in tick.ending:
        tick.ending[task] = Ending(Move.FAIL, why, Failure(phase, "IllegalStage", why, 0))
    return False
