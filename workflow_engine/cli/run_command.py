"""The run of a workflow file: prepared, carried on, asked about, and brought to an end."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.options import Invocation
from workflow_engine.cli.run_agents import settings_with, use_models
from workflow_engine.cli.run_answers import NOBODY, load_answers
from workflow_engine.cli.run_ending import PARKED, Ending
from workflow_engine.cli.run_input import given_input
from workflow_engine.cli.run_progress import RunProgress
from workflow_engine.cli.run_standing import Asked, Standing
from workflow_engine.cli.run_task import RunTask
from workflow_engine.cli.run_threads import leave_if_busy
from workflow_engine.cli.run_workflow import Prepared, prepare
from workflow_engine.control.client import find_engine
from workflow_engine.core.components import Identity, WaitKind
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task, TaskType, WorkflowSpec
from workflow_engine.errors import AnswerRefused, EngineError, EngineStopped, InputRefused, JournalLocked
from workflow_engine.face.defining import DEFINE
from workflow_engine.forms import check_answer
from workflow_engine.plugins import plugged_adapter
from workflow_engine.spec.model import TIMER, TRANSFORM, WORKFLOW
from workflow_engine.values import from_json, to_json

REFUSED: Final = 2
"""Exit code where an answer or a setting cannot be used."""

BUILT_IN: Final = frozenset({*TaskType, WORKFLOW, TIMER, TRANSFORM})
"""Task types that the engine has adapters for."""

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

STOP_GRACE: Final = 1.0
"""Seconds that a phase under way has when the command ends before its task; it is done again the next time."""

LOCK_WAIT: Final = 3.0
"""Seconds to wait for data that another command uses just now."""

PAUSE: Final = 0.05
"""Seconds between two tries."""

Begin = Callable[[], Awaitable[Task]]
"""Gives the task that is carried on, once it is durable."""


def carried_out(invocation: Invocation, given: Mapping[str, Any]) -> int:
    """Carry out what the command line says, and return the exit code.

    Args:
        invocation: of the command.
        given: its arguments and options by name.

    Raises:
        EngineError: nothing was begun.
    """
    code = _carried_out(invocation, given)
    leave_if_busy(code)
    return code


def _carried_out(invocation: Invocation, given: Mapping[str, Any]) -> int:
    options = ("--replies", str(given["replies"])) if given["replies"] is not None else ()
    ending = Ending(invocation, given["file"], options, given["as_json"])
    with contextlib.redirect_stdout(sys.stderr):  # what handlers print is no part of the result
        command = RunCommand(invocation, given)
        try:
            standing = command.carry_out()
        except (KeyboardInterrupt, click.Abort):
            ending.kept(command.task, "\nStopped")
            return INTERRUPTED
        except TimeoutError:
            ending.kept(command.task, f"It has not ended within {given['timeout']:g} s")
            return PARKED
        except EngineError as error:
            if command.task is None:
                raise
            ending.kept(command.task, f"error: {error}")
            return REFUSED
    return ending.tell(standing)


class RunCommand:
    """One run of the command.

    Raises:
        EngineError: the workflow, or something that belongs to it, cannot be used.
    """

    def __init__(self, invocation: Invocation, given: Mapping[str, Any]) -> None:
        settings = invocation.settings
        prepared = prepare(given["file"])
        self._spec = _bounded(prepared.workflow, given["max_concurrency"])
        self._asks = sys.stdin.isatty() and sys.stderr.isatty()
        self._given = given
        self._by = user_name()
        self._progress = RunProgress([phase.id for phase in self._spec.phases], sys.stderr.isatty(), given["verbose"])
        self._begin = self._resuming(given["resume"]) if given["resume"] is not None else self._submitting()
        options = settings.engine_options(stop_grace=STOP_GRACE)
        options["agents"] = settings_with(options["agents"], given["replies"])
        self._engine = ECSWorkflowEngine(settings.data_dir, **options)
        self._register(prepared)
        answers = load_answers(given["answers"]) if given["answers"] is not None else NOBODY
        self._work = RunTask(self._engine, self._progress, answers, self._asks, self._by)

    @property
    def task(self) -> str | None:
        """Id of the task, None until it is durable."""
        return self._work.task

    def carry_out(self) -> Standing:
        """Carry the task out until it has ended, or waits for somebody who is not here.

        Raises:
            TimeoutError: that takes too long.
            click.Abort: whoever was asked has pressed Ctrl-C or Ctrl-D.
            EngineError: it was refused, or an answer was.
        """
        try:
            standing = self._opened(self._begin)
            while self._asks and (asked := _first_for_a_person(standing)):
                # No engine runs while somebody thinks: the question stands in the journal.
                self._progress.rest(keep=False)
                standing = self._opened(self._answering(asked, answer_of(asked)))
            return standing
        finally:
            self._progress.rest(keep=True)

    def _register(self, prepared: Prepared) -> None:
        for name, handler in prepared.handlers.items():
            self._engine.register_handler(name, handler)
        replies = self._given["replies"] or prepared.replies
        use_models(self._engine, [replies] if replies is not None else [], self._progress.say)
        for workflow in (*prepared.others, self._spec):
            self._engine.register_workflow(workflow)
            for kind in {phase.carried_out_by for phase in workflow.phases} - {None, *BUILT_IN}:
                # The engine would look for it too, but later than we take it to be missing.
                adapter = plugged_adapter(str(kind))
                if adapter is not None:
                    self._engine.register_adapter(str(kind), adapter)

    def _opened(self, begin: Begin) -> Standing:
        """Carry the task on, waiting a moment for data that another command uses just now."""
        deadline = time.monotonic() + LOCK_WAIT
        while True:
            try:
                return asyncio.run(self._work.carry_on(begin, self._given["timeout"]))
            except JournalLocked as error:
                if time.monotonic() >= deadline or self._is_served():
                    raise _busy(error) from error
                time.sleep(PAUSE)

    def _is_served(self) -> bool:
        engine = find_engine(self._engine.data_dir)
        if engine is not None:
            engine.close()
        return engine is not None

    def _submitting(self) -> Begin:
        data = given_input((*self._given["words"], *self._given["inputs"]), self._spec.inputs)

        async def submit() -> Task:
            return await self._engine.submit_task(data, self._spec.name, task_id=self._given["task_id"])

        return submit

    def _resuming(self, task: str) -> Begin:
        async def resume() -> Task:
            identity = (await self._engine.inspect(task)).record.get(Identity)
            rebound = any(phase.target_classification == DEFINE for phase in self._spec.phases)
            if identity.workflow != self._spec.name and not rebound:
                raise InputRefused(
                    f"task {task} is of the workflow {identity.workflow!r}, and {self._given['file']} holds "
                    f"{self._spec.name!r}; name the file that the task began with"
                )
            if identity.definition != self._spec.digest() and not rebound:
                self._progress.say(f"task {task} goes on with the workflow as it was when the task began")
            return await self._engine.get_task(task)

        return resume

    def _answering(self, asked: Asked, value: Any) -> Begin:
        async def answer() -> Task:
            try:
                return await self._engine.answer(asked.question.id, value, self._by)
            except AnswerRefused as refusal:  # somebody else was faster
                self._progress.say(str(refusal))
                return await self._engine.get_task(self.task or "")

        return answer


def answer_of(asked: Asked) -> Any:
    """Ask the person at the terminal until the answer fits, and return it.

    Raises:
        click.Abort: the person has had enough.
    """
    from workflow_engine.cli.asking import asked as ask

    question = asked.question
    while True:
        value = ask(question.prompt, from_json(question.show), from_json(question.form) or {})
        try:
            check_answer(question.id, question.form, to_json(value, "the answer"))
        except AnswerRefused as refusal:
            click.echo(refusal.why, err=True)
        else:
            return value


def _first_for_a_person(standing: Standing) -> Asked | None:
    if standing.ended:
        return None
    return next((asked for asked in standing.asked if asked.question.kind is WaitKind.HUMAN), None)


def _bounded(spec: WorkflowSpec, max_concurrency: int | None) -> WorkflowSpec:
    return spec if max_concurrency is None else spec.model_copy(update={"max_concurrency": max_concurrency})


def _busy(error: JournalLocked) -> EngineStopped:
    who = f"process {error.holder}" if error.holder is not None else "another process"
    return EngineStopped(f"{error.directory} is in use by {who}; wait, stop it, or name other data with --data-dir DIR")
