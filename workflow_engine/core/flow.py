"""Flow: which phases of a graph begin, are left out, or decide, now that others have ended."""

from collections import deque
from collections.abc import Mapping

from workflow_engine.core.components import Identity, PhaseProgress, Progress, Run
from workflow_engine.core.events import PhaseCompleted, PhaseSkipped
from workflow_engine.core.feedback import reject
from workflow_engine.core.gates import Verdict, judge
from workflow_engine.core.plan import PhasePlan, Plan
from workflow_engine.core.runs import plan_run, progress_of, too_often, withdraw
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
    for phase in plan.graph.edges:
        if phase not in live and not _done(tick, identity.id, phase) and _reach(tick, identity, plan, phase):
            advance(tick, identity, plan, phase)


def advance(tick: Tick, identity: Identity, plan: Plan, ended: str) -> None:
    """Begin, leave out or decide what depends on the phase that *ended*, and what depends on that.

    What begins is held, until `release_held` finds that there is room for it.
    """
    waiting = deque((ended,))
    while waiting and identity.id not in tick.ending:
        phase = waiting.popleft()
        for name in plan.phases[phase].dependants:
            if not _done(tick, identity.id, name) and _reach(tick, identity, plan, name):
                waiting.append(name)


def release_held(tick: Tick, identity: Identity, plan: Plan) -> None:
    """Begin phases that wait, in the order they were written, as far as there is room for them."""
    task = identity.id
    held = tick.state.held.get(task)
    if held is None:
        return
    for name in [name for name in held if _is_needless(tick, task, plan, name)]:
        del held[name]
        _leave_out(tick, task, name, "skipped", "the gates over it have passed without it")
    for name in sorted(held, key=plan.order.__getitem__):
        if not _has_room(tick, task, plan):
            break
        del held[name]
        plan_run(tick, identity, plan.phases[name])
    if not held:
        del tick.state.held[task]


def held_phases(state: State, task: str, plan: Plan) -> list[str]:
    """Return the phases of a task that could begin and have not, for want of room."""
    entries = state.progress(task)
    live = {state.world.get(run, Run).phase for run in state.runs.get(task, ())}
    return [
        name
        for name in plan.graph.edges
        if name not in live
        and plan.phases[name].spec.gate is None
        and not (name in entries and entries[name].done)
        and all(needed in entries and entries[needed].done for needed in plan.phases[name].needed)
    ]


def dismiss(tick: Tick, task: str, plan: Plan, gate: PhasePlan) -> None:
    """Withdraw the reviewers that a gate has passed without, where nothing else waits for them."""
    assert gate.spec.gate is not None
    for run in tick.state.runs.get(task, ()):
        reviewer = tick.world.get(run, Run).phase
        if reviewer in gate.spec.gate.of and _is_needless(tick, task, plan, reviewer):
            withdraw(tick, run, "skipped")
            tick.emit(PhaseSkipped(task, reviewer, f"gate {gate.spec.id!r} has passed without it"))


def _done(tick: Tick, task: str, phase: str) -> bool:
    entry = progress_of(tick, task, phase)
    return entry is not None and entry.done


def _reach(tick: Tick, identity: Identity, plan: Plan, name: str) -> bool:
    """Do what can be done about a phase that is not done; return whether it is done now without being carried out."""
    phase, task = plan.phases[name], identity.id
    entries = tick.state.progress(task)
    why = _unchosen(plan, phase, entries)
    if why is not None:
        _leave_out(tick, task, name, "unchosen", why)
        return True
    if phase.spec.gate is not None:
        return _decide(tick, identity, plan, phase)
    ready = all(needed in entries and entries[needed].done for needed in phase.needed)
    if ready and name not in tick.planned.get(task, ()):
        tick.state.held.setdefault(task, {})[name] = None
    return False


def _unchosen(plan: Plan, phase: PhasePlan, entries: Mapping[str, PhaseProgress]) -> str | None:
    """Return why a phase is on a way that was not taken; None where it is not, or where that is not known yet.

    As a phase whose condition does not hold, it ends only once all that it needs has ended: what comes behind a phase
    never begins before what comes before it is done.
    """
    name = phase.spec.id
    ended = [(needed, entries[needed]) for needed in phase.needed if needed in entries and entries[needed].done]
    if not ended or len(ended) < len(phase.needed):
        return None
    for needed, entry in ended:
        if entry.chose is not None and entry.chose != name and name in plan.phases[needed].following:
            return f"phase {needed!r} chose {entry.chose!r}"
    if all(entry.outcome == "unchosen" for _, entry in ended):
        return "what it depends on was not chosen"
    return None


def _is_needless(tick: Tick, task: str, plan: Plan, name: str) -> bool:
    """Return whether all that need a phase are gates that have passed without it."""
    dependants = plan.phases[name].dependants
    return bool(dependants) and all(
        plan.phases[other].spec.gate is not None and _done(tick, task, other) for other in dependants
    )


def _has_room(tick: Tick, task: str, plan: Plan) -> bool:
    most = plan.max_concurrency
    return most is None or len(tick.state.runs.get(task, ())) + len(tick.planned.get(task, ())) < most


def _leave_out(tick: Tick, task: str, phase: str, outcome: str, why: str) -> None:
    before = progress_of(tick, task, phase) or PhaseProgress(visits=0)
    entry = PhaseProgress(
        before.visits, outcome, tick.now, tick.now, rejections=before.rejections, undo=before.undo, sets=before.sets
    )
    tick.world.put_entry(task, Progress, phase, entry)
    tick.emit(PhaseSkipped(task, phase, why))


def _decide(tick: Tick, identity: Identity, plan: Plan, phase: PhasePlan) -> bool:
    """Let a gate of a graph decide, if it can; return whether it passes."""
    task, name = identity.id, phase.spec.id
    if any(not _done(tick, task, needed) for needed in phase.spec.depends_on or ()):
        return False
    if any(tick.world.get(run, Run).phase == name for run in tick.state.runs.get(task, ())):
        return False  # a person decides about it
    verdict = judge(phase.spec, tick.state.progress(task))
    return verdict is not None and _obey(tick, identity, plan, phase, verdict)


def pass_gate(tick: Tick, identity: Identity, plan: Plan, phase: PhasePlan) -> bool:
    """Let a gate of a sequence decide over the phases that were carried out so far; return whether it passes."""
    verdict = judge(phase.spec, tick.state.progress(identity.id), final=True)
    return verdict is not None and _obey(tick, identity, plan, phase, verdict)


def _obey(tick: Tick, identity: Identity, plan: Plan, phase: PhasePlan, verdict: Verdict) -> bool:
    """Close a gate that passes, have the work done again where it does not; return whether the task goes on."""
    task, name = identity.id, phase.spec.id
    before = progress_of(tick, task, name)
    run = Run(task, name, before.visits + 1 if before is not None else 1, tick.now)
    if too_often(tick, task, phase.spec, run.visit):
        return False
    visit = Visit(f"{task}/{name}/{run.visit}", run, identity, phase, 1)
    if not verdict.passed:
        reject(tick, identity, plan, visit, verdict.output, verdict.issues)
        return False
    rejections = before.rejections if before is not None else 0
    entry = PhaseProgress(run.visit, "completed", tick.now, tick.now, 1, verdict.output, rejections=rejections)
    tick.world.put_entry(task, Progress, name, entry)
    tick.emit(PhaseCompleted(task, visit.run_id))
    dismiss(tick, task, plan, phase)
    stages = phase.spec.stages
    return stages is None or move_stage(tick, identity, name, stages.complete)
