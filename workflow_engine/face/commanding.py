"""What can be asked for: tasks to be taken in, answered, cancelled, retried, suspended, purged, and given artifacts."""

import asyncio
from collections.abc import AsyncIterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from workflow_engine.adapters.program_log import remove_logs
from workflow_engine.agents.toolbox.workspaces import remove_workspace
from workflow_engine.core.components import Json
from workflow_engine.core.inputs import Answer, Attach, Cancel, Purge, Retry, Submit
from workflow_engine.core.inputs import Suspend as SuspendInput
from workflow_engine.errors import (
    AnswerRefused,
    InputRefused,
)
from workflow_engine.face.looking import Looking, task_name
from workflow_engine.face.threads import on_engine_loop
from workflow_engine.forms import check_answer
from workflow_engine.registry import TASK_ID, check_inputs
from workflow_engine.runtime.asking import to_form, wait_kind
from workflow_engine.runtime.outputs import verdict_of
from workflow_engine.runtime.performing import picked
from workflow_engine.runtime.preparing import judged_answer
from workflow_engine.runtime.session import Session
from workflow_engine.spec.model import TaskType, task_type
from workflow_engine.spec.strict import NAME
from workflow_engine.task import Task
from workflow_engine.values import to_json, to_seconds, to_text, to_text_if

PRIORITY_MAX: Final = 1_000_000_000
"""Highest priority, and, negated, the lowest."""


class Commanding(Looking):
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

        Raises:
            InputRefused: something of this cannot be accepted.
            DuplicateTask: another task has this id.
            EngineStopped: nothing can be stored at the moment.
        """
        raw = to_json(data, "the task's data")
        name = _task_id(task_id)
        if type(priority) is not int or abs(priority) > PRIORITY_MAX:
            raise InputRefused(f"priority is a whole number of at most {PRIORITY_MAX:,}, not {priority!r}")
        words = _labels(labels)
        belongs_to = task_name(parent) if parent is not None else None
        carried_out_by = _assigned(assigned_to)
        session = self._live() or await self._opened()
        workflow = self._workflows.choose(workflow_name, classification, session.host.core)
        check_inputs(workflow.spec, raw)
        if name is not None:
            await self._recall(session, name)
        self._workflows.define(workflow, session.host)
        submitted = name or session.host.new_id()
        reply = await session.host.ask(
            lambda ticket: Submit(
                submitted,
                workflow.digest,
                raw,
                workflow.start,
                carried_out_by,
                priority,
                belongs_to,
                words,
                ticket,
            )
        )
        return await self._seen(session, submitted) if isinstance(reply, str) else Task(reply)

    @on_engine_loop
    async def cancel(self, task: Task | str, reason: str | None = None) -> Task:
        """End a task; what is under way for it is stopped.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has ended already.
        """
        why = to_text_if(reason, "the reason")
        session, name = await self._found(task)
        await session.ask(lambda ticket: Cancel(name, why, ticket))
        return await self._seen(session, name)

    @on_engine_loop
    async def retry(self, task: Task | str, phase: str | None = None) -> Task:
        """Take a failed task up again, from the phase that failed, or from another one.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has not failed.
            InputRefused: it has no such phase.
        """
        start = to_text_if(phase, "the phase")
        session, name = await self._found(task)
        await session.ask(lambda ticket: Retry(name, start, ticket))
        return await self._seen(session, name)

    @on_engine_loop
    async def purge(self, task: Task | str) -> None:
        """Remove a task that has ended for good, with its history, its logs and its workspace.

        Its artifacts are removed later, where no other task has the same content.  Its id is free again.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has not ended.
        """
        session, name = await self._found(task)
        await session.ask(lambda ticket: Purge(name, ticket))
        self._history.purged(name, session.host.commits)
        await asyncio.to_thread(remove_logs, self.data_dir, name)
        await asyncio.to_thread(remove_workspace, self.data_dir, name)

    @on_engine_loop
    async def answer(self, question: str, value: Any, by: str | None = None) -> Task:
        """Answer a question, and let its task go on.  Each question is answered once.

        Args:
            question: its id, or the id of a task that has one open question.
            value: the answer, which must fit the question's form.
            by: who answers.

        Raises:
            AnswerRefused: the question is closed, or the answer does not fit.
            UnknownTask: there is no such question.
        """
        whom = to_text_if(by, "the name of who answers")
        to_text(question, "the question")
        session = await self._opened()
        await self._recall(session, question.partition("/")[0])
        name = self._question(session, question)
        raw = to_json(value, "the answer")
        found = session.host.core.question(name)
        pick = None
        if found is not None:
            check_answer(name, found.form, raw)
            pick = picked(value, found.picks)
        issues = self._judged(session, name, value)
        await session.ask(lambda ticket: Answer(name, raw, pick, whom, ticket, issues))
        return await self._seen(session, name.partition("/")[0])

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
    ) -> str:
        """Have a task wait until it is resumed: what is under way for it is stopped, and done again afterwards.

        Inside a handler, use ``await task.suspend(...)``.

        Args:
            task: which.
            kind: "human", "agent" or "io": what it waits for.
            prompt: what it waits for, in words.
            form: JSON Schema of what it is resumed with, or None.
            due: seconds after which that is overdue.

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
        session, name = await self._found(task)
        question: str = await session.ask(
            lambda ticket: SuspendInput("", 0, wait, prompt=text, form=schema, due_in=due_in, task=name, ticket=ticket)
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
        content: bytes | str | Path | AsyncIterable[bytes],
        media_type: str | None = None,
    ) -> None:
        """Keep something with a task that has not ended: text, bytes, a file, or a stream of any size.

        Raises:
            ArtifactError: the name is not acceptable, or the content cannot be stored.
            UnknownTask: there is none of this id.
            IllegalTransition: it has ended.
        """
        session, task_name = await self._found(task)
        reference = await self.artifacts.put(name, content, media_type=media_type)
        entry = {reference.name: to_json(reference, "the reference")}
        await session.ask(lambda ticket: Attach(task_name, entry, ticket))

    async def add_artifact_text(self, task: Task | str, name: str, text: str) -> None:
        """Keep a text with a task; see `add_artifact`."""
        await self.add_artifact(task, name, str(text))

    async def add_artifact_bytes(self, task: Task | str, name: str, content: bytes) -> None:
        """Keep bytes with a task; see `add_artifact`."""
        await self.add_artifact(task, name, bytes(content))

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


def _assigned(assigned_to: TaskType | str | None) -> str | None:
    if assigned_to is None:
        return None
    name = task_type(to_text(assigned_to, "assigned_to"))
    if not NAME.fullmatch(name):
        raise InputRefused(f"assigned_to is the name of a task type, not {assigned_to!r}; use for example human or ai")
    return name


def _task_id(task_id: str | None) -> str | None:
    if task_id is not None and not (isinstance(task_id, str) and TASK_ID.fullmatch(task_id)):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise InputRefused(f"{task_id!r} cannot be a task id; use 1 to 200 characters without spaces, '/' and '#'")
    return task_id


def _labels(labels: Mapping[str, str] | None) -> dict[str, str] | None:
    if labels is None:
        return None
    if not isinstance(labels, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise InputRefused(f"labels are words by name, not {labels!r}")
    named = {to_text(key, "the name of a label"): to_text(word, f"label {key!r}") for key, word in labels.items()}
    return named or None
