"""A read-only view of an open question, with what stands around it."""

from collections.abc import Mapping

import msgspec

from workflow_engine.core.closed_questions import closed
from workflow_engine.core.components import Artifacts, Comment, Comments, Feedback, Identity, Question, Run
from workflow_engine.core.fan import group_of
from workflow_engine.core.tick import State
from workflow_engine.errors import AnswerRefused, UnknownTask


class QuestionRecord(msgspec.Struct, frozen=True):
    """An open question.

    Attributes:
        question: itself.
        run_id: id of the run that waits for it.
        run: that run.
        workflow: name of the workflow of its task.
        comments: what was said about it, oldest first.
        feedback: why the phase is carried out again, or None.
        artifacts: references of the artifacts of its task, by name.
    """

    question: Question
    run_id: str
    run: Run
    workflow: str
    comments: tuple[Comment, ...]
    feedback: Feedback | None
    artifacts: Mapping[str, msgspec.Raw]


def question_record(state: State, name: str) -> QuestionRecord | AnswerRefused | UnknownTask:
    """Return an open question by its id, or the refusal that says what has become of it; the world is entered."""
    world, run_id = state.world, name.rpartition("/")[0]
    question = world.find(run_id, Question)
    if question is None or question.id != name:
        return closed(state, name)
    run = world.get(run_id, Run)
    feedback = world.find(run_id, Feedback)
    if feedback is None and run.item is not None:
        feedback = world.find(group_of(run_id), Feedback)
    table, artifacts = world.find(run_id, Comments), world.find(run.task, Artifacts)
    said = [comment for comment in table.entries.values() if comment.question == name] if table is not None else []
    return QuestionRecord(
        question,
        run_id,
        run,
        world.get(run.task, Identity).workflow,
        tuple(sorted(said, key=lambda comment: comment.at)),
        feedback,
        dict(artifacts.entries) if artifacts is not None else {},
    )
