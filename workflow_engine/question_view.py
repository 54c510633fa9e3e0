"""An open question, as whoever answers it sees it."""

from typing import Any

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import Comment, Feedback
from workflow_engine.core.question_record import QuestionRecord
from workflow_engine.core.shown import digest_of, shown_parts, to_be_seen
from workflow_engine.values import from_json


class QuestionView(msgspec.Struct, frozen=True):
    """An open question.

    Moments are engine time, in seconds since the epoch.

    Attributes:
        id: the question's id, which an answer names.
        task: id of its task.
        run: id of the run that waits for the answer.
        phase: id of the phase.
        visit: which visit of the task to that phase it is, from 1.
        workflow: name of the workflow.
        kind: "human", "agent" or "io": who is meant.
        prompt: the question in words.
        form: JSON Schema of the answer, None for any JSON.
        show: what the question is about, JSON; None for nothing.
        assignee: who is asked, or None.
        candidates: people or groups of whom any may answer.
        claimed_by: who works on it, or None.
        owner: who has delegated it, and may take it back; or None.
        asked_at: when it was asked.
        due: when it is overdue, or None.
        on_due: what happens then: "notify", "fail" or "escalate".
        escalate_to: who is asked then, with "escalate".
        overdue: whether a due time has passed.
        picks: the phases that the answer may choose from as "next_classification"; empty where there is no choice.
        comments: what was said about it, oldest first.
        artifacts: those of its task by name, without transcripts of agents.
        feedback: why the phase is carried out again, or None.
        parts: the SHA-256 of each part of what is shown: "prompt", "form", "show", "picks", "artifact:<name>".
        shown: the digest of these; an answer that has it is refused where it is not the same any more.
    """

    id: str
    task: str
    run: str
    phase: str
    visit: int
    workflow: str
    kind: str
    prompt: str
    form: dict[str, Any] | None
    show: Any
    assignee: str | None
    candidates: tuple[str, ...]
    claimed_by: str | None
    owner: str | None
    asked_at: float
    due: float | None
    on_due: str
    escalate_to: tuple[str, ...]
    overdue: bool
    picks: tuple[str, ...]
    comments: tuple[Comment, ...]
    artifacts: tuple[ArtifactRef, ...]
    feedback: Feedback | None
    parts: dict[str, str]
    shown: str


def question_view(record: QuestionRecord) -> QuestionView:
    """Return a question as people see it."""
    question, run = record.question, record.run
    parts = shown_parts(question, record.artifacts)
    shown = to_be_seen(record.artifacts)
    references = [msgspec.json.decode(record.artifacts[name], type=ArtifactRef) for name in shown]
    return QuestionView(
        id=question.id,
        task=run.task,
        run=record.run_id,
        phase=run.phase,
        visit=run.visit,
        workflow=record.workflow,
        kind=question.kind.value,
        prompt=question.prompt,
        form=from_json(question.form),
        show=from_json(question.show),
        assignee=question.assignee,
        candidates=question.candidates,
        claimed_by=question.claimed_by,
        owner=question.owner,
        asked_at=question.asked_at,
        due=question.due,
        on_due=question.on_due,
        escalate_to=question.escalate_to,
        overdue=question.overdue,
        picks=question.picks,
        comments=record.comments,
        artifacts=tuple(references),
        feedback=record.feedback,
        parts=parts,
        shown=digest_of(parts),
    )
