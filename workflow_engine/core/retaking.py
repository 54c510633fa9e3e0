"""Retaking: what of a task is done again when it is taken up, and what stands, for a retry and for a fork alike."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from workflow_engine.core.components import Failure, PhaseProgress, Progress, Stage
from workflow_engine.core.migrating import passed
from workflow_engine.core.plan import Plan
from workflow_engine.core.record import as_it_is
from workflow_engine.core.tick import Components

Entries = Mapping[str, PhaseProgress]
"""How phases have ended, by their ids."""


class Retake(NamedTuple):
    """Where a task begins that is taken up.

    Attributes:
        starts: the phases to begin with, the first of them first; in a graph all else that is left begins too.
        entries: how its phases have ended, as it is taken up with them: what is done again is done no more.
    """

    starts: tuple[str, ...]
    entries: dict[str, PhaseProgress]


def retake(record: Components, plan: Plan, phase: str | None) -> Retake:
    """Return how a failed task is taken up, from *phase*, or from what failed where that is None.

    What stands behind a phase in its workflow is done again with it.  What was compensated is done again before what
    builds on it, whichever phase was named; what could not be compensated stands, and counts as completed.
    """
    before = entries_of(record)
    starts = to_do_again(record, plan) if phase is None else _from(plan, before, phase)
    undone, failure = _undone(plan, before), record.get("failure")
    goes_on = phase is None and not undone and isinstance(failure, Failure) and starts == (failure.phase,)
    # Where a sequence goes on from what failed, what a way back has led it through before is as it was.
    again = frozenset(starts) if goes_on and not plan.is_graph else behind(plan, (*starts, *undone))
    return Retake(starts, {name: _taken_up(entry, name in again, phase) for name, entry in before.items()})


def fork_at(record: Components, plan: Plan, phase: str | None) -> Retake:
    """Return how a new task begins that is forked at *phase* of another, None for the first: with what stands before.

    Nobody but the source undoes what the source has done, and rejections are counted anew.
    """
    if phase is None:
        return Retake(() if plan.is_graph else (plan.first,), {})
    before = {name: _stands(entry) for name, entry in entries_of(record).items()}
    starts = _from(plan, before, phase)
    again = behind(plan, (*starts, *_undone(plan, before)))
    return Retake(
        starts,
        {
            name: msgspec.structs.replace(entry, visits=min(entry.visits, 1), rejections=0, undo=0)
            for name, entry in before.items()
            if entry.done and name not in again and name in plan.graph.edges
        },
    )


def to_do_again(record: Components, plan: Plan) -> tuple[str, ...]:
    """Return the phases of a task to begin with, the first of them first; in a graph, what failed is left out.

    That is what was compensated; else the work that was rejected, or the reviews that a gate was not content with; else
    what failed.
    """
    entries, failure = entries_of(record), record.get("failure")
    undone = _undone(plan, entries)
    if undone:
        return undone
    if not isinstance(failure, Failure) or failure.phase not in plan.graph.edges:
        return () if plan.is_graph else (plan.first,)
    spec = plan.phases[failure.phase].spec
    if failure.error == "Rejected" and spec.on_reject is not None:
        return (spec.on_reject.target,)
    if failure.error == "Rejected" and spec.gate is not None:
        return tuple(name for name in spec.gate.of if name in entries and entries[name].issues is not msgspec.UNSET)
    return () if plan.is_graph else (failure.phase,)


def begins_at(record: Components, plan: Plan, starts: tuple[str, ...]) -> str:
    """Return the phase that a retry is told to begin at: the first of *starts*, or else what failed."""
    failure = record.get("failure")
    if starts:
        return starts[0]
    return failure.phase if isinstance(failure, Failure) else plan.first


def taken_up(record: Components, plan: Plan, phase: str | None, found: Retake) -> Components:
    """Return the components of a task that failed, but for its identity and its status, as it is taken up with them."""
    components = as_it_is(record)
    for name in ("identity", "status", "failure"):
        components.pop(name, None)
    if "progress" in components:
        components["progress"] = Progress(found.entries)
    stage = record.get("stage")
    if isinstance(stage, Stage) and _leaves(plan, stage.name, phase, entries_of(record)):
        del components["stage"]
    return components


def behind(plan: Plan, phases: tuple[str, ...]) -> frozenset[str]:
    """Return *phases* and all that comes after one of them; of a sequence, not what comes before on every way."""
    found = {name for phase in phases for name in (phase, *plan.graph.downstream(phase))}
    if not plan.is_graph:
        back = [phase for phase in phases if phase in plan.graph.downstream(phase)]
        found -= {name for phase in back for name in passed(plan, frozenset((phase,)))} - set(phases)
    return frozenset(found)


def entries_of(record: Components) -> Entries:
    """Return how the phases of a task have ended."""
    progress = record.get("progress")
    return progress.entries if isinstance(progress, Progress) else {}


def unchosen(plan: Plan, entries: Entries, phase: str) -> str | None:
    """Return the phase of a graph whose choice keeps *phase* from being carried out, None where there is none."""
    seen = {phase}
    waiting = [phase]
    for name in waiting:  # grows
        for needed in plan.phases[name].needed:
            entry = entries.get(needed)
            if entry is None or not entry.done or needed in seen:
                continue
            if entry.chose is not None and entry.chose != name and name in plan.phases[needed].following:
                return needed
            if entry.outcome == "unchosen" and all(
                other in entries and entries[other].outcome == "unchosen" for other in plan.phases[name].needed
            ):
                seen.add(needed)
                waiting.append(needed)
    return None


def _from(plan: Plan, entries: Entries, phase: str) -> tuple[str, ...]:
    """Return where to begin for *phase*: in a sequence, at what was compensated on the way to it."""
    before = () if plan.is_graph else tuple(n for n in _undone(plan, entries) if phase in plan.graph.downstream(n))
    return before or (phase,)


def _undone(plan: Plan, entries: Entries) -> tuple[str, ...]:
    """Return the phases that were compensated, in the order in which they are done again: the last one undone first."""
    names = [name for name, entry in entries.items() if entry.outcome == "compensated" and name in plan.graph.edges]
    return tuple(sorted(names, key=lambda name: entries[name].ended))


def _taken_up(entry: PhaseProgress, again: bool, phase: str | None) -> PhaseProgress:
    """Return an entry as a retry leaves it; where a phase was named, all that is done again is counted anew."""
    stands = _stands(entry)
    outcome = "superseded" if again and stands.done else stands.outcome
    anew = entry.outcome == "failed" or (again and phase is not None)
    rejections = 0 if anew else entry.rejections
    if outcome == entry.outcome and rejections == entry.rejections:
        return entry
    return msgspec.structs.replace(entry, outcome=outcome, rejections=rejections)


def _stands(entry: PhaseProgress) -> PhaseProgress:
    return msgspec.structs.replace(entry, outcome="completed") if entry.outcome == "uncompensated" else entry


def _leaves(plan: Plan, stage: str, phase: str | None, entries: Entries) -> bool:
    """Return whether a task that is taken up leaves its stage: the next phase that names one says where it stands.

    It does where no way leads out of the stage; and where it goes back to a phase that it has been through, and that is
    at a stage to which none leads from here.  A move that failed the task is not made legal by that.
    """
    machine = plan.states
    if machine is None or stage in machine.terminal:
        return machine is not None
    entry = entries.get(phase) if phase is not None else None
    stages = plan.phases[phase].spec.stages if phase is not None else None
    if entry is None or stages is None or not (entry.done or entry.outcome == "superseded"):
        return False
    wanted = stages.start or stages.complete
    return wanted is not None and not machine.allows(stage, wanted)
