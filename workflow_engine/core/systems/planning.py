"""Planning: what a task does next."""

import esper
import msgspec

from workflow_engine.core.components import Identity, PhaseProgress, Progress, Result, Stage
from workflow_engine.core.events import PhaseCompleted, PhaseSkipped, TaskClassified
from workflow_engine.core.fans import item_done
from workflow_engine.core.flow import advance, begin, dismiss, pass_gate, release_held, resume
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import UNDO, PhasePlan, Plan
from workflow_engine.core.results import result_of
from workflow_engine.core.runs import all_set, close_visit, plan_run, progress_of, undo_number, withdraw
from workflow_engine.core.stages import begin_stage, move_stage
from workflow_engine.core.tick import Done, Ending, Tick


class PlanningSystem(esper.Processor):
    """Reads `Tick.done`, `begin` and `resume`.  Writes Progress, Results, Identity, Stage, Result; removes runs.

    Fills `Tick.ready`, `ending`, `undone`.  Emits PhaseCompleted, PhaseSkipped, TaskClassified, StageChanged.
    """

    def process(self, tick: Tick) -> None:
        """Close the visits that are done and plan the runs that follow."""
        for done in tick.done:
            if done.visit.run_id not in tick.world:
                continue  # what it built on was rejected in this very tick
            joined = done if done.visit.run.item is None else item_done(tick, done)
            if joined is not None:
                _follow(tick, joined)
        for task, phase in tick.begin:
            if task not in tick.ending:
                _begin(tick, task, phase)
        for task, phases in tick.resume:
            if task not in tick.ending:
                _resume(tick, task, phases)
        for task, identity in tick.moved.items():
            if task not in tick.ending:
                _finish_graph(tick, task, identity)


def _follow(tick: Tick, done: Done) -> None:
    visit = done.visit
    identity, task = visit.identity, visit.run.task
    _close(tick, done)
    if task in tick.ending:
        return
    if visit.phase.undoes:
        tick.undone.append((task, visit.run.phase.removesuffix(UNDO)))
        return
    if done.rebind is not None:
        _rebind(tick, identity, done.rebind, done.follow)
        return
    plan = tick.state.plan(identity.definition)
    staged = visit.phase.spec.stages is not None or done.stage is not None
    if staged and not _moves_on(tick, identity, visit.phase, done):
        return
    if plan.is_graph:
        tick.moved[task] = identity
        if visit.phase.spec.gate is not None:
            dismiss(tick, task, plan, visit.phase)  # a person has accepted what it rejected
        advance(tick, identity, plan, visit.run.phase)
    elif done.follow is None:
        tick.ending[task] = Ending(Move.COMPLETE)
    else:
        _go_to(tick, identity, plan, done.follow)


def _close(tick: Tick, done: Done) -> None:
    visit = done.visit
    run, phase = visit.run, visit.phase
    undoable = phase.spec.compensate is not None
    before = progress_of(tick, run.task, run.phase) if phase.reviews or undoable or run.visit > 1 else None
    rejections, undo = (before.rejections, before.undo) if before is not None else (0, 0)
    progress = PhaseProgress(
        run.visit,
        "skipped" if done.skipped else "completed",
        done.since,
        tick.now,
        visit.attempt,
        msgspec.UNSET if done.skipped else done.output,
        done.issues,
        rejections,
        done.follow if phase.following and phase.dependants else None,
        undo if done.skipped or not undoable else undo_number(tick, run.task, phase),
        all_set(before, done.sets),
    )
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


def _rebind(tick: Tick, identity: Identity, digest: str, start: str | None) -> None:
    """Have a task go on with another definition, from its beginning or from *start*."""
    plan = tick.state.plan(digest)
    _stop_others(tick, identity.id)
    identity = msgspec.structs.replace(identity, workflow=plan.name, definition=digest)
    tick.world.put(identity.id, identity)
    tick.emit(TaskClassified(identity.id, plan.name))
    if plan.is_graph:
        _forget_outcomes(tick, identity.id, plan)
    _begin(tick, identity.id, start)


def _stop_others(tick: Tick, task: str) -> None:
    """Withdraw what else is under way for a task that goes on with another definition, and leave its stages."""
    for run in tick.state.runs.get(task, ()):
        withdraw(tick, run, "superseded")
    tick.ready = [(visit, old) for visit, old in tick.ready if visit.run.task != task]
    tick.planned.pop(task, None)
    tick.state.held.pop(task, None)
    tick.moved.pop(task, None)
    if tick.world.find(task, Stage) is not None:
        tick.world.drop(task, Stage)


def _forget_outcomes(tick: Tick, task: str, plan: Plan) -> None:
    """Keep what ended under another definition from counting as done under this one."""
    for name, entry in list(tick.state.progress(task).items()):
        if name in plan.phases and entry.done:
            tick.world.put_entry(task, Progress, name, msgspec.structs.replace(entry, outcome="superseded"))


def _begin(tick: Tick, task: str, start: str | None) -> None:
    identity = tick.world.get(task, Identity)
    plan = tick.state.plan(identity.definition)
    if plan.states is not None:
        begin_stage(tick, identity)
    if plan.is_graph:
        tick.moved[task] = identity
        begin(tick, identity, plan, start)
    else:
        _go_to(tick, identity, plan, start or plan.first)


def _resume(tick: Tick, task: str, phases: tuple[str, ...]) -> None:
    """Take up a task: a sequence from the first of these phases on, a graph with all that is left."""
    identity = tick.world.get(task, Identity)
    plan = tick.state.plan(identity.definition)
    if plan.is_graph:
        tick.moved[task] = identity
        resume(tick, identity, plan)
    else:
        _go_to(tick, identity, plan, phases[0])


def _finish_graph(tick: Tick, task: str, identity: Identity) -> None:
    """Complete a task of which every phase is done; else begin what waited for room."""
    state = tick.state
    plan = state.plan(identity.definition)
    if task in state.held:
        release_held(tick, identity, plan)
    if not state.runs.get(task) and not tick.planned.get(task) and task not in tick.ending:
        tick.world.put(task, Result(result_of(tick, task, plan)))
        tick.ending[task] = Ending(Move.COMPLETE)
