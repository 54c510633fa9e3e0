"""The list of tasks: its rows, counts and columns, ready to be shown."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from workflow_engine.core.components import TaskState
from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import Counted, Order, Page, TaskRow
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.pages.tasks_waits import waits_of
from workflow_engine.ui.pages.tasks_wanted import WITHIN, Fault, Wanted
from workflow_engine.ui.showing.numbers import number
from workflow_engine.ui.showing.visible import plain, shortened
from workflow_engine.ui.showing.words import STATES, status

ALWAYS: Final = (TaskState.IN_PROGRESS, TaskState.WAITING_HUMAN, TaskState.FAILED, TaskState.COMPLETED)
"""States that can be chosen even where nothing stands there."""

PHASES_MAX: Final = 2
"""Phases of a task that a row names."""

DEFINITIONS_MAX: Final = 500
"""Definitions whose phases are kept in mind."""


class Segment(msgspec.Struct, frozen=True):
    """Tasks of one status, None for all: how many, and whether they are listed."""

    state: TaskState | None
    count: Counted
    current: bool


class Column(NamedTuple):
    """A column that sorts.

    Attributes:
        name: what people read.
        order: what a click on it asks for.
        sorted: "ascending", "descending" or "none", as ``aria-sort`` has it.
    """

    name: str
    order: Order
    sorted: str


class Chip(NamedTuple):
    """A filter that is in force: in words, and what the address lacks without it."""

    words: str
    without: dict[str, str | tuple[str, ...]]


class Line(msgspec.Struct, frozen=True):
    """A task in the list.

    Attributes:
        row: as the index has it.
        where: the phases it is in; empty between phases and at the end.
        place: "phase 3 of 4": where that phase stands in its workflow as written; empty where it is in several.
        waits: what it waits for, as a sentence.
    """

    row: TaskRow
    where: str
    place: str
    waits: str


class Listed(msgspec.Struct, frozen=True):
    """The list.

    Attributes:
        wanted: what was asked for, with what of it is wrong.
        segments: counts by status.
        total: how many tasks fit.
        lines: the tasks of this page.
        next: place of the next page, None at the end.
        workflows: names of workflows, to choose from.
        phases: ids of phases, to choose from.
        chips: filters in force.
        columns: what can be sorted by, by the first letters of its order.
    """

    wanted: Wanted
    segments: tuple[Segment, ...]
    total: Counted
    lines: tuple[Line, ...]
    next: str | None
    workflows: tuple[str, ...]
    phases: tuple[str, ...]
    chips: tuple[Chip, ...]
    columns: dict[str, Column]


def listed(desk: Desk, wanted: Wanted) -> Listed:
    """Return the list that is wanted."""
    model = desk.model
    wanted, page = page_of(model, wanted)
    segments = _segments(model, wanted)
    total = added([one.count for one in segments if one.state is not None and (one.current or not wanted.statuses)])
    workflows = model.workflows()
    chosen = next((one for one in workflows if one.name == wanted.workflow), None)
    return Listed(
        wanted=wanted,
        segments=segments,
        total=total,
        lines=lines_of(desk, page.rows),
        next=page.next,
        workflows=tuple(one.name for one in workflows),
        phases=phases_of(model, chosen.definitions[0].digest) if chosen is not None and chosen.definitions else (),
        chips=tuple(_chips(wanted)),
        columns={name: _column(name, words, wanted.order) for name, words in _COLUMNS.items()},
    )


def lines_of(desk: Desk, rows: Sequence[TaskRow]) -> tuple[Line, ...]:
    """Return rows as they are shown."""
    phases = {row.definition: phases_of(desk.model, row.definition) for row in rows if len(row.phases) == 1}
    waits = waits_of(desk.engine, rows)
    return tuple(
        Line(row, _where(row), _place(row, phases.get(row.definition, ())), sentence)
        for row, sentence in zip(rows, waits, strict=True)
    )


def page_of(model: ReadModel, wanted: Wanted) -> tuple[Wanted, Page]:
    """Return a page; the first one where the place to go on from is none, which is told as a fault."""
    try:
        return wanted, model.tasks(wanted.query())
    except InputRefused:
        if not wanted.after:
            raise
    faults = {**wanted.faults, "after": Fault("", "That place in the list is not there; this is the first page.")}
    first = msgspec.structs.replace(wanted, after="", faults=faults)
    return first, model.tasks(first.query())


def added(counts: Sequence[Counted]) -> Counted:
    """Return how many there are together."""
    return Counted(sum(count.n for count in counts), any(count.capped for count in counts))


def phases_of(model: ReadModel, digest: str) -> tuple[str, ...]:
    """Return the phases of a definition in the order they were written; none where it is lost."""
    known = _KNOWN.get(digest)
    if known is not None:
        return known
    found = model.definition(digest)
    if found is None:
        return ()
    phases = tuple(phase.id for phase in WorkflowSpec.from_stored(bytes(found.spec)).phases)
    if len(_KNOWN) >= DEFINITIONS_MAX:
        _KNOWN.clear()
    _KNOWN[digest] = phases
    return phases


_KNOWN: Final[dict[str, tuple[str, ...]]] = {}  # by hash, so it never changes
_COLUMNS: Final = {"id": "Task", "priority": "Priority", "submitted": "Submitted", "since": "Updated"}


def _segments(model: ReadModel, wanted: Wanted) -> tuple[Segment, ...]:
    counts = model.counted(msgspec.structs.replace(wanted, statuses=(), after="").query())
    states = [state for state in STATES if state in counts or state in ALWAYS or state in wanted.statuses]
    each = [Segment(state, counts.get(state, Counted(0)), state in wanted.statuses) for state in states]
    return (Segment(None, added(tuple(counts.values())), not wanted.statuses), *each)


def _column(name: str, words: str, order: Order) -> Column:
    # A click on what is sorted by turns it round; the newest come first at first.  Priority has one direction.
    falling: dict[str, tuple[Order, Order]] = {
        "id": ("id", "-id"),
        "priority": ("priority", "priority"),
        "submitted": ("-submitted", "submitted"),
        "since": ("-since", "since"),
    }
    first, second = falling[name]
    if order.removeprefix("-") != name:
        return Column(words, first, "none")
    downward = order.startswith("-") or name == "priority"
    return Column(words, second if order == first else first, "descending" if downward else "ascending")


def _where(row: TaskRow) -> str:
    named = ", ".join(row.phases[:PHASES_MAX])
    more = len(row.phases) - PHASES_MAX
    return f"{named} and {number(more)} more" if more > 0 else named


def _place(row: TaskRow, phases: tuple[str, ...]) -> str:
    if len(row.phases) != 1 or row.phases[0] not in phases or len(phases) < 2:
        return ""
    return f"phase {number(phases.index(row.phases[0]) + 1)} of {number(len(phases))}"


def _chips(wanted: Wanted) -> list[Chip]:
    said: list[tuple[str, str, str]] = [
        ("workflow", "Workflow", wanted.workflow),
        ("phase", "Phase", wanted.phase),
        ("classification", "Classified as", wanted.classification),
        ("waiting", "Waits", status(f"waiting_{wanted.waiting}").removeprefix("waiting ") if wanted.waiting else ""),
        ("within", "Submitted in", WITHIN[wanted.within][0] if wanted.within else ""),
        ("from", "Submitted from", f"{wanted.first.replace('T', ' ')} UTC" if wanted.first else ""),
        ("to", "Submitted before", f"{wanted.last.replace('T', ' ')} UTC" if wanted.last else ""),
        ("text", "With the words", wanted.text),
        ("group", "Failed alike", "one group of failures" if wanted.group else ""),
        ("failed_phase", "Failed in", wanted.failed_phase),
        ("error", "Failed with", wanted.error),
        ("parent", "Forked by", wanted.parent),
        ("definition", "Definition", wanted.definition[:12]),
    ]
    chips = [Chip(f"{title}: {_short(value)}", _without(wanted, name)) for name, title, value in said if value]
    return [*chips, *(_of_label(wanted, name, value) for name, value in wanted.labels)]


def _of_label(wanted: Wanted, name: str, value: str) -> Chip:
    others = tuple(f"{key}={word}" for key, word in wanted.labels if key != name)
    return Chip(f"Label: {_short(f'{name}={value}')}", wanted.args(label=others, after=""))


def _without(wanted: Wanted, name: str) -> dict[str, str | tuple[str, ...]]:
    return wanted.args(**{name: "", "after": ""})


def _short(text: str) -> str:
    return plain(shortened(text, 60))
