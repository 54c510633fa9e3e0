"""What is told of tasks and questions: their models, made of what the engine says."""

from typing import Any

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import NAMES, Identity, PhaseProgress, Progress, Status
from workflow_engine.core.reasons import marker_of
from workflow_engine.core.record import TaskRecord
from workflow_engine.question_view import QuestionView
from workflow_engine.task import Task as EngineTask
from workflow_engine.ui.api.models import questions, tasks
from workflow_engine.ui.api.models.common import Spent
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.person import Person


def task(found: EngineTask) -> tasks.Task:
    """Return a task as it is answered after commands."""
    return tasks.Task.model_validate(_fields(found))


def detail(found: EngineTask, record: TaskRecord) -> tasks.TaskDetail:
    """Return a task with all that is told of one."""
    progress = record.find(Progress)
    entries: dict[str, PhaseProgress] = progress.entries if progress is not None else {}
    runs = [_run(name, run) for name, run in record.runs.items()]
    return tasks.TaskDetail.model_validate(
        {
            **_fields(found),
            "phases": [_phase(name, entry) for name, entry in entries.items()],
            "runs": runs,
            "questions": [question for run in runs for question in run["questions"]],
        }
    )


def summary(row: object) -> tasks.TaskSummary:
    """Return a row of a list of tasks."""
    return tasks.TaskSummary.of(row)


def artifact(reference: ArtifactRef) -> tasks.Artifact:
    """Return a file of a task."""
    return tasks.Artifact.of(reference)


def references(found: EngineTask) -> dict[str, ArtifactRef]:
    """Return the files of a task, by name."""
    return {name: msgspec.convert(plain, ArtifactRef) for name, plain in found.artifacts.items()}


def question(view: QuestionView, person: Person) -> questions.Question:
    """Return an open question as *person* sees it."""
    fields: dict[str, Any] = {name: getattr(view, name) for name in view.__struct_fields__}
    feedback = view.feedback
    why = why_not(person, view)
    return questions.Question.model_validate(
        {
            **fields,
            "comments": [questions.Comment.of(comment) for comment in view.comments],
            "artifacts": [artifact(reference) for reference in view.artifacts],
            "feedback": {"by": feedback.by, "issues": msgspec.json.decode(feedback.issues)} if feedback else None,
            "answerable": why is None,
            "why_not": why,
        }
    )


def _fields(found: EngineTask) -> dict[str, Any]:
    components = found._components  # pyright: ignore[reportPrivateUsage] - for what only lists and this tell
    identity, status = components[NAMES[Identity]], components[NAMES[Status]]
    failure = found.failure
    return {
        "id": found.id,
        "workflow": found.workflow,
        "definition": identity.definition,
        "status": found.status,
        "since": status.since,
        "reason": found.reason,
        "stage": found.stage,
        "phase": found.phase,
        "classification": found.classification,
        "submitted_at": found.submitted_at,
        "assigned_to": found.assigned_to,
        "priority": found.priority,
        "parent": identity.parent,
        "forked_from": identity.forked_from,
        "labels": found.labels,
        "data": found.data,
        "context": dict(found.context),
        "outputs": found.outputs,
        "output": found.output,
        "artifacts": {name: artifact(reference) for name, reference in references(found).items()},
        "cost": Spent.of(found.spent),
        "failure": tasks.Failure.of(failure) if failure is not None else None,
    }


def _phase(name: str, entry: PhaseProgress) -> dict[str, Any]:
    return {
        "phase": name,
        "outcome": entry.outcome,
        "visits": entry.visits,
        "attempts": entry.attempts,
        "started": entry.started,
        "ended": entry.ended,
        "rejections": entry.rejections,
    }


def _run(name: str, components: dict[str, Any]) -> dict[str, Any]:
    run, attempt, asked = components["run"], components["attempt"], components.get("question")
    marker = marker_of(components)
    return {
        "id": name,
        "phase": run.phase,
        "visit": run.visit,
        "attempt": attempt.number,
        "state": type(marker).__name__.lower() if marker is not None else "between states",
        "since": run.since,
        "item": run.item,
        "questions": [asked.id] if asked is not None else [],
    }
