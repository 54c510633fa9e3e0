"""A task record as one JSON document."""

from collections.abc import Sequence
from typing import Any

import msgspec

from workflow_engine.cli.times import iso
from workflow_engine.core.components import (
    Answers,
    Artifacts,
    Attempt,
    Backoff,
    Context,
    Data,
    Failure,
    Identity,
    PhaseProgress,
    Progress,
    Question,
    Ready,
    Run,
    Running,
    Status,
    Suspended,
    Table,
)
from workflow_engine.core.record import TaskRecord
from workflow_engine.values import from_json


def document(record: TaskRecord) -> dict[str, Any]:
    """Return all that is known of a task."""
    identity, status, data = record.get(Identity), record.get(Status), record.find(Data)
    failure = record.find(Failure)
    return {
        "id": record.id,
        "workflow": identity.workflow,
        "definition": identity.definition,
        "status": status.state.value,
        "since": iso(status.since),
        "reason": status.reason,
        "submitted_at": iso(identity.submitted_at),
        "assigned_to": identity.assigned_to,
        "priority": identity.priority,
        "parent": identity.parent,
        "labels": identity.labels or {},
        "data": from_json(data.value) if data is not None else None,
        "context": {name: from_json(raw) for name, raw in entries(record, Context).items()},
        "phases": {phase: _phase(entry) for phase, entry in entries(record, Progress).items()},
        "runs": [_run(name, run) for name, run in record.runs.items()],
        "questions": [question_document(question) for question in questions(record)],
        "answers": {
            name: {"at": iso(entry.at), "value": from_json(entry.value), "by": entry.by}
            for name, entry in entries(record, Answers).items()
        },
        "artifacts": {name: from_json(raw) for name, raw in entries(record, Artifacts).items()},
        "failure": msgspec.to_builtins(failure) if failure is not None else None,
    }


def entries(record: TaskRecord, kind: type[Table]) -> dict[str, Any]:
    """Return the entries of one of the task's tables."""
    table = record.find(kind)
    return table.entries if table is not None else {}


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
        "due": iso(question.due) if question.due is not None else None,
        "overdue": question.overdue,
    }


def row_document(row: msgspec.Struct, moments: Sequence[str]) -> dict[str, Any]:
    """Return a row of a list, all its fields there, those named in *moments* as time."""
    fields = {name: msgspec.to_builtins(getattr(row, name)) for name in row.__struct_fields__}
    return {name: iso(value) if name in moments and value is not None else value for name, value in fields.items()}


def standing(run: dict[str, Any]) -> str:
    """Return what a run does, in a word."""
    for kind in (Running, Backoff, Suspended, Ready):
        if run.get(kind.__name__.lower()) is not None:
            return kind.__name__.lower()
    return "between states"


def _phase(entry: PhaseProgress) -> dict[str, Any]:
    return {
        "outcome": entry.outcome,
        "visits": entry.visits,
        "attempts": entry.attempts,
        "started": iso(entry.started),
        "ended": iso(entry.ended),
        "output": from_json(entry.output),
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
    }
