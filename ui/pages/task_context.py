"""The context: what was there before each phase, what the phase gave, and which values it set.  Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import Context, Costs, Feedback, Inherited, Json, PhaseProgress
from workflow_engine.core.plan import UNDO
from workflow_engine.ui.pages.inbox_past import issue_lines
from workflow_engine.ui.pages.task_seen import Seen
from workflow_engine.ui.pages.task_standings import progress_of, standings
from workflow_engine.ui.showing import show_value
from workflow_engine.ui.showing.shown import Shown
from workflow_engine.values import from_json

PAGE: Final = 20
"""Phases of a page."""

NAMES_MAX: Final = 50
"""Values of a phase, or from before it, that are shown."""


class Value(NamedTuple):
    """A context value.

    Attributes:
        name: of the value.
        shown: the value as it is now.
        by: the phase that set it last, None where the task began with it.
    """

    name: str
    shown: Shown
    by: str | None


class Told(NamedTuple):
    """A phase, with what was before and after it.

    Attributes:
        phase: its id.
        standing: where it stands, a class name.
        words: the same in words.
        detail: more about that.
        entry: how its latest visit ended, None where none has.
        before: values that were there when its latest visit began.
        more_before: how many more of them there were.
        sets: values that it has set, as they are now.
        output: what it gave, None where nothing yet.
        issues: why it rejects what it reviewed.
        feedback: why it is being done again.
        cost: what its models have cost, or None.
    """

    phase: str
    standing: str
    words: str
    detail: str
    entry: PhaseProgress | None
    before: tuple[Value, ...]
    more_before: int
    sets: tuple[Value, ...]
    output: Shown | None
    issues: tuple[str, ...]
    feedback: tuple[str, ...]
    cost: Any


class Phases(NamedTuple):
    """A page of phases; *page* counts from 1, *total* is how many there are."""

    told: tuple[Told, ...]
    page: int
    pages: int
    total: int


def phases_of(seen: Seen, only: str | None, page: int) -> Phases:
    """Return the phases of a task, in the order in which they were, or will be, carried out.

    Args:
        seen: the task.
        only: the one phase that is asked for, None for all.
        page: of all, from 1.
    """
    order = in_order(seen)
    names = [name for name in order if name == only] if only is not None else order
    pages = max(1, -(-len(names) // PAGE))
    page = min(max(page, 1), pages)
    book = _Book(seen, order)
    told = tuple(book.told(name) for name in names[(page - 1) * PAGE : page * PAGE])
    return Phases(told, page, pages, len(order))


def in_order(seen: Seen) -> list[str]:
    """Return the ids of all phases: those that have ended by when, then those under way, then the others."""
    progress = progress_of(seen.record)
    live = [run["run"].phase.removesuffix(UNDO) for run in seen.record.runs.values() if run["run"].item is None]
    ended = sorted((name for name in progress if UNDO not in name), key=lambda name: progress[name].ended)
    written = [phase.id for phase in seen.phases]
    return list(dict.fromkeys((*[name for name in ended if name not in live], *live, *written)))


def values_of(seen: Seen) -> dict[str, msgspec.Raw]:
    """Return all context values of a task, by name: those that it began with, and those that phases set."""
    found: dict[str, msgspec.Raw] = {}
    for kind in (Inherited, Context):
        table = seen.record.find(kind)
        found |= table.entries if table is not None else {}
    return found


def setters(progress: Mapping[str, PhaseProgress]) -> dict[str, str]:
    """Return by the name of each context value the phase that set it last."""
    by_end = sorted(progress, key=lambda name: progress[name].ended)
    return {value: phase for phase in by_end for value in progress[phase].sets}


class _Book:
    """What has to be looked up once for all phases."""

    def __init__(self, seen: Seen, order: list[str]) -> None:
        self._seen = seen
        self._order = order
        self._progress = progress_of(seen.record)
        self._values = values_of(seen)
        self._setters = setters(self._progress)
        self._standings = standings(seen.record, seen.lacks)
        costs = seen.record.find(Costs)
        self._costs: Mapping[str, Any] = costs.entries if costs is not None else {}

    def told(self, phase: str) -> Told:
        """Return a phase."""
        entry, state = self._progress.get(phase), self._standings.get(phase)
        before = list(self._before(phase))
        sets = tuple(self._value(name) for name in (entry.sets if entry is not None else ())[:NAMES_MAX])
        return Told(
            phase,
            state.standing.value if state is not None else "pending",
            state.standing.words if state is not None else "not reached",
            state.detail if state is not None else "",
            entry,
            tuple(self._value(name) for name in before[:NAMES_MAX]),
            max(0, len(before) - NAMES_MAX),
            sets,
            _shown(entry.output) if entry is not None else None,
            issue_lines(from_json(entry.issues)) or () if entry is not None else (),
            self._feedback(phase),
            self._costs.get(phase),
        )

    def _before(self, phase: str) -> Iterator[str]:
        """Give the names of values that the task began with, or that phases set which ended before this one began."""
        entry = self._progress.get(phase)
        began = entry.started if entry is not None else self._seen.now
        inherited = self._seen.record.find(Inherited)
        names = dict.fromkeys(inherited.entries if inherited is not None else ())
        for other in self._order:
            found = self._progress.get(other)
            if found is not None and other != phase and found.ended <= began:
                names |= dict.fromkeys(found.sets)
        yield from names

    def _value(self, name: str) -> Value:
        raw = self._values.get(name)
        shown = show_value(from_json(raw)) if raw is not None else show_value("it was removed since")
        return Value(name, shown, self._setters.get(name))

    def _feedback(self, phase: str) -> tuple[str, ...]:
        for run in self._seen.record.runs.values():
            feedback = run.get("feedback")
            if run["run"].phase == phase and run["run"].item is None and isinstance(feedback, Feedback):
                return issue_lines(from_json(feedback.issues)) or ()
        return ()


def _shown(output: Json) -> Shown | None:
    return show_value(from_json(output)) if isinstance(output, msgspec.Raw) else None
