"""Reasons: what or whom a run waits for, since when, and what happens then, in words."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import (
    Backoff,
    Child,
    Escalated,
    Feedback,
    Joining,
    Question,
    Ready,
    Run,
    Running,
    Suspended,
    WaitKind,
)
from workflow_engine.core.moments import moment

NAMED_MAX: Final = 3
"""How many of several things a sentence names; the rest it counts."""

ISSUE_MAX: Final = 200
"""Characters of an issue that a sentence quotes."""

WHOM: Final = {WaitKind.HUMAN: "somebody", WaitKind.AGENT: "an agent", WaitKind.IO: "the outside"}
"""Who is meant by a question that names nobody."""


class Around(msgspec.Struct, frozen=True):
    """What a reason rests on beside the run itself.

    Attributes:
        now: engine time, in seconds.
        serving: whether an engine carries tasks out.
        lacks: what ready runs need that is not registered, by run id.
        child: gives what a forked task waits for, None where that is not known.
        about: gives what is being done about an open question, None where that is not known.
    """

    now: float
    serving: bool
    lacks: Mapping[str, str]
    child: Callable[[str], str | None]
    about: Callable[[Question], str | None] = lambda question: None

    def needs(self, run_id: str, ready: Ready) -> str | None:
        """Return what a ready run lacks.

        Once an engine runs, it knows what is missing; what was noted may have been registered since.
        """
        found = self.lacks.get(run_id)
        return found if self.serving else found or ready.needs


class Reason(NamedTuple):
    """What a run waits for, and what happens then, where there is more to say."""

    what: str
    then: str | None = None

    def __str__(self) -> str:
        return self.what if self.then is None else f"{self.what}; {self.then}"


def reason(run_id: str, run: Mapping[str, Any], around: Around) -> Reason:
    """Return what a run waits for that is no fan-out.

    Args:
        run_id: its id.
        run: its components.
        around: the circumstances.
    """
    place, now = place_of(run), around.now
    match marker_of(run):
        case Running() if not around.serving:
            return Reason(f"was in {place} when its engine stopped", "it is taken up again when an engine runs")
        case Running(since=since, until=until):
            limit = f"it is given up {moment(until, now)}" if until is not None else "it has no time limit"
            return Reason(f"is being carried out in {place}, since {moment(since, now)}", limit)
        case Backoff(until=until, error=error):
            number = run["attempt"].number + 1
            return Reason(f"failed in {place} ({error.rstrip('.')}) and makes attempt {number} {moment(until, now)}")
        case Suspended(question=None, since=since, until=float(until)):
            when = f"since {moment(since, now)}, until {moment(until, now)}"
            return Reason(f"sleeps in {place} {when}", "then it goes on")
        case Suspended() as suspended:
            return _asking(run, suspended, place, around)
        case Joining() as joining:
            return _joining(run, joining, place, around)
        case Ready() as ready:
            return _ready(place, f"since {moment(ready.since, now)}", around.needs(run_id, ready), around.serving)
        case _:
            return Reason(f"has a run without a state ({run_id})")


def marker_of(run: Mapping[str, Any]) -> Running | Backoff | Suspended | Joining | Ready | None:
    """Return what says what a run is doing."""
    for kind in (Running, Backoff, Suspended, Joining, Ready):
        marker: Any = run.get(kind.__name__.lower())
        if isinstance(marker, kind):
            return marker
    return None


def place_of(run: Mapping[str, Any]) -> str:
    """Return which phase a run visits, and why again, where work was handed back."""
    visit: Run = run["run"]
    feedback: Feedback | None = run.get("feedback")
    phase = f"phase {visit.phase!r}"
    if feedback is None:
        return phase
    if feedback.unfit:
        return f"{phase} once more (because its output did not fit: {first_issue(feedback.issues)})"
    why = f"because {feedback.by!r} rejected it: {first_issue(feedback.issues)}"
    return f"{phase} for the {_ordinal(visit.visit)} time ({why})"


def asked(question: Question) -> str:
    """Return who is to answer what."""
    return f"{whom(question)} to answer {question.prompt!r} ({_named(question)})"


def _named(question: Question) -> str:
    claimed = f", claimed by {question.claimed_by}" if question.claimed_by is not None else ""
    return f"question {question.id}{claimed}"


def whom(question: Question) -> str:
    """Return who is asked."""
    return question.assignee or " or ".join(question.candidates) or WHOM[question.kind]


def first_issue(issues: msgspec.Raw) -> str:
    """Return the first of the issues that a phase rejects for, on one line."""
    said = " ".join(next((issue.message for issue in _read(issues) if issue.message), "no reason was given").split())
    return (said if len(said) <= ISSUE_MAX else said[: ISSUE_MAX - 1] + "…").rstrip(".")


def some(names: list[str], several: str = "") -> str:
    """Return the first of *names*, and how many more there are, called *several*."""
    more = len(names) - NAMED_MAX
    if more > 0:
        return f"{', '.join(names[:NAMED_MAX])} and {more} more{several}"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


class _Issue(msgspec.Struct, frozen=True):
    message: str = ""


_read: Final = msgspec.json.Decoder(list[_Issue]).decode


def _ready(place: str, when: str, needs: str | None, serving: bool) -> Reason:
    if needs is not None:
        return Reason(f"waits in {place} {when} for {needs}, which is not registered", "it goes on as soon as it is")
    if not serving:
        return Reason(f"is ready for {place} {when} and waits for an engine to run")
    return Reason(f"is ready for {place} {when} and waits for a free place", "it goes on when others end")


def _asking(run: Mapping[str, Any], suspended: Suspended, place: str, around: Around) -> Reason:
    question: Question = run["question"]
    now = around.now
    escalated: Escalated | None = run.get("escalated")
    wanted = asked(question)
    if escalated is not None:
        about = f"the work that it rejected: {first_issue(escalated.issues)}"
        wanted = f"{whom(question)} to decide about {about} ({_named(question)})"
    return Reason(
        f"waits in {place} since {moment(suspended.since, now)} for {wanted}",
        around.about(question) or _due(question, suspended, now),
    )


def _due(question: Question, suspended: Suspended, now: float) -> str:
    fails = f"without an answer it fails {moment(suspended.until, now)}" if suspended.until is not None else None
    if question.due is not None and question.on_due == "escalate" and question.escalate_to:
        goes = f"if nobody answers by {moment(question.due, now)}, it goes to {' or '.join(question.escalate_to)}"
        return f"{goes}, and {fails}" if fails is not None else goes
    if fails is not None:
        return fails
    if question.due is not None and question.overdue:
        return f"that was due {moment(question.due, now)}, and it keeps waiting"
    if question.due is not None:
        then = "it fails then" if question.on_due == "fail" else "after that it is overdue and keeps waiting"
        return f"due {moment(question.due, now)}, {then}"
    if question.overdue:
        return "that is overdue, and it keeps waiting"
    return "it goes on with the answer, however long that takes"


def _joining(run: Mapping[str, Any], joining: Joining, place: str, around: Around) -> Reason:
    when = f"since {moment(joining.since, around.now)}"
    table = run.get("children")
    children: Mapping[str, Child] = table.entries if table is not None else {}
    waiting = [name for name, child in children.items() if child.state is None]
    if not waiting:
        return Reason(f"is in {place} {when}, and the tasks that it forked have ended", "it goes on at once")
    of = "" if len(waiting) == len(children) else f" of the {len(children)}"
    tasks = "task" if len(children) == 1 else "tasks"
    reasons = [(name, around.child(name)) for name in waiting[:NAMED_MAX]]
    named = [f"{name} ({why})" if why is not None else name for name, why in reasons]
    what = f"waits in {place} {when} for {len(waiting)}{of} {tasks} that it forked"
    then = "it goes on when that has ended" if len(waiting) == 1 else "it goes on when all of them have ended"
    if joining.until is not None:
        then += f", and is given up {moment(joining.until, around.now)}"
    return Reason(f"{what}: {some(named + waiting[NAMED_MAX:])}", then)


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"
