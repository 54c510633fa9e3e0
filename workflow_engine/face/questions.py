"""What can be asked for about an open question: to look at it, claim it, give it to others, talk about it."""

from collections.abc import Callable, Sequence

from workflow_engine.core.inputs import (
    AssignQuestion,
    ClaimQuestion,
    CommentQuestion,
    DelegateQuestion,
    Input,
    SetQuestionDue,
    UnclaimQuestion,
)
from workflow_engine.core.question_record import QuestionRecord
from workflow_engine.errors import AnswerRefused, InputRefused
from workflow_engine.face.looking import Looking
from workflow_engine.face.threads import on_engine_loop
from workflow_engine.question_view import QuestionView, question_view
from workflow_engine.runtime.asking import to_name, to_names
from workflow_engine.runtime.session import Session
from workflow_engine.task import Task
from workflow_engine.values import to_seconds, to_text, to_text_if


class Questioning(Looking):
    """Tends open questions.

    Each method takes the id of a question, or of a task that has one open question; and raises `AlreadyAnswered` for a
    question that somebody has answered, `AnswerRefused` for one that was withdrawn, `UnknownTask` where there is none.
    Names are whatever callers call people and groups: the engine does not check who is who.
    """

    @on_engine_loop
    async def get_question(self, question: str) -> QuestionView:
        """Return an open question with all that whoever answers it needs to see.

        Raises:
            AlreadyAnswered: somebody has answered it; the error says who, when and what.
            AnswerRefused: it was withdrawn, or never asked.
            UnknownTask: there is no such task.
        """
        session, name = await self._named(question)
        found = session.host.core.question_record(name)
        await session.host.durable()
        if not isinstance(found, QuestionRecord):
            raise found
        return question_view(found)

    @on_engine_loop
    async def claim_question(self, question: str, by: str) -> Task:
        """Note that somebody works on a question; whoever has delegated it takes it back by that.

        Raises:
            AlreadyClaimed: somebody else works on it.
        """
        who = to_name(by, "the name of who claims")
        return await self._tended(question, lambda name, ticket: ClaimQuestion(name, who, ticket))

    @on_engine_loop
    async def unclaim_question(self, question: str, by: str) -> Task:
        """Note that somebody does not work on a question any more; one that was delegated to them is returned by that.

        Raises:
            AlreadyClaimed: somebody else works on it.
        """
        who = to_name(by, "the name of who gives it up")
        return await self._tended(question, lambda name, ticket: UnclaimQuestion(name, who, ticket))

    @on_engine_loop
    async def assign_question(
        self,
        question: str,
        assignee: str | None = None,
        candidates: Sequence[str] = (),
        by: str | None = None,
        note: str | None = None,
    ) -> Task:
        """Have others asked, whoever works on the question; with neither of the two, nobody in particular.

        Args:
            question: which.
            assignee: who is asked.
            candidates: people or groups of whom any may answer.
            by: who says so.
            note: why.
        """
        one = to_name(assignee, "the assignee") if assignee is not None else None
        several = to_names(candidates, "the candidates")
        who, why = to_text_if(by, "the name of who assigns"), to_text_if(note, "the note")
        return await self._tended(question, lambda name, ticket: AssignQuestion(name, one, several, who, why, ticket))

    @on_engine_loop
    async def delegate_question(self, question: str, to: str, by: str) -> Task:
        """Have another person answer for *by*, who may take the question back by claiming it.

        Raises:
            AlreadyClaimed: somebody else than *by* works on it.
        """
        whom, who = to_name(to, "the name of who is to answer"), to_name(by, "the name of who delegates")
        if whom == who:
            raise InputRefused(f"{who} delegates to {whom}; name another person, or claim the question")
        return await self._tended(question, lambda name, ticket: DelegateQuestion(name, whom, who, ticket))

    @on_engine_loop
    async def comment_question(self, question: str, text: str, by: str) -> Task:
        """Say something about a question, for others who work on it: 1 to 10,000 characters.

        Comments end with the visit to the phase; the event `QuestionCommented` keeps them in the history of the task.
        """
        said, who = to_text(text, "the comment"), to_name(by, "the name of who comments")
        if not said.strip():
            raise InputRefused("the comment is empty; say something")
        return await self._tended(question, lambda name, ticket: CommentQuestion(name, said, who, ticket))

    @on_engine_loop
    async def set_question_due(self, question: str, due_in: float | str | None, by: str | None = None) -> Task:
        """Give a question another due time; what happens then stays as it was asked.

        Args:
            question: which.
            due_in: seconds from now, or a duration such as "2d"; None for no due time.
            by: who says so.
        """
        seconds = to_seconds(due_in, "due_in") if due_in is not None else None
        who = to_text_if(by, "the name of who sets it")
        return await self._tended(question, lambda name, ticket: SetQuestionDue(name, seconds, who, ticket))

    async def _tended(self, question: str, make: Callable[[str, int], Input]) -> Task:
        """Send what *make* makes of a question's id and a ticket; return the task once that is durable."""
        session, name = await self._named(question)
        task: str = await session.ask(lambda ticket: make(name, ticket))
        return await self._seen(session, task)

    async def _named(self, question: str) -> tuple[Session, str]:
        """Return the id of the question that is meant by its id or its task's."""
        to_text(question, "the question")
        session = await self._opened()
        await self._recall(session, question.partition("/")[0])
        return session, self._question(session, question)

    def _question(self, session: Session, name: str) -> str:
        """Return the id of the question that *name* means: itself, or the one open question of a task."""
        if "/" in name:
            return name
        questions = [
            run["question"].id for run in self._record(session, name).runs.values() if run.get("question") is not None
        ]
        if len(questions) == 1:
            found: str = questions[0]
            return found
        several = f"it has {len(questions)} open questions ({', '.join(questions)}); name one"
        raise AnswerRefused(name, several if questions else "that is a task, and it has no open question")
