"""Events as sentences for people.  Where a sentence names something that has a page, the caller may link it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.plan import UNDO
from workflow_engine.ui.showing.numbers import number
from workflow_engine.ui.showing.visible import shortened
from workflow_engine.ui.showing.words import ordinal, spoken


class Part(msgspec.Struct, frozen=True):
    """A part of a sentence.

    Attributes:
        kind: "text" for words of ours; "words" for somebody else's; "moment"; else what the part names: "phase",
            "question", "task", "workflow", "artifact" or "person".
        text: as it is written; a stranger's unless the kind is "text".
        ref: id of what it names: of a phase its id, of a run of it the run's.
        at: of a moment, in seconds since the epoch.
    """

    kind: str
    text: str
    ref: str | None = None
    at: float | None = None


def sentence(event: Mapping[str, Any]) -> tuple[Part, ...]:
    """Return an event as one sentence.

    Args:
        event: its fields by name, as the read model gives them: ``event`` is the name of its class, ``task`` the id of
            its task.  Of an event that is not known here, name and fields are told.
    """
    name = str(event.get("event", ""))
    fields = {key: value for key, value in event.items() if value is not None and value != [] and value != ()}
    for template in SENTENCES.get(name, ()):
        parts = _filled(template, fields)
        if parts is not None:
            return _ended(parts)
    return _ended(list(_unknown(name, fields)))


SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "TaskSubmitted": (
        "{by} submitted the task to {workflow}[, as a fork of {forked_from}].",
        "The task was submitted to {workflow}[, as a fork of {forked_from}].",
    ),
    "TaskClassified": ("A classifier gave the task to {workflow}.",),
    "TaskAdopted": (
        "{by} moved the task here from another engine, into {workflow}.",
        "The task was moved here from another engine, into {workflow}.",
    ),
    "TaskMigrated": (
        "{by} moved the task to another definition of its workflow, {definition}.",
        "The task goes on with another definition of its workflow, {definition}.",
    ),
    "TaskRetried": ("{by} had the task go on from {phase}.", "The task goes on from {phase}."),
    "TaskCompleted": ("The task completed.",),
    "TaskFailed": ("The task failed with {error}: {message}.",),
    "TaskCancelled": ("{by} cancelled the task[: {reason}].", "The task was cancelled[: {reason}]."),
    "TaskPurged": ("{by} removed the task for good.", "The task was removed for good."),
    "StageChanged": ("The stage is now {stage}[; before it was {before}].",),
    "ArtifactAdded": ("{by} added the artifact {name}.", "The artifact {name} was added."),
    "PhaseStarted": ("{run} began[, attempt {attempt}].",),
    "PhaseSkipped": ("{phase} was left out: {why}.",),
    "PhaseRejected": ("{run} sent the work back to {target}[: {message}].", "{run} rejected the work[: {message}]."),
    "PhaseCompleted": ("{run} completed.",),
    "OutputRefused": ("What {run} gave does not fit, and was handed back: {message}.",),
    "AttemptFailed": ("Attempt {attempt} of {run} failed with {error}: {message}.",),
    "RetryScheduled": ("{run} is tried again on {until}.",),
    "RunParked": ("{run} waits until {needs} is registered.",),
    "FannedOut": ("{run} is carried out once for each of {items} items.",),
    "ItemFailed": ("{run} failed for good with {error}, and the other items go on: {message}.",),
    "TasksForked": ("{run} waits for tasks of its own: {tasks}.",),
    "TimerSet": ("{run} sleeps until {until}.",),
    "UndoBegun": ("The task ends, and first undoes what it has done[: {reason}].",),
    "UndoFailed": ("{phase} could not be undone: {message}.",),
    "QuestionAsked": (
        "{by} has {run} wait for an answer to {question}[ from {assignee}].",
        "{run} waits for an answer to {question}[ from {assignee}].",
    ),
    "QuestionOverdue": ("Nobody answered {question} of {run} in time.",),
    "QuestionEscalated": ("Nobody answered {question} of {run} in time, so it goes to {to}.",),
    "QuestionAnswered": ("{by} answered {question} of {run}.", "{question} of {run} was answered."),
    "QuestionClaimed": ("{by} took {question} of {run}.",),
    "QuestionUnclaimed": ("{by} gave {question} of {run} back.",),
    "QuestionDelegated": ("{by} passed {question} of {run} on to {to}.",),
    "QuestionCommented": ("{by} about {question} of {run}: {text}",),
    "QuestionAssigned": (
        "{by} assigned {question} of {run} to {assignee}[ or {candidates}][: {note}].",
        "{by} assigned {question} of {run} to {candidates}[: {note}].",
        "{question} of {run} is now for {assignee}[ or {candidates}][: {note}].",
        "{question} of {run} is now for {candidates}[: {note}].",
        "{by} took {question} of {run} from those who were asked[: {note}].",
        "{question} of {run} is now for nobody in particular[: {note}].",
    ),
    "QuestionDueSet": (
        "{by} moved the due time of {question} of {run} to {due}.",
        "The due time of {question} of {run} is now {due}.",
        "{by} took the due time off {question} of {run}.",
        "{question} of {run} has no due time any more.",
    ),
}
"""By event, the sentences to choose from: the first that has all its fields.  What is in brackets may lack them."""

_KINDS: Final = {
    **dict.fromkeys(("phase", "target"), "phase"),
    **dict.fromkeys(("task", "tasks", "forked_from"), "task"),
    **dict.fromkeys(("by", "to", "assignee", "candidates"), "person"),
    **dict.fromkeys(("until", "due"), "moment"),
    **{"workflow": "workflow", "name": "artifact"},
}
NAMED_MAX: Final = 3
"""Of several things, how many are named; the others are counted."""

WORDS_MAX: Final = 500
"""Characters of a stranger's words in a sentence."""

