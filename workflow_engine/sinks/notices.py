"""Notices: events as people read them."""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from workflow_engine.sinks.asked import Asked, Desk
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.settings import QUESTIONS

TEST: Final = "SinkTest"
"""Name of the event that a test of a sink sends; no engine decides it."""


class Notice(NamedTuple):
    """What a person is told.

    Attributes:
        title: on one line.
        lines: what else there is to say.
        link: where to go on, or None.
        people: whom it is for; empty for whoever is told by default.
    """

    title: str
    lines: tuple[str, ...]
    link: str | None
    people: tuple[str, ...] = ()


def notice(event: EventRecord, desk: Desk) -> Notice | None:
    """Return what people are told of an event; None where that is nothing: a question that is not open any more."""
    if event.event not in QUESTIONS:
        return Notice(_about(event), _facts(event), desk.link(event))
    asked = desk.asked(event)
    if asked is None:
        return None
    opening = _OPENINGS[event.event].format(prompt=one_line(asked.prompt))
    return Notice(opening, tuple(_of_question(event, asked)), desk.link(event), asked.people)


def one_line(text: str) -> str:
    """Return *text* without line ends and control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


_OPENINGS: Final = {
    "QuestionAsked": "{prompt}",
    "QuestionAssigned": "Assigned to you: {prompt}",
    "QuestionDelegated": "Delegated to you: {prompt}",
    "QuestionOverdue": "Overdue: {prompt}",
    "QuestionEscalated": "Escalated to you: {prompt}",
}
_HIDDEN: Final = ("run", "question")


def _of_question(event: EventRecord, asked: Asked) -> list[str]:
    lines = [asked.prompt.strip(), f"Task {event.task}, workflow {event.workflow}, phase {asked.phase}"]
    if asked.people:
        lines.append(f"For {', '.join(map(one_line, asked.people))}")
    if isinstance(event.data.get("note"), str):
        lines.append(f"Note: {event.data['note']}")
    if asked.due is not None:
        lines.append(f"Due {datetime.fromtimestamp(asked.due, UTC):%Y-%m-%d %H:%M} UTC")
    return lines


def _about(event: EventRecord) -> str:
    return one_line(f"{event.event}: task {event.task}" + (f" of {event.workflow}" if event.workflow else ""))


def _facts(event: EventRecord) -> tuple[str, ...]:
    return tuple(f"{name}: {_shown(value)}" for name, value in event.data.items() if name not in _HIDDEN)


def _shown(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
    return ", ".join(map(str, items))
