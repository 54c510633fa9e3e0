"""Chosen: which tasks something is to be done with, as a form says."""

import urllib.parse
from collections.abc import Iterable
from typing import Final

import msgspec
from werkzeug.datastructures import MultiDict

from workflow_engine.core.components import TERMINAL, TaskState
from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import LIMIT_MAX, Counted
from workflow_engine.registry import TASK_ID
from workflow_engine.ui.bulk import Action
from workflow_engine.ui.pages.tasks_rows import added
from workflow_engine.ui.pages.tasks_wanted import Wanted, wanted_of

ACCEPTED: Final[dict[Action, frozenset[TaskState]]] = {
    "cancel": frozenset(TaskState) - TERMINAL,
    "retry": frozenset({TaskState.FAILED}),
    "answer": frozenset({TaskState.WAITING_HUMAN, TaskState.WAITING_AGENT, TaskState.WAITING_IO}),
    "purge": frozenset(TERMINAL),
}
"""Where tasks stand with which something can be done; of all that match, the others are not even asked."""


class Chosen(msgspec.Struct, frozen=True):
    """Tasks that were chosen.

    Attributes:
        tasks: ids, `LIMIT_MAX` at most.
        wanted: the filter that they match, None where they were selected one by one.
        more: how many more match it, None where that is all.
        others: how many match it and stand where nothing can be done with them, by state.
    """

    tasks: tuple[str, ...]
    wanted: Wanted | None = None
    more: Counted | None = None
    others: dict[TaskState, Counted] = {}


def chosen_of(form: "MultiDict[str, str]", action: Action, model: ReadModel) -> Chosen:
    """Return which tasks a form means: those selected, those listed again, or with ``all`` those that match its filter.

    Raises:
        InputRefused: its filter makes no sense.
    """
    if form.get("all") == "1":
        return _matching(filter_of(form), action, model)
    again = filter_of(form) if form.get("matching") == "1" else None
    return Chosen(_named([*form.getlist("task"), *form.get("tasks", "").split()]), again)


def filter_of(form: "MultiDict[str, str]") -> Wanted:
    """Return the filter that a form carries.

    Raises:
        InputRefused: something of it makes no sense, so that more would match than was seen.
    """
    wanted = wanted_from(form.get("filter", ""))
    for name, fault in wanted.faults.items():
        raise InputRefused(
            f"the filter {name} is {fault.typed[:60]!r}, which makes no sense; go back to the list and choose it again"
        )
    return msgspec.structs.replace(wanted, after="")


def wanted_from(filtered: str) -> Wanted:
    """Return a filter that `carried` gave."""
    return wanted_of(MultiDict(urllib.parse.parse_qsl(filtered)))


def left(wanted: Wanted, action: Action, model: ReadModel) -> Counted:
    """Return how many tasks match a filter and stand where something can be done with them."""
    counts = model.counted(wanted.query())
    return added([count for state, count in counts.items() if state in ACCEPTED[action]])


def carried(wanted: Wanted) -> str:
    """Return a filter as a form carries it."""
    return urllib.parse.urlencode(wanted.args(after=""), doseq=True)


def _named(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in ids if TASK_ID.fullmatch(one)))[:LIMIT_MAX]


def _matching(wanted: Wanted, action: Action, model: ReadModel) -> Chosen:
    accepted = ACCEPTED[action]
    counts = model.counted(wanted.query())
    others = {state: count for state, count in counts.items() if state not in accepted and count.n}
    states = tuple(state for state in wanted.statuses or TaskState if state in accepted)
    if not states:
        return Chosen((), wanted, None, others)
    page = model.tasks(msgspec.structs.replace(wanted.query(), statuses=states, limit=LIMIT_MAX))
    tasks = tuple(row.id for row in page.rows)
    total = added([count for state, count in counts.items() if state in states])
    more = None if page.next is None else Counted(max(1, total.n - len(tasks)), total.capped)
    return Chosen(tasks, wanted, more, others)
