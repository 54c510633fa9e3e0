"""What can be asked of an engine: tasks, what they wait for, questions, events, artifacts."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import Artifacts, TaskState
from workflow_engine.core.explain import brief, explain
from workflow_engine.core.record import TaskRecord
from workflow_engine.errors import (
    ArtifactError,
    ConfigError,
    UnknownTask,
)
from workflow_engine.face.opening import Opening
from workflow_engine.face.threads import on_engine_loop
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import EventRow, Page, QuestionPage, QuestionQuery, TaskQuery
from workflow_engine.registry import TASK_ID
from workflow_engine.runtime.session import Session
from workflow_engine.task import Task

R = TypeVar("R")


class Inspected(NamedTuple):
    """All that is true of a task.

    Attributes:
        record: the task and its live runs.
        lacks: what ready runs need that is not registered here, by run id.
    """

    record: TaskRecord
    lacks: dict[str, str]


class Looking(Opening):
    """Answers from the core, or from the index; whatever it says of a task is durable."""

    @on_engine_loop
    async def get_task(self, task: Task | str) -> Task:
        """Return a task as it is now.

        Raises:
            UnknownTask: there is none of this id.
        """
        session, name = await self._found(task)
        return await self._seen(session, name)

    @on_engine_loop
    async def wait(self, task: Task | str, timeout: float | None = None) -> Task:
        """Return a task once it is completed, failed or cancelled.

        Args:
            task: which.
            timeout: seconds to wait at most.

        Raises:
            UnknownTask: there is none of this id.
            TimeoutError: it takes longer than that; the task goes on.
            EngineStopped: the engine was stopped first.
        """
        session = self._live() or await self._opened()
        name = task_name(task)
        core = session.host.core
        if not core.knows(name):
            await self._recall(session, name)
        if core.has_ended(name) or not core.knows(name):
            return await self._seen(session, name)
        ended = session.host.ended(name)
        return Task(await ended if timeout is None else await asyncio.wait_for(ended, timeout))

    @on_engine_loop
    async def explain(self, task: Task | str) -> str:
        """Return in one sentence what or whom a task waits for, since when, and what happens next.

        Raises:
            UnknownTask: there is none of this id.
        """
        session, name = await self._found(task)
        record, lacks = await self._inspected(session, name)
        core, now, serving = session.host.core, session.host.now(), session.serving

        def child(name: str) -> str | None:
            found = core.record(name)
            return brief(found, now, serving=serving, lacks=core.lacks(name)) if found is not None else None

        sentence = explain(record, now, serving=serving, lacks=lacks, child=child, about=session.about)
        await session.host.durable()  # what it says of children, too
        return sentence

    @on_engine_loop
    async def inspect(self, task: Task | str) -> Inspected:
        """Return all that is true of a task, its live runs included, and what they lack.

        Raises:
            UnknownTask: there is none of this id.
        """
        session, name = await self._found(task)
        return await self._inspected(session, name)

    @on_engine_loop
    async def list_tasks(self, query: TaskQuery | None = None) -> Page:
        """Return a page of tasks, those that ended long ago too; without a query, the newest.

        Raises:
            InputRefused: something of the query is not acceptable.
            ConfigError: this engine's journal is not the one on disk.
        """
        return await self._indexed(lambda model: model.tasks(query))

    @on_engine_loop
    async def count_tasks(self, query: TaskQuery | None = None) -> dict[TaskState, int]:
        """Return how many tasks of the query stand where; raises as `list_tasks`."""
        return await self._indexed(lambda model: model.counts(query))

    @on_engine_loop
    async def list_questions(self, query: QuestionQuery | None = None) -> QuestionPage:
        """Return a page of open questions, those due first, then the oldest; raises as `list_tasks`."""
        return await self._indexed(lambda model: model.questions(query))

    @on_engine_loop
    async def events(self, task: Task | str, after_n: int = 0, limit: int = 1_000) -> tuple[EventRow, ...]:
        """Return what was decided about a task, oldest first, behind a commit; raises as `list_tasks`."""
        return await self._indexed(lambda model: model.events(task_name(task), after_n, limit=limit))

    @on_engine_loop
    async def read_artifact(self, task: Task | str, name: str) -> bytes:
        """Return the content of an artifact of a task.

        Raises:
            ArtifactError: there is none of this name, or its file is missing or damaged.
            UnknownTask: there is no such task.
        """
        session, task_name = await self._found(task)
        table = self._record(session, task_name).find(Artifacts)
        entries = table.entries if table is not None else {}
        if name not in entries:
            raise ArtifactError(f"task {task_name} has no artifact {name!r}; it has {', '.join(entries) or 'none'}")
        return await self.artifacts.read_bytes(msgspec.json.decode(entries[name], type=ArtifactRef))

    async def _found(self, task: Task | str) -> tuple[Session, str]:
        session = await self._opened()
        await self._recall(session, task_name(task))
        return session, task_name(task)

    async def _recall(self, session: Session, *tasks: str) -> None:
        """Bring tasks that ended long ago back to the core's mind, where there are such of these ids."""
        unknown = [task for task in tasks if TASK_ID.fullmatch(task) and not session.host.core.knows(task)]
        if unknown:
            session.host.remember(await self._history.find(unknown))

    async def _indexed(self, ask: Callable[[ReadModel], R]) -> R:
        """Ask the index, in a thread, once it knows everything that is durable now."""
        if not self._storage.on_disk:
            raise ConfigError("this engine was given a journal of its own, which has no index; leave `journal` out")
        session = await self._opened()
        await session.host.durable()
        return await asyncio.to_thread(_asked, ReadModel(self.data_dir), ask)

    def _record(self, session: Session, task: str) -> TaskRecord:
        record = session.host.core.record(task)
        if record is None:
            raise UnknownTask("task", task)
        return record

    async def _inspected(self, session: Session, task: str) -> Inspected:
        """Return a task as it is now, once that is durable."""
        found = Inspected(self._record(session, task), session.host.core.lacks(task))
        await session.host.durable()
        return found

    async def _seen(self, session: Session, task: str) -> Task:
        """Return a task as it is now, once that is durable: what callers see must outlive a crash."""
        seen = view(self._record(session, task), session)
        await session.host.durable()
        return seen


def view(record: TaskRecord, session: Session) -> Task:
    """Return a task as its callers see it."""
    phase = next((run["run"].phase for run in record.runs.values()), None)
    classification = None
    if phase is not None:
        plan = session.host.core.plan(record.components["identity"].definition)
        classification = plan.phases[phase].spec.target_classification
    return Task(record.components, classification, phase)


def _asked(model: ReadModel, ask: Callable[[ReadModel], R]) -> R:
    model.catch_up()
    return ask(model)


def task_name(task: Task | str) -> str:
    """Return the id of a task that is named by itself or by its id.

    Raises:
        UnknownTask: it is neither.
    """
    name = task.id if isinstance(task, Task) else task
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise UnknownTask("task", repr(name))
    return name
