"""Dispatch: ready runs are started, as far as there is room."""

from operator import itemgetter

import esper

from workflow_engine.core.components import Component, Ready, Running
from workflow_engine.core.effects import Perform
from workflow_engine.core.events import PhaseStarted
from workflow_engine.core.fan import group_of
from workflow_engine.core.lanes import Lane, Order
from workflow_engine.core.runs import begin_run
from workflow_engine.core.tick import Tick, UnderWay, Visit


class DispatchSystem(esper.Processor):
    """Reads `Tick.ready`.  Writes Running, Ready.  Asks for Perform.  Emits PhaseStarted."""

    def process(self, tick: Tick) -> None:
        """Queue what became ready and start what there is room for, by priority, then age."""
        state, lanes = tick.state, tick.state.lanes
        unplaced: dict[str, tuple[Visit, type[Component] | None]] = {}
        for order, visit, old in _in_order(tick):
            lane = lanes.lane(visit.phase.place(visit.identity.assigned_to).lane)
            if state.serving and lanes.admit(lane):
                _start(tick, lane, visit, old)
            else:
                lanes.add(lane, order)
                unplaced[visit.run_id] = (visit, old)
        if state.serving:
            for lane, run_id in lanes.take():
                waited = unplaced.pop(run_id, None)
                if waited is None:
                    waited = (state.visit(run_id), Ready)
                _start(tick, lane, *waited)
        for run_id, (visit, old) in unplaced.items():
            _mark(tick, visit, old, Ready(tick.now, tick.needs.get(run_id)))


def _in_order(tick: Tick) -> list[tuple[Order, Visit, type[Component] | None]]:
    """Return the runs that became ready, best first, without those that were withdrawn since, or whose task ends."""
    ready = [
        ((-visit.identity.priority, visit.identity.submitted_at, visit.run_id), visit, old)
        for visit, old in tick.ready
        if visit.run.task not in tick.ending and ((old is None and visit.run.item is None) or _stands(tick, visit, old))
    ]
    ready.sort(key=itemgetter(0))
    return ready


def _stands(tick: Tick, visit: Visit, old: type[Component] | None) -> bool:
    if old is not None:
        return visit.run_id in tick.world
    return visit.run.item is None or group_of(visit.run_id) in tick.state.fans


def _start(tick: Tick, lane: Lane, visit: Visit, old: type[Component] | None) -> None:
    run_id, run, attempt = visit.run_id, visit.run, visit.attempt
    now, timeout = tick.now, visit.phase.timeout
    until = now + timeout if timeout is not None else None
    _mark(tick, visit, old, Running(now, until))
    if until is not None:
        tick.state.timers.set(run_id, until)
    tick.state.running[run_id] = UnderWay(attempt, visit, lane, now)
    tick.touched[run.task] = True
    adapter = visit.phase.place(visit.identity.assigned_to).adapter
    tick.effects.append(Perform(run_id, run.task, run.phase, attempt, adapter))
    tick.emit(PhaseStarted(run.task, run_id, attempt))


def _mark(tick: Tick, visit: Visit, old: type[Component] | None, new: Component) -> None:
    if old is None:
        begin_run(tick, visit, new)
    else:
        tick.world.turn(visit.run_id, old, new)
