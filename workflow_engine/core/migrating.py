"""Migrating: whether a task that is under way may go on with another definition of its workflow."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from workflow_engine.core.components import PhaseProgress
from workflow_engine.core.plan import UNDO, PhasePlan, Plan
from workflow_engine.spec.graph import reachable


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
    """

    task: str
    readiness: Readiness
    reasons: tuple[str, ...] = ()


def assess(
    task: str, old: Plan, new: Plan, entries: Mapping[str, PhaseProgress], live: Sequence[str], *, undoing: bool
) -> Assessment:
    """Return whether a task may go from one plan to another.

    It is blocked where what it is doing is gone or is done in another way; mappable where something it has done is
    gone, or something new would have come before where it is; safe else.

    Args:
        task: its id.
        old: the plan it is on.
        new: the plan it is to go on with.
        entries: how its phases ended, by id.
        live: the phases it is in.
        undoing: whether it compensates what it has done.
    """
    if undoing:
        return Assessment(task, Readiness.BLOCKED, ("it compensates what it has done",))
    blocked = [reason for phase in live if (reason := _in_the_way(phase, old, new)) is not None]
    if old.is_graph != new.is_graph:
        blocked.append("one definition is a graph and the other a sequence")
    if blocked:
        return Assessment(task, Readiness.BLOCKED, tuple(blocked))
    done = [phase for phase, entry in entries.items() if entry.outcome == "completed" and not phase.endswith(UNDO)]
    reasons = [f"phase {phase!r}, which it has completed, is gone" for phase in done if phase not in new.graph.edges]
    reasons += [f"phase {phase!r} is new and would have come before" for phase in _missed(new, entries, live)]
    return Assessment(task, Readiness.MAPPABLE if reasons else Readiness.SAFE, tuple(reasons))


def _in_the_way(phase: str, old: Plan, new: Plan) -> str | None:
    """Return why a task that is in *phase* cannot go over, or None."""
    if phase not in new.graph.edges:
        return f"phase {phase!r}, which it is in, is gone"
    if _manner(old.phases[phase]) != _manner(new.phases[phase]):
        return f"phase {phase!r}, which it is in, is carried out in another way"
    return None


def _manner(phase: PhasePlan) -> tuple[str | None, bool, bool, bool]:
    spec = phase.spec
    return spec.carried_out_by, spec.command is not None, spec.for_each is not None, spec.gate is not None


def _missed(new: Plan, entries: Mapping[str, PhaseProgress], live: Sequence[str]) -> list[str]:
    """Return the phases of *new* that a task should have been through by now, and has not."""
    reached = [phase for phase in (*live, *entries) if phase in new.graph.edges]
    before: dict[str, list[str]] = {phase: [] for phase in new.graph.edges}
    for phase, following in new.graph.edges.items():
        for other in following:
            before[other].append(phase)
    earlier = reachable({phase: tuple(listed) for phase, listed in before.items()}, reached)
    known = {*entries, *live}
    return [phase for phase in new.graph.edges if phase in earlier and phase not in known]
