"""Queries as the API has them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.rows import QuestionQuery, TaskQuery


def selection(query: TaskQuery) -> dict[str, Any]:
    """Return which tasks are meant."""
    return _given(
        {
            "status": [str(state) for state in query.statuses],
            "workflow": list(query.workflows),
            "phase": query.phase,
            "classification": query.classification,
            "waiting": str(query.waiting) if query.waiting is not None else None,
            "label": [f"{name}={value}" for name, value in query.labels.items()],
            "text": query.text,
            "parent": query.parent,
            "submitted_after": _moment(query.submitted_after),
            "submitted_before": _moment(query.submitted_before),
            "since_after": _moment(query.since_after),
            "since_before": _moment(query.since_before),
            "definition": query.definition,
            "failure_group": query.failure_group,
            "failed_phase": query.failed_phase,
            "error": query.error,
        }
    )


def task_parameters(query: TaskQuery) -> dict[str, Any]:
    """Return which tasks are meant, in what order, and which page of them."""
    return {**selection(query), **_given({"order": query.order, "limit": query.limit, "after": query.after})}


def question_parameters(query: QuestionQuery, mine: bool) -> dict[str, Any]:
    """Return which questions are meant.

    Raises:
        InputRefused: the query names people.
    """
    if query.people:
        raise InputRefused("the server knows who you are and in which groups; leave `people` out, and say mine=True")
    names = (
        "assignee",
        "candidate",
        "claimed_by",
        "unassigned",
        "task",
        "workflow",
        "overdue",
        "text",
        "limit",
        "after",
    )
    found = {name: getattr(query, name) for name in names}
    kind = str(query.kind) if query.kind is not None else None
    return _given({**found, "kind": kind, "mine": mine or None})


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value != []}


def _moment(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z") if at is not None else None
