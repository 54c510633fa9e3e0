"""Iterations: what the visits to a phase gave that was sent back, side by side with what it gave then.  Pure."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from workflow_engine.core.components import Earlier, EarlierVisit, Feedback, Json
from workflow_engine.core.record import TaskRecord
from workflow_engine.ui.pages.inbox_past import issue_lines
from workflow_engine.ui.pages.task_seen import Seen
from workflow_engine.ui.pages.task_standings import progress_of
from workflow_engine.ui.showing import show_diff, show_value
from workflow_engine.ui.showing.shown import Shown, ShownDiff
from workflow_engine.values import from_json


class Round(NamedTuple):
    """One visit.

    Attributes:
        visit: which one, from 1.
        started: engine time, in seconds.
        ended: engine time, in seconds.
        shown: what it gave.
        output: the same as JSON.
        reasons: why the work was sent back then, phase and words; nothing where it stands.
        current: whether it is the latest.
    """

    visit: int
    started: float
    ended: float
    shown: Shown
    output: Json
    reasons: tuple[tuple[str, str], ...]
    current: bool


class Rounds(NamedTuple):
    """The rounds of a phase.

    Attributes:
        phases: those that have several, in the order of the workflow.
        phase: the one that is shown, None where there is none.
        rounds: its rounds, the first first.
        left: the rounds that stand side by side, and what has changed from the left to the right.
        right: see above.
        changed: see above.
    """

    phases: tuple[str, ...]
    phase: str | None
    rounds: tuple[Round, ...] = ()
    left: Round | None = None
    right: Round | None = None
    changed: ShownDiff | None = None


def rounds_of(seen: Seen, phase: str | None, left: int | None, right: int | None) -> Rounds:
    """Return the rounds of a phase.

    Args:
        seen: the task.
        phase: its id; the first that has several unless it is one of these.
        left: number of the earlier visit to compare; unless it is there, the one before the right.
        right: number of the later one; unless it is there, the latest.
    """
    names = phases_of(seen)
    if not names:
        return Rounds((), None)
    name = phase if phase in names else names[0]
    found = tuple(_rounds(seen, name))
    numbers = [one.visit for one in found]
    second = numbers.index(right) if right in numbers else len(found) - 1
    first = numbers.index(left) if left in numbers else max(0, second - 1)
    if first == second:
        return Rounds(names, name, found, None, found[second], None)
    changed = show_diff(from_json(found[first].output), from_json(found[second].output))
    return Rounds(names, name, found, found[first], found[second], changed)


def phases_of(seen: Seen) -> tuple[str, ...]:
    """Return the phases whose work was sent back."""
    table = seen.record.find(Earlier)
    names = {key.rpartition("/")[0] for key in table.entries} if table is not None else set[str]()
    order = {phase.id: place for place, phase in enumerate(seen.phases)}
    return tuple(sorted(names, key=lambda name: (order.get(name, len(order)), name)))


def _rounds(seen: Seen, phase: str) -> Iterator[Round]:
    table = seen.record.find(Earlier)
    entries: dict[str, EarlierVisit] = table.entries if table is not None else {}
    visits = [visit for key, visit in entries.items() if key.rpartition("/")[0] == phase]
    visits.sort(key=lambda visit: visit.visit)
    entry = progress_of(seen.record).get(phase)
    current = entry.visits if entry is not None else 0
    for place, visit in enumerate(visits):
        if visit.visit == current:
            continue
        following = visits[place + 1].started if place + 1 < len(visits) else _next_start(seen, phase, visit)
        reasons = tuple(_reasons(seen, visit.ended, following))
        yield _round(visit.visit, visit.started, visit.ended, visit.output, reasons, current=False)
    if entry is not None and isinstance(entry.output, msgspec.Raw):
        sent = tuple(_feedback(seen.record, phase)) if entry.outcome == "superseded" else ()
        yield _round(entry.visits, entry.started, entry.ended, entry.output, sent, current=True)


def _round(
    visit: int, started: float, ended: float, output: Json, reasons: tuple[tuple[str, str], ...], *, current: bool
) -> Round:
    return Round(visit, started, ended, show_value(from_json(output)), output, reasons, current)


def _next_start(seen: Seen, phase: str, visit: EarlierVisit) -> float:
    """Return when the visit began that followed the last one that was sent back."""
    entry = progress_of(seen.record).get(phase)
    if entry is not None and entry.visits > visit.visit:
        return entry.started
    return min((run["run"].since for run in seen.record.runs.values() if run["run"].phase == phase), default=seen.now)


def _reasons(seen: Seen, after: float, until: float) -> Iterator[tuple[str, str]]:
    """Give what reviews found between two moments, phase and words."""
    table = seen.record.find(Earlier)
    told: list[tuple[str, Any]] = [(k.rpartition("/")[0], v) for k, v in (table.entries if table else {}).items()]
    kept = {(phase, visit.visit) for phase, visit in told}
    progress = progress_of(seen.record).items()
    told += [(phase, entry) for phase, entry in progress if (phase, entry.visits) not in kept]
    for phase, entry in sorted(told, key=lambda one: one[1].ended):
        if after <= entry.ended <= until and isinstance(entry.issues, msgspec.Raw):
            for line in issue_lines(from_json(entry.issues)) or ():
                yield phase, line


def _feedback(record: TaskRecord, phase: str) -> Iterator[tuple[str, str]]:
    for run in record.runs.values():
        feedback = run.get("feedback")
        if run["run"].phase == phase and isinstance(feedback, Feedback):
            for line in issue_lines(from_json(feedback.issues)) or ():
                yield feedback.by, line
