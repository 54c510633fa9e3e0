"""What several systems do with a run: plan it, take it out of the world's indexes, close its visit."""

from collections.abc import Iterator

import msgspec

from workflow_engine.core.components import (
    Attempt,
    Children,
    Component,
    Failure,
    Feedback,
    Identity,
    Joining,
    PhaseProgress,
    Progress,
    Run,
    Running,
)
from workflow_engine.core.effects import Abort
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import PhasePlan
from workflow_engine.core.spending import free
from workflow_engine.core.stages import move_stage
from workflow_engine.core.tick import Ending, State, Tick, UnderWay, Visit
from workflow_engine.spec.model import Phase

_FIRST = Attempt(1)

QUESTION_TIMER = "?"
"""Prefix of the timer key of a question's due time; the timer of a run has the run's id as its key."""


def progress_of(tick: Tick, task: str, phase: str) -> PhaseProgress | None:
    """Return how the latest visit of *task* to *phase* ended, None where none has."""
    return tick.state.progress(task).get(phase)


def live_runs(state: State, task: str) -> Iterator[str]:
    """Yield the ids of the live runs of a task, each fan-out before its items."""
    for run in state.runs.get(task, ()):
        yield run
        fan = state.fans.get(run)
        if fan is not None:
            yield from fan.live


def plan_run(tick: Tick, identity: Identity, plan: PhasePlan, feedback: Feedback | None = None) -> None:
    """Plan the run of the next visit of a task to a phase, or fail the task where that is one visit too many."""
    task, phase = identity.id, plan.spec
    entry = progress_of(tick, task, phase.id)
    number = entry.visits + 1 if entry is not None else 1
    if number > phase.max_visits and too_often(tick, task, phase, number):
        return
    # A phase with a condition may be skipped yet; the host says when it is entered.
    entered = phase.stages is not None and phase.when is None
    if entered and phase.stages is not None and not move_stage(tick, identity, phase.id, phase.stages.start):
        return
    run_id = f"{task}/{phase.id}/{number}"
    while run_id in tick.world:  # a repaired journal may have kept a run that a lost commit had ended
        number += 1
        run_id = f"{task}/{phase.id}/{number}"
    if feedback is not None:
        tick.feedback[(task, phase.id)] = feedback
    tick.ready.append((Visit(run_id, Run(task, phase.id, number, tick.now), identity, plan, 1), None))
    tick.planned.setdefault(task, {})[phase.id] = None
    tick.touched[task] = False


def too_often(tick: Tick, task: str, phase: Phase, visit: int) -> bool:
    """Fail a task that comes to a phase once too often; return whether it does."""
    if visit <= phase.max_visits:
        return False
    message = (
        f"the task came to phase {phase.id!r} more than {phase.max_visits} times; "
        "mend the loop, or raise max_visits of the phase"
    )
    tick.ending[task] = Ending(Move.FAIL, message, Failure(phase.id, "TooManyVisits", message, 0))
    return True


def undo_number(tick: Tick, task: str, phase: PhasePlan) -> int:
    """Return where a phase that has just done its work stands among what its task can undo; 0 for nothing to undo."""
    if phase.spec.compensate is None:
        return 0
    numbers = tick.state.undo_numbers
    if task not in numbers:  # the first, or the first since a restart
        numbers[task] = max((entry.undo for entry in tick.state.progress(task).values()), default=0)
    numbers[task] += 1
    return numbers[task]


def all_set(before: PhaseProgress | None, sets: tuple[str, ...]) -> tuple[str, ...]:
    """Return which context values a phase has changed, now that one more visit has changed these.

    What a visit before has set stays the phase's: a visit that sets the value that is there changes nothing.
    """
    return tuple(dict.fromkeys((*before.sets, *sets))) if before is not None and before.sets else sets


def begin_run(tick: Tick, visit: Visit, marker: Component) -> None:
    """Make the entity of a run that was planned in this tick, with its first marker."""
    run = visit.run
    feedback = tick.feedback.get((run.task, run.phase)) if tick.feedback else None
    if feedback is None:
        tick.world.begin(visit.run_id, run, _FIRST, marker)
    else:
        tick.world.begin(visit.run_id, run, _FIRST, feedback, marker)
    if run.item is not None:
        return  # its fan-out keeps the list
    others = tick.state.runs.get(run.task)
    tick.state.runs[run.task] = (*others, visit.run_id) if others else (visit.run_id,)


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


def take_back(tick: Tick, run: str, attempt: int) -> UnderWay | None:
    """Take an attempt off the books that the host has told of; return it, None where it is no longer under way."""
    under_way = tick.state.under_way(run, attempt)
    if under_way is not None:
        release(tick, run)
    return under_way


def abort(tick: Tick, run: str) -> None:
    """Stop whatever a run is doing or waiting for; its marker is left for the caller to replace."""
    under_way = tick.state.running.get(run)
    if under_way is not None:
        tick.effects.append(Abort(run, under_way.attempt))
        release(tick, run)
    tick.state.lanes.discard(run)
    tick.state.timers.drop(run)
    tick.state.timers.drop(QUESTION_TIMER + run)
    _abandon_parts(tick, run)


def _abandon_parts(tick: Tick, run: str) -> None:
    """Stop the items of a fan-out, and have forked tasks cancelled in the next tick."""
    if tick.world.find(run, Joining) is None:
        return
    fan = tick.state.fans.pop(run, None)
    for item in fan.live if fan is not None else ():
        abort(tick, item)
        if item in tick.world:  # else it was planned in this tick
            free(tick.state, item)
            tick.world.remove(item)
    children = tick.world.find(run, Children)
    if children is not None:
        tick.state.orphans.extend(child for child, known in children.entries.items() if known.state is None)


def close_visit(tick: Tick, run_id: str, run: Run, progress: PhaseProgress) -> None:
    """Record how a visit ended, and remove its run."""
    world = tick.world
    world.put_entry(run.task, Progress, run.phase, progress)
    if tick.state.reserved:
        free(tick.state, run_id)
    world.remove(run_id)
    forget_run(tick, run_id, run.task)


def forget_run(tick: Tick, run_id: str, task: str) -> None:
    """Take a run that is no more from the indexes."""
    state = tick.state
    runs = state.runs[task]
    state.runs[task] = () if len(runs) == 1 else tuple(other for other in runs if other != run_id)
    tick.touched[task] = False


def withdraw(tick: Tick, run_id: str, outcome: str) -> None:
    """End a visit that is not over, whatever its run is doing; the output of an earlier visit stays."""
    run = tick.world.get(run_id, Run)
    abort(tick, run_id)
    before = progress_of(tick, run.task, run.phase)
    ended = PhaseProgress(
        run.visit,
        outcome,
        started(tick, run_id, run),
        tick.now,
        tick.world.get(run_id, Attempt).number,
        before.output if before is not None else msgspec.UNSET,
        rejections=before.rejections if before is not None else 0,
        undo=before.undo if before is not None else 0,
        sets=before.sets if before is not None else (),
    )
    close_visit(tick, run_id, run, ended)


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
