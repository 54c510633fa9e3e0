"""Dispatch: ready runs are started, as far as there is room."""

import esper

from workflow_engine.core.components import Attempt, Component, Identity, Ready, Run, Running
from workflow_engine.core.effects import Perform
from workflow_engine.core.events import PhaseStarted
from workflow_engine.core.lanes import LaneKey
from workflow_engine.core.tick import Tick, UnderWay


class DispatchSystem(esper.Processor):
    """Reads `Tick.ready`, Run, Identity, Attempt.  Writes Running, Ready.  Asks for Perform.  Emits PhaseStarted."""

    def process(self, tick: Tick) -> None:
        """Queue what became ready and start what there is room for, by priority, then age."""
        state, world = tick.state, tick.world
        unplaced: dict[str, type[Component] | None] = {}
        for run_id, old in tick.ready:
            if run_id not in world:
                continue
            task = world.get(run_id, Run).task
            if task in tick.ending:
                continue
            identity = world.get(task, Identity)
            lane = _lane(tick, run_id, identity)
            state.lanes.add(lane, (-identity.priority, identity.submitted_at, run_id))
            unplaced[run_id] = old
        if state.serving:
            for lane, run_id in state.lanes.take():
                _start(tick, lane, run_id, unplaced.pop(run_id, Ready))
        for run_id, old in unplaced.items():
            world.turn(run_id, old, Ready(tick.now, tick.needs.get(run_id)))


def _lane(tick: Tick, run_id: str, identity: Identity) -> LaneKey:
    phase = tick.world.get(run_id, Run).phase
    return tick.state.plan(identity.definition).phases[phase].lane(identity.assigned_to)


def _start(tick: Tick, lane: LaneKey, run_id: str, old: type[Component] | None) -> None:
    world, now = tick.world, tick.now
    run = world.get(run_id, Run)
    attempt = world.get(run_id, Attempt).number
    identity = world.get(run.task, Identity)
    phase = tick.state.plan(identity.definition).phases[run.phase]
    timeout = phase.spec.timeout
    until = now + timeout if timeout is not None else None
    world.turn(run_id, old, Running(now, until))
    if until is not None:
        tick.state.timers.set(run_id, until)
    tick.state.running[run_id] = UnderWay(attempt, lane)
    tick.touched[run.task] = None
    tick.effects.append(Perform(run_id, run.task, run.phase, attempt, phase.adapter(identity.assigned_to)))
    tick.emit(PhaseStarted(run.task, run_id, attempt))
