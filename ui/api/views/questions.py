"""Questions: listing and tending them."""

from typing import Any, Final

from workflow_engine.question_view import QuestionView
from workflow_engine.ui.api import told
from workflow_engine.ui.api.models.common import NoQuery
from workflow_engine.ui.api.models.questions import (
    AnswerQuestion,
    AssignQuestion,
    CommentQuestion,
    DelegateQuestion,
    DueQuestion,
    Question,
    QuestionCounts,
    QuestionFilter,
    QuestionPage,
    QuestionSummary,
)
from workflow_engine.ui.api.models.tasks import Task
from workflow_engine.ui.api.operation import Answer, Asked, JsonBody, Link, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.api.views.answering import check_may_answer
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role

TAG: Final = "Questions"

TENDED: Final = (404, 409, 422)
"""How a command about a question may be refused."""


@operation(
    "GET",
    "/questions",
    TAG,
    Reply(QuestionPage, "A page of questions."),
    query=QuestionFilter,
    refusals=(422,),
    links=(Link("get_question", "question", "$response.body#/questions/0/id"),),
)
def list_questions(asked: Asked[QuestionFilter, None]) -> Answer:
    """List open questions.

    Those due come first, then the oldest.
    """
    page = desk().model.questions(asked.query.query(_people(asked.person)))
    return Answer(QuestionPage(questions=tuple(map(QuestionSummary.of, page.rows)), next=page.next))


@operation("GET", "/questions/counts", TAG, Reply(QuestionCounts, "How many."))
def count_questions(asked: Asked[NoQuery, None]) -> Answer:
    """Count open questions.

    For you, for you and your groups, for anybody, and those of the second that are overdue.
    """
    found = desk().model.question_counts(_people(asked.person))
    return Answer(QuestionCounts.model_validate(found, from_attributes=True))


@operation(
    "GET",
    "/questions/{question}",
    TAG,
    Reply(Question, "The question."),
    refusals=(404, 409),
    links=(Link("answer", "question", "$response.body#/id"), Link("claim_question", "question", "$response.body#/id")),
)
def get_question(asked: Asked[NoQuery, None]) -> Answer:
    """Get an open question.

    With all that whoever answers it needs to see.  One that is answered or withdrawn is refused with 409, whose `error`
    says who answered what.
    """
    return Answer(told.question(desk().ask.get_question(asked.path["question"]), asked.person))


@operation(
    "POST",
    "/questions/{question}/answer",
    TAG,
    Reply(Task, "The task, which goes on."),
    body=JsonBody(AnswerQuestion, {"value": {"approved": True}}),
    role=Role.OPERATOR,
    refusals=(403, *TENDED),
)
def answer(asked: Asked[NoQuery, AnswerQuestion]) -> Answer:
    """Answer a question.

    Each is answered once: whoever comes second is refused with 409.  Only those may answer who are asked; see
    `answerable` of the question.
    """
    found = check_may_answer(asked.person, asked.path["question"])
    given = asked.body
    task = desk().ask.answer(found.id, given.value, asked.person.name, given.shown)
    desk().settle()
    return Answer(told.task(task))


@operation(
    "POST",
    "/questions/{question}/claim",
    TAG,
    Reply(Question, "The question, on which you work."),
    role=Role.OPERATOR,
    refusals=(403, *TENDED),
)
def claim_question(asked: Asked[NoQuery, None]) -> Answer:
    """Say that you work on a question.

    Refused with 409 where somebody else does.
    """
    found = desk().ask.get_question(asked.path["question"])
    why = why_not(asked.person, found) if found.claimed_by is None and found.owner != asked.person.name else None
    if why is not None:
        raise Refused(403, why)
    desk().ask.claim_question(found.id, asked.person.name)
    return _tended(asked, found.id)


