"""Flow: which phases of a graph begin, are left out, or decide, now that others have ended."""

from collections import deque
from collections.abc import Iterable

from workflow_engine.core.components import Identity, PhaseProgress, Progress, Run
from workflow_engine.core.events import PhaseCompleted, PhaseSkipped
from workflow_engine.core.feedback import reject
from workflow_engine.core.gates import Verdict, judge
from workflow_engine.core.plan import PhasePlan, Plan
from workflow_engine.core.runs import plan_run, progress_of, withdraw
from workflow_engine.core.stages import move_stage
from workflow_engine.core.tick import State, Tick, Visit


def begin(tick: Tick, identity: Identity, plan: Plan, start: str | None) -> None:
    """Begin a task whose workflow is a graph, with everything that needs nothing, or with one phase alone."""
    if start is not None:
        within = {start, *plan.graph.downstream(start)}
        for phase in plan.graph.edges:
            if phase not in within:
                _leave_out(tick, identity.id, phase, "skipped", "the task was submitted for a phase behind it")
    resume(tick, identity, plan)


def resume(tick: Tick, identity: Identity, plan: Plan) -> None:
    """Begin every phase that can begin and has not; costs what the workflow has phases."""
    live = {tick.world.get(run, Run).phase for run in tick.state.runs.get(identity.id, ())}
    settled = [
        phase
        for phase in plan.graph.edges
        if phase not in live and not _done(tick, identity.id, phase) and _reach(tick, identity, plan, phase)
    ]
    advance(tick, identity, plan, settled)


def advance(tick: Tick, identity: Identity, plan: Plan, ended: Iterable[str]) -> None:
    """Begin, leave out or decide what depends on the phases that *ended*, and what depends on that."""
    waiting = deque(ended)
    while waiting and identity.id not in tick.ending:
        phase = waiting.popleft()
        for name in plan.phases[phase].dependants:
            if not _done(tick, identity.id, name) and _reach(tick, identity, plan, name):
                waiting.append(name)


def choose(tick: Tick, identity: Identity, phase: PhasePlan, chosen: str | None) -> list[str]:
    """Leave out the phases that were not chosen, and return them."""
    others = [name for name in phase.following if name != chosen and not _done(tick, identity.id, name)]
    for name in others:
        _leave_out(tick, identity.id, name, "unchosen", f"phase {phase.spec.id!r} chose {chosen!r}")
    return others


def release_held(tick: Tick, identity: Identity, plan: Plan) -> None:
    """Begin phases that waited for others of their task to end, as far as there is room."""
    held = tick.state.held.get(identity.id)
    while held and _has_room(tick, identity.id, plan):
        plan_run(tick, identity, plan.phases[held.pop(0)])
    if held is not None and not held:
        del tick.state.held[identity.id]


def held_phases(state: State, task: str, plan: Plan) -> list[str]:
    """Return the phases of a task that could begin and have not, for want of room."""
    table = state.world.find(task, Progress)
    entries: dict[str, PhaseProgress] = table.entries if table is not None else {}
    live = {state.world.get(run, Run).phase for run in state.runs.get(task, ())}
    return [
        name
        for name in plan.graph.edges
        if name not in live
        and plan.phases[name].spec.gate is None
        and not (name in entries and entries[name].done)
        and all(needed in entries and entries[needed].done for needed in plan.phases[name].needed)
    ]


def _done(tick: Tick, task: str, phase: str) -> bool:
    entry = progress_of(tick, task, phase)
    return entry is not None and entry.done


def _reach(tick: Tick, identity: Identity, plan: Plan, name: str) -> bool:
    """Do what can be done about a phase that is not done; return whether it is done now without being carried out."""
    phase = plan.phases[name]
    if phase.spec.gate is not None:
        return _decide(tick, identity, plan, phase)
    entries = _entries(tick, identity.id)
    unchosen = bool(phase.needed)
    for needed in phase.needed:
        entry = entries.get(needed)
        if entry is None or not entry.done:
            return False
        unchosen = unchosen and entry.outcome == "unchosen"
    if unchosen:
        _leave_out(tick, identity.id, name, "unchosen", "what it depends on was not chosen")
        return True
    if _has_room(tick, identity.id, plan):
        plan_run(tick, identity, phase)
    else:
        tick.state.held.setdefault(identity.id, []).append(name)
    return False


def _has_room(tick: Tick, task: str, plan: Plan) -> bool:
    most = plan.max_concurrency
    return most is None or len(tick.state.runs.get(task, ())) + tick.planned.get(task, 0) < most


def _leave_out(tick: Tick, task: str, phase: str, outcome: str, why: str) -> None:
    before = progress_of(tick, task, phase)
    visits = before.visits if before is not None else 0
    tick.world.put_entry(task, Progress, phase, PhaseProgress(visits, outcome, tick.now, tick.now))
    tick.emit(PhaseSkipped(task, phase, why))


def _decide(tick: Tick, identity: Identity, plan: Plan, phase: PhasePlan) -> bool:
    """Let a gate of a graph decide, if it can; return whether it passes."""
    task, name = identity.id, phase.spec.id
    if any(not _done(tick, task, needed) for needed in phase.spec.depends_on or ()):
        return False
    if any(tick.world.get(run, Run).phase == name for run in tick.state.runs.get(task, ())):
        return False  # a person decides about it
    verdict = judge(phase.spec, _entries(tick, task))
    return verdict is not None and _obey(tick, identity, plan, phase, verdict)


def pass_gate(tick: Tick, identity: Identity, plan: Plan, phase: PhasePlan) -> bool:
    """Let a gate of a sequence decide over the phases that were carried out so far; return whether it passes."""
    verdict = judge(phase.spec, _entries(tick, identity.id), final=True)
    return verdict is not None and _obey(tick, identity, plan, phase, verdict)


def _entries(tick: Tick, task: str) -> dict[str, PhaseProgress]:
    table = tick.world.find(task, Progress)
    return table.entries if table is not None else {}


def _obey(tick: Tick, identity: Identity, plan: Plan, phase: PhasePlan, verdict: Verdict) -> bool:
    """Close a gate that passes, have the work done again where it does not; return whether the task goes on."""
    task, name = identity.id, phase.spec.id
    before = progress_of(tick, task, name)
    run = Run(task, name, before.visits + 1 if before is not None else 1, tick.now)
    visit = Visit(f"{task}/{name}/{run.visit}", run, identity, phase, 1)
    if not verdict.passed:
        reject(tick, identity, plan, visit, verdict.output, verdict.issues)
        return False
    rejections = before.rejections if before is not None else 0
    entry = PhaseProgress(run.visit, "completed", tick.now, tick.now, 1, verdict.output, rejections=rejections)
    tick.world.put_entry(task, Progress, name, entry)
    tick.emit(PhaseCompleted(task, visit.run_id))
    _dismiss(tick, task, plan, name, verdict)
    stages = phase.spec.stages
    return stages is None or move_stage(tick, identity, name, stages.complete)


def _dismiss(tick: Tick, task: str, plan: Plan, gate: str, verdict: Verdict) -> None:
    """Withdraw the reviewers that a gate has passed without, where nothing else waits for them."""
    if not verdict.undecided:
        return
    for run in tick.state.runs.get(task, ()):
        reviewer = tick.world.get(run, Run).phase
        if reviewer in verdict.undecided and plan.phases[reviewer].dependants == (gate,):
            withdraw(tick, run, "skipped")
            tick.emit(PhaseSkipped(task, reviewer, f"gate {gate!r} has passed without it"))
