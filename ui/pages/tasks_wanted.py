"""Wanted: which tasks somebody looks at, as an address says it; what makes no sense there is told and left out."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple, get_args

import msgspec
from werkzeug.datastructures import MultiDict

from workflow_engine.core.components import TaskState, WaitKind
from workflow_engine.readmodel.rows import LIMIT, Order, TaskQuery

SIZES: Final = (25, 50, 100, 200)
"""Rows of a page."""

TEXT_MAX: Final = 500
"""Characters of a filter."""

LABELS_MAX: Final = 10
"""Labels that are asked for at once."""

WITHIN: Final[Mapping[str, tuple[str, float]]] = {
    "hour": ("the last hour", 3_600.0),
    "day": ("the last day", 86_400.0),
    "week": ("the last 7 days", 7 * 86_400.0),
    "month": ("the last 30 days", 30 * 86_400.0),
}
"""Spans of time before now, in words and in seconds."""

ORDERS: Final[dict[str, Order]] = {order: order for order in get_args(Order)}
"""Orders of the rows, by name."""

EQUAL: Final = ("workflow", "phase", "classification", "group", "failed_phase", "error", "parent", "definition")
"""Filters that are one text, which is compared."""


class Fault(NamedTuple):
    """What is wrong with a filter: what was typed, and why that is left out."""

    typed: str
    text: str


class Wanted(msgspec.Struct, frozen=True):
    """What somebody looks at; empty texts do not narrow.

    Attributes:
        statuses: states, of which any will do.
        workflow: name of a workflow.
        phase: id of a phase that the task is in.
        classification: what that phase is classified as.
        waiting: "human", "agent" or "io": what it waits for there.
        labels: pairs of name and value, all of which the task has.
        within: a key of `WITHIN`: when it was submitted.
        first: moment at or after which it was submitted, as it was typed.
        last: moment before which it was.
        text: words.
        group: key of a group of failures.
        failed_phase: id of the phase in which it failed.
        error: class of the error it failed with.
        parent: id of the task that forked it.
        definition: hash of its definition.
        order: of the rows.
        size: rows of a page.
        after: place in the list, as the index gave it.
        faults: what was left out, by the name of the field.
    """

    statuses: tuple[TaskState, ...] = ()
    workflow: str = ""
    phase: str = ""
    classification: str = ""
    waiting: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    within: str = ""
    first: str = ""
    last: str = ""
    text: str = ""
    group: str = ""
    failed_phase: str = ""
    error: str = ""
    parent: str = ""
    definition: str = ""
    order: Order = "-submitted"
    size: int = LIMIT
    after: str = ""
    faults: dict[str, Fault] = {}

    @property
    def narrowed(self) -> bool:
        """Whether anything but the status is asked for."""
        return bool(self.args(status=(), order="", size="", after=""))

    def args(self, **other: str | tuple[str, ...]) -> dict[str, str | tuple[str, ...]]:
        """Return it as an address has it, with *other* in place of what it says; what is empty is left out."""
        given: dict[str, str | tuple[str, ...]] = {
            "status": tuple(state.value for state in self.statuses),
            **{name: getattr(self, name) for name in EQUAL},
            "waiting": self.waiting,
            "label": tuple(f"{name}={value}" for name, value in self.labels),
            "within": self.within,
            "from": self.first,
            "to": self.last,
            "text": self.text,
            "order": self.order if self.order != Wanted().order else "",
            "size": str(self.size) if self.size != LIMIT else "",
            "after": self.after,
            **other,
        }
        return {name: value for name, value in given.items() if value}

    def query(self, now: float | None = None) -> TaskQuery:
        """Return what the index is asked.

        Args:
            now: engine time, in seconds; None for the clock.
        """
        moment = time.time() if now is None else now
        span = [moment - WITHIN[self.within][1]] if self.within else []
        first = [*span, *([moment_of(self.first)] if self.first else [])]
        return TaskQuery(
            statuses=self.statuses,
            workflows=(self.workflow,) if self.workflow else (),
            phase=self.phase or None,
            classification=self.classification or None,
            waiting=self.waiting or None,
            labels=dict(self.labels),
            text=self.text or None,
            parent=self.parent or None,
            submitted_after=max(first, default=None),
            submitted_before=moment_of(self.last) if self.last else None,
            definition=self.definition or None,
            failure_group=self.group or None,
            failed_phase=self.failed_phase or None,
            error=self.error or None,
            order=self.order,
            limit=self.size,
            after=self.after or None,
        )


def wanted_of(given: "MultiDict[str, str]") -> Wanted:
    """Return what an address, or the fields of a form, ask for."""
    faults: dict[str, Fault] = {}
    return Wanted(
        statuses=_statuses(given.getlist("status"), faults),
        **{name: given.get(name, "").strip()[:TEXT_MAX] for name in EQUAL},
        waiting=_one_of(given, "waiting", tuple(kind.value for kind in WaitKind), "", faults),
        labels=_labels(given.getlist("label"), faults),
        within=_one_of(given, "within", tuple(WITHIN), "", faults),
        first=_moment(given, "from", faults),
        last=_moment(given, "to", faults),
        text=given.get("text", "").strip()[:TEXT_MAX],
        order=_order(given, faults),
        size=int(_one_of(given, "size", tuple(map(str, SIZES)), str(LIMIT), faults)),
        after=given.get("after", "")[:TEXT_MAX],
        faults=faults,
    )


def moment_of(typed: str) -> float:
    """Return a moment, in seconds; without a zone it is in UTC.

    Raises:
        ValueError: it is none.
        OverflowError: it is beyond the calendar.
    """
    when = datetime.fromisoformat(typed)
    return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()


def _statuses(given: list[str], faults: dict[str, Fault]) -> tuple[TaskState, ...]:
    known = tuple(state.value for state in TaskState)
    for one in given:
        if one and one not in known:
            faults["status"] = _unknown(one, known)
    return tuple(dict.fromkeys(TaskState(one) for one in given if one in known))


def _labels(given: list[str], faults: dict[str, Fault]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one[: 2 * TEXT_MAX].partition("=")
        if equals and name.strip():
            if found.setdefault(name.strip(), value.strip()) != value.strip():
                faults["label"] = Fault(one, f"A task has one value for {name.strip()}; remove the other one first")
        elif one.strip():
            faults["label"] = Fault(one, "Write a name and a value, as team=press")
    if len(found) > LABELS_MAX:
        faults["label"] = Fault("", f"Only the first {LABELS_MAX} labels count")
    return tuple(found.items())[:LABELS_MAX]


def _one_of(
    given: "MultiDict[str, str]", name: str, known: tuple[str, ...], default: str, faults: dict[str, Fault]
) -> str:
    value = given.get(name, "").strip()
    if value and value not in known:
        faults[name] = _unknown(value, known)
    return value if value in known else default


def _order(given: "MultiDict[str, str]", faults: dict[str, Fault]) -> Order:
    return ORDERS.get(_one_of(given, "order", tuple(ORDERS), "", faults), Wanted().order)


def _moment(given: "MultiDict[str, str]", name: str, faults: dict[str, Fault]) -> str:
    typed = given.get(name, "").strip()[:TEXT_MAX]
    if not typed:
        return ""
    try:
        moment_of(typed)
    except (ValueError, OverflowError):
        faults[name] = Fault(typed, "Write a day and a time, as 2026-05-31 14:00")
        return ""
    return typed


def _unknown(value: str, known: tuple[str, ...]) -> Fault:
    return Fault(value, f"There is no {value[:60]!r} here; use {', '.join(known)}")
