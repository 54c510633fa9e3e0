"""Retaking: what of a task that failed is done again when it is taken up."""

import msgspec

from workflow_engine.core.components import Failure, PhaseProgress, Progress
from workflow_engine.core.plan import Plan
from workflow_engine.core.record import as_it_is
from workflow_engine.core.tick import Components


def to_do_again(record: Components, plan: Plan) -> tuple[str, ...]:
    """Return the phases of a task to begin with, the first of them first; in a graph, what failed is left out.

    That is what was compensated; else the work that was rejected, or the reviews that a gate was not content with; else
    what failed.
    """
    entries, failure = _entries(record), record.get("failure")
    undone = [name for name, entry in entries.items() if entry.outcome == "compensated" and name in plan.graph.edges]
    if undone:
        return tuple(sorted(undone, key=lambda name: entries[name].ended))
    if not isinstance(failure, Failure) or failure.phase not in plan.graph.edges:
        return () if plan.is_graph else (plan.first,)
    spec = plan.phases[failure.phase].spec
    if failure.error == "Rejected" and spec.on_reject is not None:
        return (spec.on_reject.target,)
    if failure.error == "Rejected" and spec.gate is not None:
        return tuple(name for name in spec.gate.of if name in entries and entries[name].issues is not msgspec.UNSET)
    return () if plan.is_graph else (failure.phase,)


def standing(record: Components) -> Components:
    """Return the components of a task that failed, as it is taken up with them.

    What could not be compensated stands, and counts as completed; rejections are counted anew.
    """
    found = as_it_is(record)
    entries = _entries(found)
    for name, entry in list(entries.items()):
        if entry.outcome == "uncompensated":
            entries[name] = msgspec.structs.replace(entry, outcome="completed")
        elif entry.outcome == "failed" and entry.rejections:
            entries[name] = msgspec.structs.replace(entry, rejections=0)
    return found


def _entries(record: Components) -> dict[str, PhaseProgress]:
    progress = record.get("progress")
    return progress.entries if isinstance(progress, Progress) else {}
