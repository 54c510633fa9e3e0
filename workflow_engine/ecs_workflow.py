"""`ECSWorkflowEngine`: the public face of the engine.

engine = ECSWorkflowEngine()
engine.register_handler("greet", greet)
engine.register_workflow("hello", [Phase(target_classification="greet")])
task = await engine.submit_task({"name": "Ann"}, workflow_name="hello")
await engine.run()
"""

import asyncio
import functools
import os
import threading
from collections.abc import AsyncIterable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

import msgspec

from workflow_engine.adapter import Adapter, Output, Suspend
from workflow_engine.adapters.agentic import HandlerAgentAdapter
from workflow_engine.adapters.classifier import CLASSIFIER, Classifier, ClassifierAdapter
from workflow_engine.adapters.functional import FunctionalAdapter
from workflow_engine.adapters.human import HumanAdapter
from workflow_engine.adapters.program_log import remove_logs
from workflow_engine.artifacts.local import LocalArtifactStore
from workflow_engine.artifacts.port import ArtifactRef, ArtifactStore
from workflow_engine.blocking import Blocking
from workflow_engine.control.server import ControlServer
from workflow_engine.core.components import Artifacts, TaskState
from workflow_engine.core.explain import explain
from workflow_engine.core.inputs import Answer, Attach, Cancel, Limit, Purge, Retry, Submit
from workflow_engine.core.inputs import Suspend as SuspendInput
from workflow_engine.core.record import TaskRecord
from workflow_engine.errors import (
    AnswerRefused,
    ArtifactError,
    ConfigError,
    EngineStopped,
    InputRefused,
    SpecError,
    UnknownTask,
)
from workflow_engine.forms import check_answer
from workflow_engine.handlers import Handler, Handlers
from workflow_engine.history import History, NoHistory
from workflow_engine.hooks import Hook, Hooks
from workflow_engine.journal.json_journal import SEGMENT_BYTES, Durability, JsonJournal
from workflow_engine.journal.port import Journal
from workflow_engine.readmodel.indexed_history import IndexedHistory
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import EventRow, Page, QuestionPage, QuestionQuery, TaskQuery
from workflow_engine.registry import TASK_ID, Workflows, check_name
from workflow_engine.runtime.asking import to_form, wait_kind
from workflow_engine.runtime.clock import Clock, WallClock
from workflow_engine.runtime.local import Committed
from workflow_engine.runtime.performing import picked
from workflow_engine.runtime.session import Session
from workflow_engine.spec.model import NAME, Phase, RetryPolicy, TaskType, WorkflowSpec, task_type
from workflow_engine.task import Task
from workflow_engine.values import to_json, to_seconds, to_text, to_text_if

__all__ = [
    "Adapter",
    "ECSWorkflowEngine",
    "Output",
    "Phase",
    "RetryPolicy",
    "Suspend",
    "Task",
    "TaskState",
    "TaskType",
    "WorkflowSpec",
]

DATA_DIR: Final = "workflow_data"
"""Where an engine keeps its data unless told otherwise, below the working directory."""

POOLS: Final[Mapping[str, int]] = {
    "functional": 1_000,
    "agentic": 100,
    CLASSIFIER: 100,
    "process": 2 * (os.cpu_count() or 1),
}
"""Runs that may be under way at once unless told otherwise, by pool; "process": the programs of functional phases."""

PRIORITY_MAX: Final = 1_000_000_000
"""Highest priority, and, negated, the lowest."""

P = ParamSpec("P")
R = TypeVar("R")


