"""What is submitted: a task's data and what else is said of it, looked at before anything is done about it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.inputs import Submit
from workflow_engine.errors import InputRefused
from workflow_engine.face.looking import task_name
from workflow_engine.registry import TASK_ID, Chosen
from workflow_engine.spec.model import TaskType, task_type
from workflow_engine.spec.strict import NAME
from workflow_engine.task import Task
from workflow_engine.values import to_json, to_text, to_text_if

PRIORITY_MAX: Final = 1_000_000_000
"""Highest priority, and, negated, the lowest."""


class Submission(NamedTuple):
    """What is said of a task beside its workflow, as `ECSWorkflowEngine.submit_task` has it.

    Attributes:
        data: what it is about.
        task_id: the id that was asked for, or None.
        priority: higher goes first.
        labels: words for people and filters; None for none.
        parent: id of the task that it belongs to, or None.
        assigned_to: task type for the phases that name none, or None.
        by: who submits it, where that is known.
    """

    data: msgspec.Raw
    task_id: str | None
    priority: int
    labels: dict[str, str] | None
    parent: str | None
    assigned_to: str | None
    by: str | None = None

    def under(
        self, task: str, workflow: Chosen, ticket: int, artifacts: dict[str, msgspec.Raw] | None = None
    ) -> Submit:
        """Return the input that has the core take it in as *task*, with references to *artifacts* by name."""
        return Submit(
            task,
            workflow.digest,
            self.data,
            workflow.start,
            self.assigned_to,
            self.priority,
            self.parent,
            self.labels,
            ticket,
            self.by,
            artifacts,
        )


def submission(
    data: Any,
    task_id: str | None,
    priority: int,
    labels: Mapping[str, str] | None,
    parent: Task | str | None,
    assigned_to: TaskType | str | None,
    by: str | None = None,
) -> Submission:
    """Return what a caller said, each part of which can be stored.

    Raises:
        InputRefused: something of it cannot.
        UnknownTask: the parent is neither a task nor an id.
    """
    return Submission(
        to_json(data, "the task's data"),
        own_id(task_id),
        _priority(priority),
        words(labels) or None,
        task_name(parent) if parent is not None else None,
        _assigned_to(assigned_to),
        who(by),
    )


def who(by: str | None) -> str | None:
    """Return the name of whoever asks for something, None where it is not known.

    Raises:
        InputRefused: it is no text.
    """
    return to_text_if(by, "the name of who asks for it")


def own_id(task_id: str | None) -> str | None:
    """Return an id that a caller wants for a task, None where they want none.

    Raises:
        InputRefused: it cannot be an id.
    """
    if task_id is not None and not (isinstance(task_id, str) and TASK_ID.fullmatch(task_id)):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise InputRefused(f"{task_id!r} cannot be a task id; use 1 to 200 characters without spaces, '/' and '#'")
    return task_id


def _priority(priority: int) -> int:
    if type(priority) is not int or abs(priority) > PRIORITY_MAX:
        raise InputRefused(f"priority is a whole number of at most {PRIORITY_MAX:,}, not {priority!r}")
    return priority


def words(labels: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return labels, None where none are said.

    Raises:
        InputRefused: they are no words by name.
    """
    if labels is None:
        return None
    if not isinstance(labels, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise InputRefused(f"labels are words by name, not {labels!r}")
    return {to_text(key, "the name of a label"): to_text(word, f"label {key!r}") for key, word in labels.items()}


def _assigned_to(assigned_to: TaskType | str | None) -> str | None:
    if assigned_to is None:
        return None
    name = task_type(to_text(assigned_to, "assigned_to"))
    if not NAME.fullmatch(name):
        raise InputRefused(f"assigned_to is the name of a task type, not {assigned_to!r}; use for example human or ai")
    return name
