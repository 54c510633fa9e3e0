"""Questions as the API has them."""

from typing import Annotated

from pydantic import Field

from workflow_engine.core.components import WaitKind
from workflow_engine.readmodel.rows import LIMIT, QuestionQuery
from workflow_engine.ui.api.models.common import (
    Count,
    Counted,
    Cursor,
    Duration,
    JsonValue,
    Limit,
    Moment,
    Name,
    Reply,
    Request,
    TaskId,
    Text,
)
from workflow_engine.ui.api.models.tasks import Artifact

Names = Annotated[tuple[Name, ...], Field(max_length=100)]


class QuestionFilter(Request):
    """Which open questions; those due first come first, then the oldest."""

    mine: Annotated[bool, Field(description="Only those that are for you, or for a group of yours.")] = False
    assignee: Name | None = None
    candidate: Annotated[Name | None, Field(description="Somebody, or a group, of whom an answer is accepted.")] = None
    claimed_by: Name | None = None
    unassigned: Annotated[bool | None, Field(description="Whether nobody is named.")] = None
    task: TaskId | None = None
    workflow: Name | None = None
    kind: WaitKind | None = None
    overdue: bool | None = None
    text: Annotated[str | None, Field(max_length=1_000, description="A part of the prompt.")] = None
    limit: Limit = LIMIT
    after: Cursor | None = None

    def query(self, people: tuple[str, ...]) -> QuestionQuery:
        """Return what the index is asked; *people* are who asks, and their groups."""
        return QuestionQuery(
            assignee=self.assignee,
            candidate=self.candidate,
            task=self.task,
            kind=self.kind,
            overdue=self.overdue,
            claimed_by=self.claimed_by,
            people=people if self.mine else (),
            unassigned=self.unassigned,
            workflow=self.workflow,
            text=self.text,
            limit=self.limit,
            after=self.after,
        )


class QuestionSummary(Reply):
    """An open question as lists show it."""

    id: str
    task: str
    run: str
    phase: str
    visit: Count
    workflow: str
    priority: int
    kind: WaitKind
    prompt: str
    asked_at: Moment
    assignee: str | None
    candidates: tuple[str, ...]
    claimed_by: str | None
    owner: str | None
    escalate_to: tuple[str, ...]
    due: Moment | None
    overdue: bool


class QuestionPage(Reply):
    """Some questions; `next` is `after` of the next page, null at the end."""

    questions: tuple[QuestionSummary, ...]
    next: str | None


class QuestionCounts(Reply):
    """How many open questions there are: for you, for you and your groups, for anybody, and overdue of your groups'."""

    mine: Counted
    groups: Counted
    all: Counted
    overdue: Counted


class Comment(Reply):
    """What somebody said about a question."""

    by: str
    at: Moment
    text: str


class QuestionFeedback(Reply):
    """Why the phase is carried out again, and which phase rejected the work."""

    by: str
    issues: JsonValue


class Question(Reply):
    """An open question with all that whoever answers it needs to see; `shown` goes with the answer."""

    id: str
    task: str
    run: str
    phase: str
    visit: Count
    workflow: str
    kind: WaitKind
    prompt: str
    form: Annotated[dict[str, JsonValue] | None, Field(description="JSON Schema of the answer.")]
    show: Annotated[JsonValue, Field(description="What the question is about.")]
    picks: Annotated[tuple[str, ...], Field(description="What the answer may name as `next_classification`.")]
    assignee: str | None
    candidates: tuple[str, ...]
    claimed_by: str | None
    owner: str | None
    asked_at: Moment
    due: Moment | None
    on_due: str
    escalate_to: tuple[str, ...]
    overdue: bool
    comments: tuple[Comment, ...]
    artifacts: tuple[Artifact, ...]
    feedback: QuestionFeedback | None
    shown: Annotated[str, Field(description="Digest of what is shown.")]
    parts: Annotated[dict[str, str], Field(description="Digest of each part of it.")]
    answerable: Annotated[bool, Field(description="Whether you may answer it.")]
    why_not: Annotated[str | None, Field(description="Why not.")]


class AnswerQuestion(Request):
    """An answer."""

    value: Annotated[JsonValue, Field(description="It has to fit the form of the question.")]
    shown: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f]{64}$",
            description="`shown` of the question as you saw it; the answer is refused where that has changed.",
        ),
    ] = None


class AssignQuestion(Request):
    """Who is asked from now on; with neither, nobody in particular."""

    assignee: Name | None = None
    candidates: Names = ()
    note: Text | None = None


class DelegateQuestion(Request):
    """Who answers for you."""

    to: Name


class CommentQuestion(Request):
    """What you say about it."""

    text: Annotated[Text, Field(min_length=1)]


class DueQuestion(Request):
    """When it is due from now; null for never."""

    due_in: Duration | None
