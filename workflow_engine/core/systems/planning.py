"""Planning: what a task does next."""

import esper
import msgspec

from workflow_engine.core.components import Identity, PhaseProgress, Progress, Result
from workflow_engine.core.events import PhaseCompleted, PhaseSkipped, TaskClassified
from workflow_engine.core.fans import item_done
from workflow_engine.core.feedback import supersede
from workflow_engine.core.flow import advance, begin, choose, pass_gate, release_held, resume
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import UNDO, PhasePlan, Plan
from workflow_engine.core.results import result_of
from workflow_engine.core.runs import close_visit, plan_run, progress_of
from workflow_engine.core.stages import begin_stage, move_stage
from workflow_engine.core.tick import Done, Ending, Tick


class PlanningSystem(esper.Processor):
    """Reads `Tick.done`, `begin` and `resume`.  Writes Progress, Results, Identity, Stage, Result; removes runs.

    Fills `Tick.ready`, `ending`, `undone`.  Emits PhaseCompleted, PhaseSkipped, TaskClassified, StageChanged.
    """

    def process(self, tick: Tick) -> None:
        """Close the visits that are done and plan the runs that follow."""
        moved: dict[str, Identity] = {}
        for done in tick.done:
            if done.visit.run_id in tick.world:  # else what it built on was rejected in this very tick
                _settle(tick, done, moved)
        for task, phase in tick.begin:
            if task not in tick.ending:
                _begin(tick, task, phase, moved)
        for task, phase in tick.resume:
            if task not in tick.ending:
                _resume(tick, task, phase, moved)
        for task, identity in moved.items():
            if task not in tick.ending:
                _finish_graph(tick, task, identity)


def _settle(tick: Tick, done: Done, moved: dict[str, Identity]) -> None:
    if done.visit.run.item is not None:
        joined = item_done(tick, done)
        if joined is None:
            return
        done = joined
    _follow(tick, done, moved)


def _follow(tick: Tick, done: Done, moved: dict[str, Identity]) -> None:
    visit = done.visit
    identity, task = visit.identity, visit.run.task
    _close(tick, done)
    if task in tick.ending:
        return
    if visit.run.phase.endswith(UNDO):
        tick.undone.append((task, visit.run.phase.removesuffix(UNDO)))
        return
    if done.rebind is not None:
        _rebind(tick, identity, done.rebind, done.follow, moved)
        return
    plan = tick.state.plan(identity.definition)
    if not _moves_on(tick, identity, visit.phase, done):
        return
    if plan.is_graph:
        moved[task] = identity
        left_out = choose(tick, identity, visit.phase, done.follow) if visit.phase.following else []
        advance(tick, identity, plan, [visit.run.phase, *left_out])
    elif done.follow is None:
        tick.ending[task] = Ending(Move.COMPLETE)
    else:
        _go_to(tick, identity, plan, done.follow)


def _close(tick: Tick, done: Done) -> None:
    visit = done.visit
    run = visit.run
    before = progress_of(tick, run.task, run.phase) if visit.phase.reviews else None
    outcome = "skipped" if done.skipped else "completed"
    output = msgspec.UNSET if done.skipped else done.output
    rejections = before.rejections if before is not None else 0
    progress = PhaseProgress(run.visit, outcome, done.since, tick.now, visit.attempt, output, done.issues, rejections)
    close_visit(tick, visit.run_id, run, progress)
    if done.skipped:
        tick.emit(PhaseSkipped(run.task, run.phase, "its condition does not hold"))
    else:
        tick.emit(PhaseCompleted(run.task, visit.run_id))


def _moves_on(tick: Tick, identity: Identity, phase: PhasePlan, done: Done) -> bool:
    """Move the task to the stages that the end of a phase leads to; return whether it may go there."""
    stages = phase.spec.stages
    if stages is not None and not done.skipped:
        stage = stages.complete if done.issues is msgspec.UNSET else stages.reject
        if not move_stage(tick, identity, phase.spec.id, stage):
            return False
    return done.stage is None or move_stage(tick, identity, phase.spec.id, done.stage)


def _go_to(tick: Tick, identity: Identity, plan: Plan, name: str) -> None:
    """Go on with a phase of a sequence; a gate decides at once over what was reviewed so far."""
    phase = plan.phases[name]
    while phase.spec.gate is not None:
        if not pass_gate(tick, identity, plan, phase):
            return
        following = phase.pick(None)
        if following is None:
            tick.ending[identity.id] = Ending(Move.COMPLETE)
            return
        phase = plan.phases[following]
    plan_run(tick, identity, phase)


def _rebind(tick: Tick, identity: Identity, digest: str, start: str | None, moved: dict[str, Identity]) -> None:
    """Have a task go on with another definition, from its beginning or from *start*."""
    plan = tick.state.plan(digest)
    identity = msgspec.structs.replace(identity, workflow=plan.name, definition=digest)
    tick.world.put(identity.id, identity)
    tick.emit(TaskClassified(identity.id, plan.name))
    if plan.is_graph:
        _forget_outcomes(tick, identity.id, plan)
    _begin(tick, identity.id, start, moved)


def _forget_outcomes(tick: Tick, task: str, plan: Plan) -> None:
    """Keep what ended under another definition from counting as done under this one."""
    table = tick.world.find(task, Progress)
    for name, entry in list(table.entries.items()) if table is not None else ():
        if name in plan.phases and entry.done:
            tick.world.put_entry(task, Progress, name, msgspec.structs.replace(entry, outcome="superseded"))


def _begin(tick: Tick, task: str, start: str | None, moved: dict[str, Identity]) -> None:
    identity = tick.world.get(task, Identity)
    plan = tick.state.plan(identity.definition)
    begin_stage(tick, identity)
    if plan.is_graph:
        moved[task] = identity
        begin(tick, identity, plan, start)
    else:
        _go_to(tick, identity, plan, start or plan.first)


def _resume(tick: Tick, task: str, phase: str | None, moved: dict[str, Identity]) -> None:
    """Take up a task that failed: from *phase* on, or with what is left."""
    identity = tick.world.get(task, Identity)
    plan = tick.state.plan(identity.definition)
    if plan.is_graph:
        moved[task] = identity
        if phase is not None:
            supersede(tick, task, plan, phase)
        resume(tick, identity, plan)
    else:
        _go_to(tick, identity, plan, phase or plan.first)


def _finish_graph(tick: Tick, task: str, identity: Identity) -> None:
    """Complete a task of which every phase is done; else begin what waited for room."""
    state = tick.state
    plan = state.plan(identity.definition)
    if task in state.held:
        release_held(tick, identity, plan)
    if not state.runs.get(task) and not tick.planned.get(task) and task not in tick.ending:
        tick.world.put(task, Result(result_of(tick, task, plan)))
        tick.ending[task] = Ending(Move.COMPLETE)
