"""Closed questions: what has become of a question that is not open any more."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.components import AnswerRecord, PhaseProgress
from workflow_engine.core.tick import State
from workflow_engine.errors import AlreadyAnswered, AnswerRefused, UnknownTask

_ID: Final = re.compile(
    r"(?P<run>[^/]+/(?P<phase>[^/]+)/(?P<visit>\d{1,9})(\.(?P<item>\d{1,9}))?)/\d+[qrx]\d+", re.ASCII
)


def closed(state: State, question: str) -> AnswerRefused | UnknownTask:
    """Return the refusal of something that is asked of a question that is not open; the world is entered."""
    task = question.partition("/")[0]
    ended = task not in state.world
    components: Mapping[str, Any] | None = state.ended.get(task) if ended else state.world.components(task)
    if components is None or task.startswith("#"):
        return UnknownTask("question", question)
    given: AnswerRecord | None = _entries(components, "answers").get(question)
    if given is not None:
        return AlreadyAnswered(question, given.by, given.at, _value(given.value))
    why = _withdrawn(state, question, components, ended=ended)
    if why is not None:
        return AnswerRefused(question, f"it was withdrawn: {why}; `workflow-engine inbox` lists the open ones")
    return AnswerRefused(question, "it is not open: it was never asked; `workflow-engine inbox` lists the open ones")


def withdrawn(question: str) -> AnswerRefused:
    """Return the refusal of something that is asked of a question whose task ends at this moment."""
    return AnswerRefused(question, "it was withdrawn: its task ends; `workflow-engine inbox` lists the open ones")


def _withdrawn(state: State, question: str, components: Mapping[str, Any], *, ended: bool) -> str | None:
    """Return on what account a question was withdrawn that nobody answered; None where it was never asked."""
    named = _ID.fullmatch(question)
    if named is None or named["run"] in state.world:
        return None
    visit, phase = int(named["visit"]), named["phase"]
    if named["item"] is not None and not ended:
        fan = state.fans.get(question.rpartition("/")[0].rpartition(".")[0])
        if fan is not None:
            return "the item has failed" if int(named["item"]) < fan.next else None
    entry: PhaseProgress | None = _entries(components, "progress").get(phase)
    if entry is None or visit > entry.visits:
        return None
    if ended:
        return f"its task is {components['status'].state}"
    if visit < entry.visits:
        return f"phase {phase!r} was begun anew"
    return f"phase {phase!r} is {entry.outcome}"


def _value(written: msgspec.Raw) -> Any:
    """Return the value of an answer; where it is nested more deeply than can be read here, its JSON as a text."""
    try:
        return msgspec.json.decode(written)
    except RecursionError:
        return bytes(written).decode()


def _entries(components: Mapping[str, Any], table: str) -> Mapping[str, Any]:
    found = components.get(table)
    entries: Mapping[str, Any] = found.entries if found is not None else {}
    return entries