def _on_engine_loop(
    method: Callable[Concatenate["ECSWorkflowEngine", P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["ECSWorkflowEngine", P], Coroutine[Any, Any, R]]:
    """Let a coroutine method be awaited under any loop of any thread: it is carried out on the engine's."""

    @functools.wraps(method)
    def call(self: "ECSWorkflowEngine", /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        session = self._session  # pyright: ignore[reportPrivateUsage] - a part of the class
        coroutine = method(self, *args, **kwargs)
        if session is None or session.thread == threading.get_ident() or not session.loop.is_running():
            return coroutine
        return _elsewhere(coroutine, session.loop)

    return call


async def _elsewhere(coroutine: Coroutine[Any, Any, R], loop: asyncio.AbstractEventLoop) -> R:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))


class ECSWorkflowEngine:
    """Takes tasks through workflows, and loses none of them.

    Everything that is awaited here is durable when it returns.  Methods take a `Task` or its id, and may be awaited
    under any event loop, in any thread; a thread without one uses `blocking`.  The engine opens its data when it is
    first used and carries tasks out while `run` is under way; ``async with`` does both for a block.

    Args:
        data_dir: where everything is kept; made if it is missing.
        durability: "full": what is acknowledged survives a power failure; "relaxed": it survives the death of the
            process, and a power failure may cost the last second.
        stop_grace: seconds that `stop` gives to what is under way, before it is handed back to be done again.
        limits: how many runs may be under way at once, by task type; "process" are the programs of functional phases.
            What is not named keeps its number in `POOLS`.
        segment_bytes: size from which on a file of the journal is followed by a new one.
        journal: makes another journal than the one on disk; it is passed what to call when commits are archived.
        artifacts: another store than the one below `data_dir`.
        history: where tasks that ended long ago are found, for another journal than the one on disk.
        clock: another clock than the machine's.
    """

    def __init__(
        self,
        data_dir: str | os.PathLike[str] = DATA_DIR,
        *,
        durability: Durability = "full",
        stop_grace: float = 5.0,
        limits: Mapping[str, int] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        journal: Callable[[Callable[[int], None]], Journal] | None = None,
        artifacts: ArtifactStore | None = None,
        history: History | None = None,
        clock: Clock | None = None,
    ) -> None:
        if durability not in ("full", "relaxed"):
            raise InputRefused(f'durability is "full" or "relaxed", not {durability!r}')
        self.data_dir = Path(data_dir)
        self.blocking = Blocking(self)
        self.artifacts: ArtifactStore = artifacts or LocalArtifactStore(self.data_dir / "artifacts")
        self._make_journal: Callable[[Callable[[int], None]], Journal] = journal or (
            lambda archived: JsonJournal(
                self.data_dir, durability=durability, segment_bytes=segment_bytes, on_archived=archived
            )
        )
        self._on_disk = journal is None
        self._collects = journal is None and artifacts is None
        self._given_history = history
        self._history: History = history or NoHistory()
        self._clock = clock or WallClock()
        self._stop_grace = stop_grace
        self._handlers = Handlers()
        self._hooks = Hooks()
        self._workflows = Workflows(self._handlers)
        self._limits: dict[tuple[str, str], int | None] = {
            ("pool", name): most for name, most in {**POOLS, **(limits or {})}.items()
        }
        self._adapters: dict[str, Adapter] = {
            TaskType.HUMAN: HumanAdapter(),
            TaskType.AGENTIC: HandlerAgentAdapter(self._handlers),
            TaskType.FUNCTIONAL: FunctionalAdapter(self._handlers, self.artifacts, self.data_dir),
        }
        self._watchers: list[Callable[[Committed], None]] = []
        self._session: Session | None = None
        self._opening: asyncio.Future[Session] | None = None
        self._background: asyncio.Task[None] | None = None

    # ------------------------------------------------------------ registering

    def register_handler(self, classification: str, handler: Handler, *, concurrency: int | None = None) -> None:
        """Have *handler* do the work of phases that target *classification*.

        Args:
            classification: what the phases say.
            handler: ``async def handler(task)``, or a plain function, which is run in a thread.  What it returns, or
                leaves in ``task.output``, is the phase's output.  It may be called again after a crash.
            concurrency: how many calls may be under way at once; None leaves that to the task type.

        Raises:
            SpecError: it cannot be called, or the name is not one.
        """
        check_name("classification", classification)
        self._handlers.register(classification, handler)
        self._registered("classification", classification, concurrency)

    def register_workflow(
        self, name: str | WorkflowSpec, phases: Sequence[Phase | Mapping[str, Any]] = ()
    ) -> WorkflowSpec:
        """Make a workflow known under its name, in place of the one before.

        Tasks that are under way stay on the definition they started with.

        Args:
            name: the name, or a whole specification.
            phases: the phases, where a name is given.

        Raises:
            SpecError: the workflow cannot be run as it is written.
        """
        spec = self._workflows.register(name, phases)
        for phase in spec.phases:
            if phase.concurrency is not None:
                self._registered("classification", phase.target_classification, phase.concurrency)
        return spec

    def register_adapter(self, kind: TaskType | str, adapter: Adapter, *, concurrency: int | None = None) -> None:
        """Have *adapter* carry out the phases of a task type, in place of the one before.

        Args:
            kind: one of `TaskType`, or a name of your own.
            adapter: see `workflow_engine.adapter.Adapter`.
            concurrency: how many runs may be under way at once; None leaves that as it is.

        Raises:
            SpecError: it has no ``execute``, or the name is not one.
        """
        name = task_type(str(kind))
        check_name("task type", name)
        if not callable(getattr(adapter, "execute", None)):
            raise SpecError(
                f"the adapter for {name!r} is a {type(adapter).__name__} without `async def execute(task, phase)`"
            )
        self._adapters[name] = adapter
        self._registered("pool", name, concurrency)

    def register_classifier(self, classifier: Classifier) -> None:
        """Have *classifier* say what tasks are that are submitted with neither workflow nor classification.

        It is called with the task and returns the name of a workflow, or a classification that has a handler.

        Raises:
            SpecError: it cannot be called.
        """
        self._adapters[CLASSIFIER] = ClassifierAdapter(classifier)
        self._registered("pool", CLASSIFIER, None)

    def register_task_completed_hook(self, hook: Hook) -> None:
        """Have *hook* called with every task that completes, once that is durable.

        A hook that fails is logged; it hurts neither the task nor other hooks.
        """
        self._hooks.register(TaskState.COMPLETED, hook)

    def register_task_failed_hook(self, hook: Hook) -> None:
        """Have *hook* called with every task that fails, once that is durable."""
        self._hooks.register(TaskState.FAILED, hook)

    def register_task_cancelled_hook(self, hook: Hook) -> None:
        """Have *hook* called with every task that is cancelled, once that is durable."""
        self._hooks.register(TaskState.CANCELLED, hook)

    def watch(self, watcher: Callable[[Committed], None]) -> None:
        """Have *watcher* called, on the engine's loop, with every commit that is durable: its events, and what ended.

        It must return soon and not raise; to follow events at leisure, use ``workflow-engine events``.
        """
        self._watchers.append(watcher)

    # ------------------------------------------------------------ life

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that the engine's data was opened under; None while it is closed."""
        return self._session.loop if self._session is not None else None

    async def run(self) -> None:
        """Carry tasks out until `stop` is called; then finish or hand back what is under way, and close the data.

        Raises:
            JournalLocked: another engine has the data.
            JournalDamaged: the journal holds something that was never written.
            JournalError: the journal failed while running.
        """
        session = await self._opened()
        if session.serving:
            raise EngineStopped("the engine is running already; one `run` is enough for every task")
        control = ControlServer.start(self, session.counts, self.data_dir) if self._on_disk else None
        try:
            await session.serve(self._stop_grace, control.withdraw if control is not None else None)
        finally:
            self._session = None
            if control is not None:
                await control.finish()

    def stop(self) -> None:
        """Let `run` end soon.  From any thread, and as often as you like; does nothing while nothing runs."""
        session = self._session
        if session is not None and not session.loop.is_closed():
            session.loop.call_soon_threadsafe(session.stop.set)

    async def __aenter__(self) -> Self:
        """Open the data and carry tasks out until the block ends."""
        await self._opened()
        self._background = asyncio.get_running_loop().create_task(self.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and close the data."""
        self.stop()
        if self._background is not None:
            await self._background
            self._background = None

    async def close(self) -> None:
        """Close the data of an engine that was used but not run; `run` and ``async with`` do so by themselves."""
        session = self._session
        if session is None:
            return
        if session.serving:
            self.stop()
        else:
            self._session = None
            await (session.release() if session.loop.is_closed() else session.close())

    # ------------------------------------------------------------ tasks in

    @_on_engine_loop
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
        belongs_to = _id(parent) if parent is not None else None
        carried_out_by = _assigned(assigned_to)
        session = self._live() or await self._opened()
        workflow = self._workflows.choose(workflow_name, classification, session.host.core)
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

    # ------------------------------------------------------------ what is there

    @_on_engine_loop
    async def get_task(self, task: Task | str) -> Task:
        """Return a task as it is now.

        Raises:
            UnknownTask: there is none of this id.
        """
        session = await self._opened()
        await self._recall(session, _id(task))
        return await self._seen(session, _id(task))

    @_on_engine_loop
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
        name = _id(task)
        core = session.host.core
        if not core.knows(name):
            await self._recall(session, name)
        if core.has_ended(name) or not core.knows(name):
            return await self._seen(session, name)
        ended = session.host.ended(name)
        return Task(await ended if timeout is None else await asyncio.wait_for(ended, timeout))

    @_on_engine_loop
    async def explain(self, task: Task | str) -> str:
        """Return in one sentence what or whom a task waits for, since when, and what happens next.

        Raises:
            UnknownTask: there is none of this id.
        """
        session = await self._opened()
        await self._recall(session, _id(task))
        record = self._record(session, _id(task))
        await session.host.durable()
        lacks = session.host.core.lacks(record.id)
        return explain(record, session.host.now(), serving=session.serving, lacks=lacks)

    @_on_engine_loop
    async def list_tasks(self, query: TaskQuery | None = None) -> Page:
        """Return a page of tasks, those that ended long ago too; without a query, the newest.

        Raises:
            InputRefused: something of the query is not acceptable.
            ConfigError: this engine's journal is not the one on disk.
        """
        return await self._indexed(lambda model: model.tasks(query))

    @_on_engine_loop
    async def count_tasks(self, query: TaskQuery | None = None) -> dict[TaskState, int]:
        """Return how many tasks of the query stand where; raises as `list_tasks`."""
        return await self._indexed(lambda model: model.counts(query))

    @_on_engine_loop
    async def list_questions(self, query: QuestionQuery | None = None) -> QuestionPage:
        """Return a page of open questions, those due first, then the oldest; raises as `list_tasks`."""
        return await self._indexed(lambda model: model.questions(query))

    @_on_engine_loop
    async def events(self, task: Task | str, after_n: int = 0, limit: int = 1_000) -> tuple[EventRow, ...]:
        """Return what was decided about a task, oldest first, behind a commit; raises as `list_tasks`."""
        return await self._indexed(lambda model: model.events(_id(task), after_n, limit=limit))

    # ------------------------------------------------------------ what can be asked of a task

    @_on_engine_loop
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

    @_on_engine_loop
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

    @_on_engine_loop
    async def purge(self, task: Task | str) -> None:
        """Remove a task that has ended for good, with its history and its logs.

        Its artifacts are removed later, where no other task has the same content.  Its id is free again.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has not ended.
        """
        session, name = await self._found(task)
        await session.ask(lambda ticket: Purge(name, ticket))
        self._history.purged(name, session.host.commits)
        await asyncio.to_thread(remove_logs, self.data_dir, name)

    @_on_engine_loop
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
        await session.ask(lambda ticket: Answer(name, raw, pick, whom, ticket))
        return await self._seen(session, name.partition("/")[0])

    @_on_engine_loop
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
        return await self.answer(_id(task), value, by)

    # ------------------------------------------------------------ artifacts

    @_on_engine_loop
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

    @_on_engine_loop
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

    # ------------------------------------------------------------ inside

    def _live(self) -> Session | None:
        """Return the session, if the data is open under a loop that is still alive."""
        session = self._session
        return session if session is not None and not session.loop.is_closed() else None

    async def _opened(self) -> Session:
        """Return the session, opening the data where that has not been done."""
        if (session := self._live()) is not None:
            return session
        if self._opening is not None and not self._opening.get_loop().is_closed():
            return await asyncio.shield(self._opening)
        self._opening = asyncio.ensure_future(self._open())
        try:
            return await self._opening
        finally:
            self._opening = None

    async def _open(self) -> Session:
        if self._session is not None:  # opened under a loop that was closed since, between two calls of asyncio.run
            await self._session.release()
        self._history = self._given_history or (IndexedHistory(self.data_dir) if self._on_disk else NoHistory())
        session = Session(
            self._make_journal,
            self._clock,
            self.artifacts,
            self._adapters,
            self._hooks,
            self._classified,
            self._history,
            self.data_dir if self._collects else None,
        )
        session.host.watchers.extend(self._watchers)
        await session.open(self._limits)
        self._session = session
        self._workflows.define_all(session.host)
        return session

    def _classified(self, word: Any) -> tuple[str, str | None]:
        session = self._session
        if session is None:
            raise EngineStopped("the engine is stopped")
        workflow = self._workflows.classified(word)
        self._workflows.define(workflow, session.host)
        return workflow.digest, workflow.start

    def _registered(self, scope: str, name: str, concurrency: int | None) -> None:
        """Tell an engine that is open what it can do now."""
        if concurrency is not None:
            if concurrency < 1:
                raise SpecError(f"concurrency of {name!r} is {concurrency}; allow at least 1")
            self._limits[(scope, name)] = concurrency
        session = self._session
        if session is None or session.loop.is_closed():
            return
        if concurrency is not None:
            session.loop.call_soon_threadsafe(session.host.send, Limit(scope, name, concurrency))
        session.loop.call_soon_threadsafe(session.announce)

    async def _found(self, task: Task | str) -> tuple[Session, str]:
        session = await self._opened()
        await self._recall(session, _id(task))
        return session, _id(task)

    async def _recall(self, session: Session, task: str) -> None:
        """Bring a task that ended long ago back to the core's mind, if there is one of this id."""
        if TASK_ID.fullmatch(task) and not session.host.core.knows(task):
            session.host.remember(await self._history.find([task]))

    async def _indexed(self, ask: Callable[[ReadModel], R]) -> R:
        """Ask the index, in a thread, once it knows everything that is durable now."""
        if not self._on_disk:
            raise ConfigError("this engine was given a journal of its own, which has no index; leave `journal` out")
        session = await self._opened()
        await session.host.durable()
        return await asyncio.to_thread(_asked, ReadModel(self.data_dir), ask)

    def _record(self, session: Session, task: str) -> TaskRecord:
        record = session.host.core.record(task)
        if record is None:
            raise UnknownTask("task", task)
        return record

    async def _seen(self, session: Session, task: str) -> Task:
        """Return a task as it is now, once that is durable: what callers see must outlive a crash."""
        seen = _view(self._record(session, task), session)
        await session.host.durable()
        return seen

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
        raise AnswerRefused(name, several if questions else "it asks nothing")


def _view(record: TaskRecord, session: Session) -> Task:
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


def _id(task: Task | str) -> str:
    name = task.id if isinstance(task, Task) else task
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise UnknownTask("task", repr(name))
    return name


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
