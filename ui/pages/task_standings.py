"""Standings: where each phase of a task stands, for the drawing of its workflow.  Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.components import (
    Backoff,
    Joining,
    PhaseProgress,
    Progress,
    Ready,
    Run,
    Running,
    Suspended,
    WaitKind,
)
from workflow_engine.core.fan_reasons import FanCounts, fan_counts
from workflow_engine.core.plan import UNDO
from workflow_engine.core.reasons import marker_of
from workflow_engine.core.record import TaskRecord
from workflow_engine.drawing.state import NodeState, Standing
from workflow_engine.ui.showing.numbers import duration, number


def standings(record: TaskRecord, lacks: Mapping[str, str], many: Collection[str] = ()) -> dict[str, NodeState]:
    """Return where the phases stand that a task came to, by id.

    Args:
        record: the task.
        lacks: what ready runs need that is not registered, by run id.
        many: ids of phases that are carried out once for each item of a list.
    """
    found = {phase: _ended(entry, many=phase in many) for phase, entry in progress_of(record).items()}
    for phase in record.held:
        found[phase] = NodeState(Standing.PENDING, "begins when others end")
    for name, components in record.runs.items():
        run: Run = components["run"]
        if run.item is None:
            found[run.phase.removesuffix(UNDO)] = _live(record, name, components, lacks.get(name))
    return found


def sent_back(record: TaskRecord) -> dict[str, int]:
    """Return how often each reviewing phase has sent work back, by its id; those that never did are left out."""
    return {phase: entry.rejections for phase, entry in progress_of(record).items() if entry.rejections}


def progress_of(record: TaskRecord) -> Mapping[str, PhaseProgress]:
    """Return how the phases of a task have ended, by id."""
    table = record.find(Progress)
    return table.entries if table is not None else {}


def fan_words(counts: FanCounts) -> str:
    """Return how far a fan-out is: "640 of 1,000 done, 3 failed"."""
    failed = f", {number(counts.failed)} failed" if counts.failed else ""
    return f"{number(counts.ended - counts.failed)} of {number(counts.items)} done{failed}"


_OUTCOMES: Final = {
    "completed": Standing.COMPLETED,
    "failed": Standing.FAILED,
    "cancelled": Standing.CANCELLED,
    "skipped": Standing.SKIPPED,
    "unchosen": Standing.SKIPPED,
    "superseded": Standing.PENDING,
    "compensated": Standing.CANCELLED,
    "uncompensated": Standing.FAILED,
}
_SAID: Final = {
    "skipped": "left out",
    "unchosen": "not chosen",
    "superseded": "to be done again",
    "compensated": "undone",
    "uncompensated": "could not be undone",
}
_WAITS: Final = {
    WaitKind.HUMAN: Standing.WAITING_HUMAN,
    WaitKind.AGENT: Standing.WAITING_AGENT,
    WaitKind.IO: Standing.WAITING_IO,
}


def _ended(entry: PhaseProgress, *, many: bool) -> NodeState:
    took = duration(entry.ended - entry.started) if entry.started else ""
    items = _items(entry) if many else ""
    words = (_SAID.get(entry.outcome, ""), items, f"{entry.visits} visits" if entry.visits > 1 else "", took)
    return NodeState(_OUTCOMES.get(entry.outcome, Standing.PENDING), " · ".join(word for word in words if word))


def _items(entry: PhaseProgress) -> str:
    """Return how many items a fan-out had that has ended, nothing where that is not known."""
    if not isinstance(entry.output, msgspec.Raw):
        return ""
    try:
        count = len(msgspec.json.decode(entry.output, type=list[msgspec.Raw]))
    except msgspec.ValidationError:  # it was left out, or is kept under a name
        return ""
    return f"{number(count)} {'item' if count == 1 else 'items'}"


def _live(record: TaskRecord, name: str, run: Mapping[str, Any], lacks: str | None) -> NodeState:
    if run["run"].phase.endswith(UNDO):
        return NodeState(Standing.IN_PROGRESS, "is being undone")
    counts = fan_counts(run)
    if counts is not None:
        return NodeState(_of_items(record, name), fan_words(counts))
    attempt = run["attempt"].number
    again = f"attempt {attempt}" if attempt > 1 else ""
    match marker_of(run):
        case Running():
            return NodeState(Standing.IN_PROGRESS, " · ".join(word for word in ("under way", again) if word))
        case Backoff():
            return NodeState(Standing.WAITING_IO, f"attempt {attempt} failed")
        case Suspended(question=None):
            return NodeState(Standing.WAITING_IO, "sleeps")
        case Suspended(kind=kind):
            return NodeState(_WAITS[kind], _SAID_WAITS[kind])
        case Joining():
            table = run.get("children")
            children = len(table.entries) if table is not None else 0
            return NodeState(Standing.IN_PROGRESS, f"waits for {children} {'task' if children == 1 else 'tasks'}")
        case Ready(needs=needs):
            missing = lacks or needs
            return NodeState(Standing.PENDING, f"waits for {missing}" if missing else "about to begin")
        case _:
            return NodeState(Standing.PENDING)


_SAID_WAITS: Final = {
    WaitKind.HUMAN: "waits for a person",
    WaitKind.AGENT: "waits for an agent",
    WaitKind.IO: "waits for a system",
}


def _of_items(record: TaskRecord, name: str) -> Standing:
    """Return what the items of a fan-out do: where some are at work, it is at work, whatever others wait for."""
    kinds = set(_kinds(record, name))
    if not kinds or None in kinds:
        return Standing.IN_PROGRESS
    return next((standing for kind, standing in _WAITS.items() if kind in kinds), Standing.IN_PROGRESS)


def _kinds(record: TaskRecord, name: str) -> Iterator[WaitKind | None]:
    """Give of each live item what it waits for, None for one that is at work."""
    for other, run in record.runs.items():
        if run["run"].item is not None and other.startswith(f"{name}."):
            marker = marker_of(run)
            yield marker.kind if isinstance(marker, Suspended) else None