_FIELD: Final = re.compile(r"\{(\w+)\}")


def _filled(template: str, fields: Mapping[str, Any]) -> list[Part] | None:
    """Return the parts of a sentence, or None if a field is missing that stands outside of brackets."""
    parts: list[Part] = []
    for place, piece in enumerate(re.split(r"[\[\]]", template)):
        if all(name in fields for name in _FIELD.findall(piece)):
            parts += _parts(piece, fields)
        elif place % 2 == 0:
            return None
    return parts


def _parts(piece: str, fields: Mapping[str, Any]) -> Iterator[Part]:
    for place, word in enumerate(_FIELD.split(piece)):
        if place % 2:
            yield from _value(word, fields[word])
        elif word:
            yield Part("text", word)


def _value(name: str, value: Any) -> Iterator[Part]:
    if isinstance(value, list | tuple):
        several: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType] - JSON
        for place, one in enumerate(several[:NAMED_MAX]):
            if place:
                last = place == len(several) - 1
                yield Part("text", " and " if last else ", ")
            yield from _value(name, one)
        if len(several) > NAMED_MAX:
            yield Part("text", f" and {number(len(several) - NAMED_MAX)} more")
    elif name == "run":
        yield from _run(str(value))
    elif name == "question":
        yield Part("question", "the question", str(value))
    elif _KINDS.get(name) == "moment" and isinstance(value, int | float):
        yield Part("moment", "", at=float(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield Part("text", number(value))
    else:
        kind = _KINDS.get(name, "words")
        yield Part(kind, shortened(value, WORDS_MAX), None if kind == "words" else str(value))


def _run(run: str) -> Iterator[Part]:
    """Yield a run, ``<task>/<phase>/<visit>`` or ``…<visit>.<item>``, by its phase and what tells it from others."""
    head, _, visit = run.rpartition("/")
    phase = head.rpartition("/")[2]
    number_, _, item = visit.partition(".")
    if phase.endswith(UNDO):
        yield Part("text", "undoing ")
    yield Part("phase", shortened(phase.removesuffix(UNDO) or run, WORDS_MAX), run)
    told = [f"{ordinal(int(number_))} time"] if number_.isdecimal() and len(number_) < 10 and int(number_) > 1 else []
    told += [f"item {item}"] if item.isdecimal() else []
    if told:
        yield Part("text", f" ({', '.join(told)})")


def _unknown(name: str, fields: Mapping[str, Any]) -> Iterator[Part]:
    yield Part("text", shortened(spoken(name), WORDS_MAX).capitalize() or "Something happened")
    for place, (key, value) in enumerate((key, value) for key, value in fields.items() if key not in ("event", "task")):
        yield Part("text", f"{', ' if place else ': '}{shortened(spoken(key))} ")
        yield from _value(key, value)
    yield Part("text", ".")


def _ended(parts: list[Part]) -> tuple[Part, ...]:
    """Return *parts* with a capital at the beginning and one full stop at the end."""
    if parts[0].kind == "question" or parts[0].text == "undoing ":
        parts[0] = msgspec.structs.replace(parts[0], text=parts[0].text.capitalize())
    if len(parts) > 1 and parts[-1].text == "." and parts[-2].text.endswith((".", "!", "?", "…")):
        parts = parts[:-1]
    return tuple(parts)
