"""What can be asked for: tasks to be taken in, answered, cancelled, retried, suspended, purged, and given artifacts."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from workflow_engine.adapters.program_log import remove_logs
from workflow_engine.agents.toolbox.workspaces import remove_workspace
from workflow_engine.artifacts.port import Content
from workflow_engine.core.components import Json
from workflow_engine.core.inputs import Answer, Attach, Cancel, Purge, Retry
from workflow_engine.core.inputs import Suspend as SuspendInput
from workflow_engine.face.looking import task_name
from workflow_engine.face.questions import Questioning
from workflow_engine.face.submitting import submission, who
from workflow_engine.face.threads import on_engine_loop
from workflow_engine.forms import check_answer
from workflow_engine.registry import check_inputs
from workflow_engine.runtime.asking import to_form, wait_kind
from workflow_engine.runtime.outputs import verdict_of
from workflow_engine.runtime.performing import picked
from workflow_engine.runtime.preparing import judged_answer
from workflow_engine.runtime.session import Session
from workflow_engine.spec.model import TaskType
from workflow_engine.task import Task
from workflow_engine.values import to_json, to_seconds, to_text, to_text_if


class Commanding(Questioning):
    """Sends inputs to the core, and returns once what they led to is durable."""

    @on_engine_loop
    async def submit_task(
        self,
        data: Any,
        workflow_name: str | None = None,
        classification: str | None = None,
        assigned_to: TaskType | str | None = None,
        *,
        task_id: str | None = None,
        priority: int = 0,
        labels: Mapping[str, str] | None = None,
        parent: "Task | str | None" = None,
        artifacts: Mapping[str, Content] | None = None,
        by: str | None = None,
    ) -> Task:
        """Take a task in; it is durable when this returns.

        Args:
            data: what it is about, anything that can be JSON, at most 4 MiB of it.
            workflow_name: the workflow it goes through.
            classification: with a workflow, where in it to begin; alone, the one handler that does it; with neither, a
                classifier finds out what the task is.
            assigned_to: task type for the phases that name none; "ai" means agentic.
            task_id: an id of your own: submitting it again returns the same task, or is refused if *data* differs.
            priority: higher goes first.
            labels: words for people and filters.
            parent: the task this one belongs to.
            artifacts: files that it has from the first, by name; contents as in `add_artifact`.
            by: who submits it, for the history.

        Raises:
            InputRefused: something of this cannot be accepted.
            DuplicateTask: another task has this id.
            ArtifactError: a file cannot be stored.
            EngineStopped: nothing can be stored at the moment.
        """
        asked = submission(data, task_id, priority, labels, parent, assigned_to, by)
        session = self._live() or await self._opened()
        workflow = self._workflows.choose(workflow_name, classification, session.host.core)
        check_inputs(workflow.spec, asked.data)
        if asked.task_id is not None:
            await self._recall(session, asked.task_id)
        references = await self._stored(artifacts) if artifacts else None
        self._workflows.define(workflow, session.host)
        name = asked.task_id or session.host.new_id()
        reply = await session.host.ask(lambda ticket: asked.under(name, workflow, ticket, references))
        return await self._seen(session, name) if isinstance(reply, str) else Task(reply)

    @on_engine_loop
    async def cancel(self, task: Task | str, reason: str | None = None, *, by: str | None = None) -> Task:
        """End a task; what is under way for it is stopped.

        Args:
            task: which.
            reason: why, in words.
            by: who ends it, for the history.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has ended already.
        """
        why, whom = to_text_if(reason, "the reason"), who(by)
        session, name = await self._found(task)
        await session.ask(lambda ticket: Cancel(name, why, ticket, whom))
        return await self._seen(session, name)

    @on_engine_loop
    async def retry(self, task: Task | str, phase: str | None = None, *, by: str | None = None) -> Task:
        """Take a failed task up again, from the phase that failed, or from another one; see `preview_retry`.

        Args:
            task: which.
            phase: what to do again, with all that builds on it; None for what failed.
            by: who wants that, for the history.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has not failed.
            InputRefused: it has no such phase, or that is on a way that was not taken.
        """
        start, whom = to_text_if(phase, "the phase"), who(by)
        session, name = await self._found(task)
        await session.ask(lambda ticket: Retry(name, start, ticket, whom))
        return await self._seen(session, name)

    @on_engine_loop
    async def purge(self, task: Task | str, *, by: str | None = None) -> None:
        """Remove a task that has ended for good, with its history, its logs and its workspace.

        Its artifacts are removed later, where no other task has the same content.  Its id is free again.

        Args:
            task: which.
            by: who removes it, for the history.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has not ended.
        """
        whom = who(by)
        session, name = await self._found(task)
        await session.ask(lambda ticket: Purge(name, ticket, whom))
        self._history.purged(name, session.host.commits)
        await asyncio.to_thread(remove_logs, self.data_dir, name)
        await asyncio.to_thread(remove_workspace, self.data_dir, name)

    @on_engine_loop
    async def answer(self, question: str, value: Any, by: str | None = None, shown: str | None = None) -> Task:
        """Answer a question, and let its task go on.  Each question is answered once.

        Args:
            question: its id, or the id of a task that has one open question.
            value: the answer, which must fit the question's form.
            by: who answers.
            shown: what they were shown, `QuestionView.shown`; None where it need not be the same any more.

        Raises:
            AlreadyAnswered: somebody was first.
            ShownChanged: what is shown is not what *shown* says.
            AnswerRefused: the question was withdrawn, or the answer does not fit.
            UnknownTask: there is no such question.
        """
        whom, seen = to_text_if(by, "the name of who answers"), to_text_if(shown, "the digest of what was shown")
        session, name = await self._named(question)
        raw = to_json(value, "the answer")
        found = session.host.core.question(name)
        pick = None
        if found is not None:
            check_answer(name, found.form, raw)
            pick = picked(value, found.picks)
        issues = self._judged(session, name, value)
        await session.ask(lambda ticket: Answer(name, raw, pick, whom, ticket, issues, shown=seen))
        return await self._seen(session, name.partition("/")[0])

    async def _stored(self, artifacts: Mapping[str, Content]) -> dict[str, msgspec.Raw]:
        """Store contents; return the references to them, by name."""
        found = [await self.artifacts.put(name, content) for name, content in artifacts.items()]
        return {reference.name: to_json(reference, "the reference") for reference in found}

    def _judged(self, session: Session, question: str, value: Any) -> Json:
        """Return why the answer to the question of a reviewing phase rejects; absent where it does not."""
        run = question.rpartition("/")[0]
        phase = session.host.core.phase(run)
        if phase is None or not phase.reviews or session.host.core.escalated(run):
            return msgspec.UNSET
        return verdict_of(phase, value, judged_answer(session.host.core, run, value))

    @on_engine_loop
    async def suspend(
        self,
        task: Task | str,
        kind: str = "io",
        prompt: str = "to be resumed",
        *,
        form: Mapping[str, Any] | None = None,
        due: float | None = None,
        by: str | None = None,
    ) -> str:
        """Have a task wait until it is resumed: what is under way for it is stopped, and done again afterwards.

        Inside a handler, use ``await task.suspend(...)``.

        Args:
            task: which.
            kind: "human", "agent" or "io": what it waits for.
            prompt: what it waits for, in words.
            form: JSON Schema of what it is resumed with, or None.
            due: seconds after which that is overdue.
            by: who suspends it, for the history.

        Returns:
            The id of the question that `resume` or `answer` answers.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it waits already, or has ended.
        """
        wait = wait_kind(kind)
        text = to_text(prompt, "the prompt")
        schema = to_form(form)
        due_in = to_seconds(due, "due") if due is not None else None
        whom = who(by)
        session, name = await self._found(task)
        question: str = await session.ask(
            lambda ticket: SuspendInput(
                "", 0, wait, prompt=text, form=schema, due_in=due_in, task=name, ticket=ticket, by=whom
            )
        )
        return question

    async def resume(self, task: Task | str, value: Any = None, by: str | None = None) -> Task:
        """Let a suspended task go on, with a value for its one open question.

        Raises:
            AnswerRefused: it has no open question, or several, or the value does not fit.
            UnknownTask: there is none of this id.
        """
        return await self.answer(task_name(task), value, by)

    @on_engine_loop
    async def add_artifact(
        self,
        task: Task | str,
        name: str,
        content: Content,
        media_type: str | None = None,
        *,
        by: str | None = None,
    ) -> None:
        """Keep something with a task that has not ended: text, bytes, a file, or a stream of any size.

        Args:
            task: which.
            name: of the artifact.
            content: see above.
            media_type: None for what the name says.
            by: who gives it, for the history.

        Raises:
            ArtifactError: the name is not acceptable, or the content cannot be stored.
            UnknownTask: there is none of this id.
            IllegalTransition: it has ended.
        """
        whom = who(by)
        session, task_name = await self._found(task)
        reference = await self.artifacts.put(name, content, media_type=media_type)
        entry = {reference.name: to_json(reference, "the reference")}
        await session.ask(lambda ticket: Attach(task_name, entry, ticket, whom, outside=True))

    async def add_artifact_text(self, task: Task | str, name: str, text: str, *, by: str | None = None) -> None:
        """Keep a text with a task; see `add_artifact`."""
        await self.add_artifact(task, name, str(text), by=by)

    async def add_artifact_bytes(self, task: Task | str, name: str, content: bytes, *, by: str | None = None) -> None:
        """Keep bytes with a task; see `add_artifact`."""
        await self.add_artifact(task, name, bytes(content), by=by)
