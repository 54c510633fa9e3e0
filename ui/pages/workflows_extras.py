"""What is said of a new task beside its data: id, priority, labels, where it begins."""

import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from workflow_engine.face.submitting import PRIORITY_MAX
from workflow_engine.registry import TASK_ID
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.ui.forms.naming import unix

FIELDS: Final = ("task_id", "priority", "labels", "start")
"""Names of the fields; those of the workflow's own inputs all begin with a slash or a tilde."""

ONCE: Final = "once"
"""Name of the hidden field by which a form that is sent twice makes one task."""

TEXT_MAX: Final = 20_000
"""Characters of a field."""


class Extras(msgspec.Struct, frozen=True):
    """What was typed, and what it means.

    Attributes:
        typed: what was typed, by the name of the field.
        problems: what is wrong, by the name of the field, as sentences with the remedy.
        task_id: an id that somebody wants; None for any.
        priority: higher goes first.
        labels: words by name.
        start: id of the phase to begin with; None for the first.
        once: id of the task unless they want another: the same however often the form is sent.
    """

    typed: dict[str, str]
    problems: dict[str, str]
    task_id: str | None
    priority: int
    labels: dict[str, str]
    start: str | None
    once: str

    @property
    def used(self) -> bool:
        """Whether anything was typed, so that the fields should be seen."""
        return any(text.strip() for text in self.typed.values())


def extras_of(given: Mapping[str, str], spec: WorkflowSpec) -> Extras:
    """Return what a form says; nothing of it is lost where it is wrong."""
    typed = {name: unix(given.get(name, ""))[:TEXT_MAX] for name in FIELDS}
    problems: dict[str, str] = {}
    once = given.get(ONCE, "")
    return Extras(
        typed,
        problems,
        _task_id(typed["task_id"].strip(), problems),
        _priority(typed["priority"].strip(), problems),
        _labels(typed["labels"], problems),
        _start(typed["start"].strip(), spec, problems),
        once if TASK_ID.fullmatch(once) else new_once(),
    )


def new_once() -> str:
    """Return an id that no task has."""
    return secrets.token_hex(8)


def _task_id(text: str, problems: dict[str, str]) -> str | None:
    if text and not TASK_ID.fullmatch(text):
        problems["task_id"] = "This cannot be an id. Use up to 200 characters, without blanks, / and #."
    return text or None


def _priority(text: str, problems: dict[str, str]) -> int:
    try:
        number = int(text or "0") if len(text) < 20 else PRIORITY_MAX + 1
    except ValueError:
        problems["priority"] = "This is not a whole number. Write one such as 5, or -1 for what can wait."
        return 0
    if abs(number) > PRIORITY_MAX:
        problems["priority"] = f"This is too far from zero. Write a number up to {PRIORITY_MAX:,}."
    return number


def _labels(text: str, problems: dict[str, str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or not name:
            problems["labels"] = f"Line {number} is not a label. Write it as name=value, such as team=editors."
        elif name in labels:
            problems["labels"] = f"Line {number} names a label that is there already. Leave one of them out."
        else:
            labels[name] = value
    return labels


def _start(text: str, spec: WorkflowSpec, problems: dict[str, str]) -> str | None:
    if text and text not in (phase.id for phase in spec.phases):
        problems["start"] = "The workflow has no such phase. Choose one of the list."
    return text or None
