"""A task record as one JSON document."""

from collections.abc import Sequence
from typing import Any

import msgspec

from workflow_engine.cli.times import iso
from workflow_engine.core.components import (
    Answers,
    Artifacts,
    Attempt,
    Children,
    Context,
    Cost,
    Costs,
    Data,
    Failure,
    Feedback,
    Identity,
    Inherited,
    Json,
    PhaseProgress,
    Progress,
    Question,
    Result,
    Run,
    Spent,
    Stage,
    Status,
    Table,
    TaskState,
    Undoing,
)
from workflow_engine.core.fan_reasons import fan_counts
from workflow_engine.core.outputs import last_output
from workflow_engine.core.reasons import marker_of
from workflow_engine.core.record import TaskRecord
from workflow_engine.readmodel.rows import TaskRow
from workflow_engine.values import from_json


def document(record: TaskRecord, children: Sequence[TaskRow]) -> dict[str, Any]:
    """Return all that is known of a task, and the tasks that it forked."""
    identity, status, data = record.get(Identity), record.get(Status), record.find(Data)
    failure, stage, undoing = record.find(Failure), record.find(Stage), record.find(Undoing)
    costs = entries(record, Costs)
    return {
        "id": record.id,
        "workflow": identity.workflow,
        "definition": identity.definition,
        "status": status.state.value,
        "since": iso(status.since),
        "reason": status.reason,
        "stage": {"name": stage.name, "since": iso(stage.since)} if stage is not None else None,
        "undoing": _undoing(undoing) if undoing is not None else None,
        "submitted_at": iso(identity.submitted_at),
        "assigned_to": identity.assigned_to,
        "priority": identity.priority,
        "parent": identity.parent,
        "parent_run": identity.parent_run,
        "labels": identity.labels or {},
        "data": from_json(data.value) if data is not None else None,
        "output": from_json(given(record)),
        "inherited": {name: from_json(raw) for name, raw in entries(record, Inherited).items()},
        "context": {name: from_json(raw) for name, raw in entries(record, Context).items()},
        "phases": {
            phase: _phase(entry) | ({"cost": _amounts(costs[phase])} if phase in costs else {})
            for phase, entry in entries(record, Progress).items()
        },
        "runs": [_run(name, run) for name, run in record.runs.items()],
        "children": [
            {"id": row.id, "workflow": row.workflow, "status": row.status.value, "since": iso(row.since)}
            for row in children
        ],
        "questions": [question_document(question) for question in questions(record)],
        "answers": {
            name: {"at": iso(entry.at), "value": from_json(entry.value), "by": entry.by}
            for name, entry in entries(record, Answers).items()
        },
        "artifacts": {name: from_json(raw) for name, raw in entries(record, Artifacts).items()},
        "cost": cost_document(record.find(Spent)),
        "failure": msgspec.to_builtins(failure) if failure is not None else None,
    }


def cost_document(spent: Spent | None) -> dict[str, Any]:
    """Return what models have cost: ``unpriced`` are the turns whose dollars are not known."""
    cost, extended = (spent.cost, spent.extended) if spent is not None else (Cost(), Cost())
    return {**_amounts(cost), "unpriced": cost.unpriced, "extended_by": _amounts(extended)}


def _amounts(cost: Cost) -> dict[str, Any]:
    return {"tokens": cost.tokens, "dollars": cost.dollars}


def entries(record: TaskRecord, kind: type[Table]) -> dict[str, Any]:
    """Return the entries of one of the task's tables."""
    table = record.find(kind)
    return table.entries if table is not None else {}


def given(record: TaskRecord) -> Json:
    """Return what a completed task gave, absent of another."""
    result = record.find(Result)
    if record.get(Status).state is not TaskState.COMPLETED:
        return msgspec.UNSET
    return result.value if result is not None else last_output(record.components)


def questions(record: TaskRecord) -> list[Question]:
    """Return the open questions of a task."""
    return [run["question"] for run in record.runs.values() if run.get("question") is not None]


def question_document(question: Question) -> dict[str, Any]:
    """Return an open question."""
    return {
        "id": question.id,
        "kind": question.kind.value,
        "prompt": question.prompt,
        "asked_at": iso(question.asked_at),
        "form": from_json(question.form),
        "show": from_json(question.show),
        "assignee": question.assignee,
        "candidates": list(question.candidates),
        "claimed_by": question.claimed_by,
        "owner": question.owner,
        "due": iso(question.due) if question.due is not None else None,
        "on_due": question.on_due,
        "escalate_to": list(question.escalate_to),
        "overdue": question.overdue,
    }


def row_document(row: msgspec.Struct, moments: Sequence[str]) -> dict[str, Any]:
    """Return a row of a list, all its fields there, those named in *moments* as time."""
    fields = {name: msgspec.to_builtins(getattr(row, name)) for name in row.__struct_fields__}
    return {name: iso(value) if name in moments and value is not None else value for name, value in fields.items()}


def standing(run: dict[str, Any]) -> str:
    """Return what a run does, in a word."""
    marker = marker_of(run)
    return type(marker).__name__.lower() if marker is not None else "between states"


def _undoing(undoing: Undoing) -> dict[str, Any]:
    why = undoing.failure
    return {
        "then": "cancelled" if undoing.move == "cancel" else "failed",
        "reason": undoing.reason,
        "failure": msgspec.to_builtins(why) if why is not None else None,
    }


def _phase(entry: PhaseProgress) -> dict[str, Any]:
    return {
        "outcome": entry.outcome,
        "visits": entry.visits,
        "attempts": entry.attempts,
        "started": iso(entry.started),
        "ended": iso(entry.ended),
        "output": from_json(entry.output),
        "issues": from_json(entry.issues),
        "rejections": entry.rejections,
    }


def _run(name: str, components: dict[str, Any]) -> dict[str, Any]:
    run: Run = components["run"]
    attempt: Attempt = components["attempt"]
    return {
        "id": name,
        "phase": run.phase,
        "visit": run.visit,
        "attempt": attempt.number,
        "state": standing(components),
        "since": iso(run.since),
        "item": run.item,
        "fan_out": _fan_out(components),
        "forked": _forked(components.get("children")),
        "feedback": _feedback(components.get("feedback")),
    }


def _fan_out(components: dict[str, Any]) -> dict[str, int] | None:
    counts = fan_counts(components)
    return counts._asdict() if counts is not None else None


def _forked(children: Children | None) -> dict[str, str | None]:
    """Return how the tasks ended that a run waits for, by id; None for one that lives."""
    table = children.entries if children is not None else {}
    return {name: child.state.value if child.state is not None else None for name, child in table.items()}


def _feedback(feedback: Feedback | None) -> dict[str, Any] | None:
    return {"by": feedback.by, "issues": from_json(feedback.issues)} if feedback is not None else None
