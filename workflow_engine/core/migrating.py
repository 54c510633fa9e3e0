"""Migrating: whether a task that is under way may go on with another definition of its workflow."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec

from workflow_engine.core.components import PhaseProgress
from workflow_engine.core.plan import UNDO, PhasePlan, Plan
from workflow_engine.spec.graph import Edges, reachable


class Readiness(StrEnum):
    """Whether a task may go on with another definition."""

    SAFE = "safe"
    MAPPABLE = "mappable"  # somebody has to say what becomes of what it has done
    BLOCKED = "blocked"


class Assessment(msgspec.Struct, frozen=True):
    """What is to be said of one task.

    Attributes:
        task: its id.
        readiness: whether it may go on with the other definition.
        reasons: why it is not simply safe, as sentences.
        phases: the phases it is in.
        current: whether it goes by that definition already.
    """

    task: str
    readiness: Readiness
    reasons: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    current: bool = False


class Standing(msgspec.Struct, frozen=True):
    """Where a task stands.

    Attributes:
        entries: how its phases ended, by id.
        live: the phases it is in, and of each whether its handler is in the middle of its steps.
        stage: the stage it is at, or None.
        undoing: whether it compensates what it has done.
    """

    entries: Mapping[str, PhaseProgress]
    live: Mapping[str, bool]
    stage: str | None = None
    undoing: bool = False


def assess(task: str, old: Plan, new: Plan, standing: Standing) -> Assessment:
    """Return whether a task may go from one plan to another.

    It is blocked where what it is doing is gone or is done in another way; mappable where something it has done is
    gone, or something would have come before that it has not been through; safe else.

    Args:
        task: its id.
        old: the plan it is on.
        new: the plan it is to go on with.
        standing: where it stands.
    """
    where = tuple(standing.live)
    blocked = _blocked(old, new, standing)
    if blocked:
        return Assessment(task, Readiness.BLOCKED, blocked, where)
    reasons = _unmapped(old, new, standing)
    return Assessment(task, Readiness.MAPPABLE if reasons else Readiness.SAFE, reasons, where)


def _blocked(old: Plan, new: Plan, standing: Standing) -> tuple[str, ...]:
    """Return why a task cannot go over, whatever anybody says."""
    if standing.undoing:
        return ("it compensates what it has done",)
    found = (_in_the_way(phase, begun, old, new) for phase, begun in standing.live.items())
    reasons = [reason for reason in found if reason is not None]
    if old.is_graph != new.is_graph:
        reasons.append("one definition is a graph and the other a sequence")
    if standing.stage is not None and not has_stage(new, standing.stage):
        reasons.append(f"stage {standing.stage!r}, at which it is, is gone")
    return tuple(reasons)


def _unmapped(old: Plan, new: Plan, standing: Standing) -> tuple[str, ...]:
    """Return what somebody has to decide about before a task goes over."""
    entries = standing.entries
    done = [phase for phase, entry in entries.items() if entry.outcome == "completed" and not phase.endswith(UNDO)]
    gone = [phase for phase in done if phase not in new.graph.edges]
    kept = [phase for phase in done if phase in new.graph.edges and phase in old.undoable - new.undoable]
    return (
        *(f"phase {phase!r}, which it has completed, is gone" for phase in gone),
        *(f"phase {phase!r}, which it has completed, has no compensation" for phase in kept),
        *(f"phase {phase!r} comes before, and it has not been there" for phase in _missed(old, new, standing)),
    )


def _in_the_way(phase: str, begun: bool, old: Plan, new: Plan) -> str | None:
    """Return why a task that is in *phase* cannot go over, or None."""
    if phase not in new.graph.edges:
        return f"phase {phase!r}, which it is in, is gone"
    before, after = old.phases[phase], new.phases[phase]
    if _manner(before) != _manner(after):
        return f"phase {phase!r}, which it is in, is carried out in another way"
    if begun and before.spec.target_classification != after.spec.target_classification:
        return f"phase {phase!r}, in the middle of which it is, has another handler"
    return None


def _manner(phase: PhasePlan) -> tuple[str | None, bool, bool, bool]:
    spec = phase.spec
    return spec.carried_out_by, spec.command is not None, spec.for_each is not None, spec.gate is not None


def has_stage(plan: Plan, stage: str) -> bool:
    """Return whether a task at *stage* can go on with *plan*; where it knows no stages beforehand, any will do."""
    machine = plan.states
    if machine is None:
        return True
    if machine.stages:
        return stage in machine.stages
    if machine.transitions is None:
        return True
    following = (name for names in machine.transitions.values() for name in names)
    return stage in {machine.initial, *machine.terminal, *machine.transitions, *following}


def _missed(old: Plan, new: Plan, standing: Standing) -> list[str]:
    """Return what a task would have been through by now under *new*, was not to go through under *old*, and has not."""
    done = (phase for phase, entry in standing.entries.items() if entry.done)
    reached = frozenset((*standing.live, *done))
    known = {*reached, *standing.entries, *passed(old, reached)}
    return [phase for phase in passed(new, reached) if phase not in known]


@lru_cache(maxsize=1_024)  # a workflow has many tasks, and they stand at few places
def passed(plan: Plan, reached: frozenset[str]) -> tuple[str, ...]:
    """Return what a task has certainly been through that has *reached* these phases, in the order it was written.

    These phases are among them.
    """
    edges = plan.graph.edges
    if plan.is_graph:
        found = set(reachable(plan.graph.needed, [phase for phase in edges if phase in reached]))
        return tuple(phase for phase in edges if phase in found)
    there = reached.intersection(reachable(edges, [plan.first]))
    return tuple(phase for phase in edges if not there <= reached_without(edges, plan.first, phase))


def reached_without(edges: Edges, first: str, left_out: str) -> set[str]:
    """Return what a sequence can reach from its *first* phase on ways that do not lead through one of its phases."""
    if first == left_out:
        return set()
    ways = {phase: tuple(other for other in following if other != left_out) for phase, following in edges.items()}
    return set(reachable(ways, [first]))