@operation(
    "POST",
    "/questions/{question}/unclaim",
    TAG,
    Reply(Question, "The question, on which you do not work."),
    role=Role.OPERATOR,
    refusals=TENDED,
)
def unclaim_question(asked: Asked[NoQuery, None]) -> Answer:
    """Give a question up that you have claimed, or return one that was delegated to you."""
    found = desk().ask.get_question(asked.path["question"])
    desk().ask.unclaim_question(found.id, asked.person.name)
    return _tended(asked, found.id)


@operation(
    "POST",
    "/questions/{question}/assign",
    TAG,
    Reply(Question, "The question."),
    body=JsonBody(AssignQuestion, {"candidates": ["finance"], "note": "over 10,000"}),
    role=Role.OPERATOR,
    refusals=(403, *TENDED),
)
def assign_question(asked: Asked[NoQuery, AssignQuestion]) -> Answer:
    """Have others asked, whoever works on it.

    An admin may, and whoever may answer the question.
    """
    found = desk().ask.get_question(asked.path["question"])
    _check_own(asked.person, found)
    given = asked.body
    desk().ask.assign_question(found.id, given.assignee, given.candidates, asked.person.name, given.note)
    return _tended(asked, found.id)


@operation(
    "POST",
    "/questions/{question}/delegate",
    TAG,
    Reply(Question, "The question."),
    body=JsonBody(DelegateQuestion, {"to": "ben"}),
    role=Role.OPERATOR,
    refusals=(403, *TENDED),
)
def delegate_question(asked: Asked[NoQuery, DelegateQuestion]) -> Answer:
    """Have another person answer for you.

    You may take the question back by claiming it.
    """
    found = check_may_answer(asked.person, asked.path["question"])
    desk().ask.delegate_question(found.id, asked.body.to, asked.person.name)
    return _tended(asked, found.id)


@operation(
    "POST",
    "/questions/{question}/comments",
    TAG,
    Reply(Question, "The question, with the comment.", 201),
    body=JsonBody(CommentQuestion, {"text": "I have asked the customer."}),
    role=Role.OPERATOR,
    refusals=TENDED,
)
def comment_question(asked: Asked[NoQuery, CommentQuestion]) -> Answer:
    """Say something about a question, for others who work on it.

    Send an `Idempotency-Key`, so that a repeat does not say it twice.
    """
    found = desk().ask.get_question(asked.path["question"])
    desk().ask.comment_question(found.id, asked.body.text, asked.person.name)
    return _tended(asked, found.id, 201)


@operation(
    "POST",
    "/questions/{question}/due",
    TAG,
    Reply(Question, "The question."),
    body=JsonBody(DueQuestion, {"due_in": "2d"}),
    role=Role.OPERATOR,
    refusals=(403, *TENDED),
)
def set_question_due(asked: Asked[NoQuery, DueQuestion]) -> Answer:
    """Give a question another due time.

    An admin may, and whoever may answer the question.
    """
    found = desk().ask.get_question(asked.path["question"])
    _check_own(asked.person, found)
    desk().ask.set_question_due(found.id, asked.body.due_in, asked.person.name)
    return _tended(asked, found.id)


def _tended(asked: Asked[Any, Any], question: str, status: int = 200) -> Answer:
    """Answer with the question as it is now, once lists show it so."""
    desk().settle()
    return Answer(told.question(desk().ask.get_question(question), asked.person), status)


def _check_own(person: Person, question: QuestionView) -> None:
    """Return if *person* may say who is asked, and until when.

    Raises:
        Refused: they may not.
    """
    why = why_not(person, question)
    if why is not None and not person.role.allows(Role.ADMIN):
        raise Refused(403, why)


def _people(person: Person) -> tuple[str, ...]:
    return (person.name, *person.groups)


OPERATIONS: Final[tuple[Operation, ...]] = (
    list_questions, count_questions, get_question, answer, claim_question, unclaim_question, assign_question,
    delegate_question, comment_question, set_question_due,
)  # fmt: skip
"""In the order in which they are shown."""
