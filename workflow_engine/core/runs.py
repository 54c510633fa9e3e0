"""What several systems do with a run: plan it, take it out of the world's indexes, close its visit."""

from workflow_engine.core.components import (
    Attempt,
    Component,
    Failure,
    Identity,
    PhaseProgress,
    Progress,
    Run,
    Running,
)
from workflow_engine.core.effects import Abort
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import PhasePlan
from workflow_engine.core.tick import Ending, Tick, Visit

_FIRST = Attempt(1)

QUESTION_TIMER = "?"
"""Prefix of the timer key of a question's due time; the timer of a run has the run's id as its key."""


def visits(tick: Tick, task: str, phase: str) -> int:
    """Return how often *task* has been to *phase*, not counting a visit under way."""
    progress = tick.world.find(task, Progress)
    entry: PhaseProgress | None = progress.entries.get(phase) if progress is not None else None
    return entry.visits if entry is not None else 0


def plan_run(tick: Tick, identity: Identity, plan: PhasePlan) -> None:
    """Plan the run of the next visit of a task to a phase, or fail the task where that is one visit too many."""
    task, phase = identity.id, plan.spec
    number = visits(tick, task, phase.id) + 1
    if number > phase.max_visits:
        message = (
            f"the task came to phase {phase.id!r} more than {phase.max_visits} times; "
            "mend the loop, or raise max_visits of the phase"
        )
        tick.ending[task] = Ending(Move.FAIL, message, Failure(phase.id, "TooManyVisits", message, 0))
        return
    run_id = f"{task}/{phase.id}/{number}"
    while run_id in tick.world:  # a repaired journal may have kept a run that a lost commit had ended
        number += 1
        run_id = f"{task}/{phase.id}/{number}"
    tick.ready.append((Visit(run_id, Run(task, phase.id, number, tick.now), identity, plan, 1), None))
    tick.touched[task] = False


def begin_run(tick: Tick, visit: Visit, marker: Component) -> None:
    """Make the entity of a run that was planned in this tick, with its first marker."""
    tick.world.begin(visit.run_id, visit.run, _FIRST, marker)
    task = visit.run.task
    others = tick.state.runs.get(task)
    tick.state.runs[task] = (*others, visit.run_id) if others else (visit.run_id,)


def enqueue(tick: Tick, run_id: str, marker: type[Component]) -> None:
    """Have dispatch queue a run that has this marker."""
    visit = tick.state.visit(run_id)
    tick.ready.append((visit, marker))
    tick.touched[visit.run.task] = False


def release(tick: Tick, run: str) -> None:
    """Take an attempt that is under way off the books: its place is free again, its timeout forgotten."""
    under_way = tick.state.running.pop(run)
    tick.state.lanes.end(under_way.lane)
    tick.state.timers.drop(run)


def abort(tick: Tick, run: str) -> None:
    """Stop whatever a run is doing or waiting for; its marker is left for the caller to replace."""
    under_way = tick.state.running.get(run)
    if under_way is not None:
        tick.effects.append(Abort(run, under_way.attempt))
        release(tick, run)
    tick.state.lanes.discard(run)
    tick.state.timers.drop(run)
    tick.state.timers.drop(QUESTION_TIMER + run)


def close_visit(tick: Tick, run_id: str, run: Run, progress: PhaseProgress) -> None:
    """Record how a visit ended, and remove its run."""
    world, state = tick.world, tick.state
    world.put_entry(run.task, Progress, run.phase, progress)
    world.remove(run_id)
    runs = state.runs[run.task]
    state.runs[run.task] = () if len(runs) == 1 else tuple(other for other in runs if other != run_id)
    tick.touched[run.task] = False


def marker(tick: Tick, run: str, kinds: tuple[type[Component], ...]) -> Component | None:
    """Return the first of these markers that *run* has, or None."""
    for kind in kinds:
        found = tick.world.find(run, kind)
        if found is not None:
            return found
    return None


def started(tick: Tick, run_id: str, run: Run) -> float:
    """Return when work on a run began, engine time in seconds."""
    running = tick.world.find(run_id, Running)
    return running.since if running is not None else run.since
