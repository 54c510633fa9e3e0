"""The list of the inbox: which questions somebody looks at, and which of them comes next."""

import math
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from workflow_engine.core.components import WaitKind
from workflow_engine.question_view import QuestionView
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import Counted, QuestionQuery, QuestionRow
from workflow_engine.ui.pages.inbox_rounds import Round, round_of_row
from workflow_engine.ui.security.answering import may_answer
from workflow_engine.ui.security.person import Person

PAGE: Final = 50
"""Questions of a page."""

COUNT_MAX: Final = 100
"""So many questions of a segment are counted."""

TEXT_MAX: Final = 500
"""Characters of a filter."""

SOON: Final = 2 * 3_600.0
"""What is due within so many seconds is marked as what is overdue."""


class Who(StrEnum):
    """Whose questions are listed."""

    MINE = "mine"
    GROUPS = "groups"
    ANYONE = "anyone"
    ALL = "all"


class Wanted(msgspec.Struct, frozen=True):
    """What somebody looks at.

    Attributes:
        who: whose questions.
        workflow: of one workflow; empty for all.
        kind: "human", "agent" or "io", for all questions only; empty for every kind.
        overdue: only those whose due time has passed.
        text: a part of the prompt; empty for any.
        after: place in the list, as the index gave it; empty for the beginning.
    """

    who: Who = Who.MINE
    workflow: str = ""
    kind: str = ""
    overdue: bool = False
    text: str = ""
    after: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether something is left out of the segment."""
        return bool(self.workflow or self.kind or self.overdue or self.text)

    def args(self, **other: str) -> dict[str, Any]:
        """Return it as an address has it, with *other* in place of what it says; what is empty is left out."""
        given = {
            **{"who": "" if self.who is Who.MINE else self.who.value, "workflow": self.workflow, "kind": self.kind},
            **{"overdue": "1" if self.overdue else "", "text": self.text, "after": self.after},
            **other,
        }
        return {name: value for name, value in given.items() if value}

    def query(self, person: Person) -> QuestionQuery:
        """Return what the index is asked."""
        narrowing = QuestionQuery(
            workflow=self.workflow or None,
            overdue=True if self.overdue else None,
            text=self.text or None,
            kind=(self.kind or None) if self.who is Who.ALL else WaitKind.HUMAN,
            after=self.after or None,
            limit=PAGE,
        )
        if self.who is Who.ALL or (self.who is Who.MINE and person.via == "loopback"):
            return narrowing
        if self.who is Who.ANYONE:
            return msgspec.structs.replace(narrowing, unassigned=True)
        groups = person.groups if self.who is Who.GROUPS else ()
        return msgspec.structs.replace(narrowing, people=(person.name, *groups))


class Segment(msgspec.Struct, frozen=True):
    """Some of the questions: whose, what that is called, and how many there are."""

    who: Who
    name: str
    count: Counted


class Line(msgspec.Struct, frozen=True):
    """A question in the list.

    Attributes:
        row: as the index has it.
        round: how often this was asked before; None for the first time.
        soon: whether it is overdue, or will be within `SOON`.
    """

    row: QuestionRow
    round: Round | None
    soon: bool


class Listed(msgspec.Struct, frozen=True):
    """The list.

    Attributes:
        wanted: what was asked for.
        segments: what can be asked for.
        lines: the questions of this page.
        next: place of the next page, None at the end.
        workflows: names of workflows, to choose from.
    """

    wanted: Wanted
    segments: tuple[Segment, ...]
    lines: tuple[Line, ...]
    next: str | None
    workflows: tuple[str, ...]


def wanted_of(given: Mapping[str, str], person: Person) -> Wanted:
    """Return what an address asks for; what it says that makes no sense is left out."""
    offered = _offered(person)
    who = given.get("who", "")
    kind = given.get("kind", "")
    return Wanted(
        who=Who(who) if who in offered else Who.MINE,
        workflow=given.get("workflow", "")[:TEXT_MAX],
        kind=kind if who == Who.ALL and kind in list(WaitKind) else "",
        overdue=given.get("overdue") == "1",
        text=given.get("text", "").strip()[:TEXT_MAX],
        after=given.get("after", "")[:TEXT_MAX],
    )


def listed(model: ReadModel, wanted: Wanted, person: Person) -> Listed:
    """Return the list that *person* wants.

    Raises:
        InputRefused: the index does not take the filter.
    """
    page = model.questions(wanted.query(person))
    now = time.time()
    lines = tuple(Line(row, round_of_row(model, row), _soon(row, now)) for row in page.rows)
    segments = tuple(Segment(who, _NAMES[who], _count(model, who, person)) for who in _offered(person))
    return Listed(wanted, segments, lines, page.next, tuple(row.name for row in model.workflows()))


def next_after(model: ReadModel, done: QuestionView, wanted: Wanted, person: Person) -> QuestionRow | None:
    """Return the question that *person* answers after *done*: the one below it in the list, or else the first.

    What others work on, or what the person may not answer, is left out.
    """
    place = _place(done.due, done.asked_at, done.id)
    rows = model.questions(wanted.query(person)).rows
    if not rows and wanted.after:
        rows = model.questions(msgspec.structs.replace(wanted, after="").query(person)).rows
    open_ = [row for row in rows if row.id != done.id and _free(row, person)]
    below = (row for row in open_ if _place(row.due, row.asked_at, row.id) > place)
    return next(below, open_[0] if open_ else None)


_NAMES: Final = {Who.MINE: "Mine", Who.GROUPS: "My groups", Who.ANYONE: "For anyone", Who.ALL: "All"}


def _offered(person: Person) -> tuple[Who, ...]:
    """Return the segments: a machine of one person has no groups, and all of its questions are that person's."""
    return (Who.MINE, Who.ALL) if person.via == "loopback" else tuple(Who)


def _count(model: ReadModel, who: Who, person: Person) -> Counted:
    if who is Who.ALL:
        return model.question_counts().all
    query = msgspec.structs.replace(Wanted(who).query(person), limit=COUNT_MAX)
    page = model.questions(query)
    return Counted(len(page.rows), page.next is not None)


def _soon(row: QuestionRow, now: float) -> bool:
    return row.overdue or (row.due is not None and row.due - now < SOON)


def _place(due: float | None, asked_at: float, question: str) -> tuple[float, float, str]:
    return (math.inf if due is None else due, asked_at, question)


def _free(row: QuestionRow, person: Person) -> bool:
    return row.kind is WaitKind.HUMAN and row.claimed_by in (None, person.name) and may_answer(person, row)
