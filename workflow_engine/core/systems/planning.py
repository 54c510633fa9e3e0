"""Planning: what a task does next."""

import esper
import msgspec

from workflow_engine.core.components import Identity, PhaseProgress
from workflow_engine.core.events import PhaseCompleted, TaskClassified
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.runs import close_visit, plan_run
from workflow_engine.core.tick import Done, Ending, Tick


class PlanningSystem(esper.Processor):
    """Reads `Tick.done` and `Tick.begin`.  Writes Progress, Identity, Run, Attempt; removes runs.

    Fills `Tick.ready`, `ending`.  Emits PhaseCompleted, TaskClassified.
    """

    def process(self, tick: Tick) -> None:
        """Close the visits that are done and plan the runs that follow."""
        for done in tick.done:
            _follow(tick, done)
        for task, phase in tick.begin:
            if task not in tick.ending:
                identity = tick.world.get(task, Identity)
                plan_run(tick, identity, tick.state.plan(identity.definition).phases[phase])


def _follow(tick: Tick, done: Done) -> None:
    visit = done.visit
    run_id, run, identity = visit.run_id, visit.run, visit.identity
    task = run.task
    progress = PhaseProgress(run.visit, "completed", done.since, tick.now, visit.attempt, done.output)
    close_visit(tick, run_id, run, progress)
    tick.emit(PhaseCompleted(task, run_id))
    if task in tick.ending:
        return
    if done.rebind is not None:
        plan = tick.state.plan(done.rebind)
        identity = msgspec.structs.replace(identity, workflow=plan.name, definition=done.rebind)
        tick.world.put(task, identity)
        tick.emit(TaskClassified(task, plan.name))
    if done.follow is None:
        tick.ending[task] = Ending(Move.COMPLETE)
    else:
        plan_run(tick, identity, tick.state.plan(identity.definition).phases[done.follow])
