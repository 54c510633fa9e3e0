"""Carrying a task: until it has ended, or nothing moves but what somebody else has to bring."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from workflow_engine.cli.run_answers import Answers
from workflow_engine.cli.run_phases import ENDED, duration
from workflow_engine.cli.run_progress import RunProgress
from workflow_engine.cli.run_standing import Standing, standing
from workflow_engine.cli.run_threads import HastyExecutor
from workflow_engine.cli.times import local
from workflow_engine.core.components import PhaseProgress, Progress, WaitKind
from workflow_engine.core.events import (
    PhaseCompleted,
    QuestionAsked,
    RunParked,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TimerSet,
)
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.errors import AnswerRefused, InputRefused
from workflow_engine.runtime.local import Committed
from workflow_engine.runtime.saying import Said

TELLING: Final = (QuestionAsked, RunParked, TimerSet, PhaseCompleted, TaskCompleted, TaskFailed, TaskCancelled)
"""Events after which it may be that nothing moves any more: what follows a phase may lack what other tasks lack."""

PAUSE: Final = 0.02
"""Seconds between two looks at a task of which a part waits."""

NAP: Final = 2.0
"""Seconds that a task sleeps without a word."""


class RunTask:
    """One task of a run of the command.  The engine has its data open only while `carry_on` is under way.

    Args:
        engine: carries the task out.
        progress: shows what becomes of it.
        answers: what is said to its questions.
        asks: whether somebody can be asked, so that it is no use to wait for timers while a question is open.
        by: who answers.

    Attributes:
        task: the id of the task, None until it is durable.
    """

    def __init__(
        self, engine: ECSWorkflowEngine, progress: RunProgress, answers: Answers, asks: bool, by: str | None
    ) -> None:
        self.task: str | None = None
        self._engine = engine
        self._progress = progress
        self._answers = answers
        self._asks = asks
        self._by = by
        self._changed = asyncio.Event()
        self._waits = False
        self._told: float | None = None
        engine.watch(self._watch)
        engine.listen(self._listen)

    async def carry_on(self, begin: Callable[[], Awaitable[Task]], timeout: float | None) -> Standing:
        """Carry the task on that *begin* gives, and return how it stands in the end.

        Raises:
            TimeoutError: that takes longer than *timeout* seconds; the task is kept.
            InputRefused: an answer does not fit; the task is kept.
            EngineError: *begin* was refused, or the engine failed.
        """
        self._changed = asyncio.Event()
        asyncio.get_running_loop().set_default_executor(HastyExecutor())
        try:
            self.task = (await begin()).id
        except BaseException:
            await self._engine.close()
            raise
        await self._show(self.task)
        running = asyncio.ensure_future(self._engine.run())
        try:
            async with asyncio.timeout(timeout):
                return await self._until_it_stands(self.task, running)
        finally:
            self._engine.stop()
            await running

    async def _until_it_stands(self, task: str, running: "asyncio.Future[None]") -> Standing:
        while True:
            self._changed.clear()
            now = await standing(self._engine, task)
            self._waits = bool(now.asked or now.lacking)
            if now.ended or (not await self._answered(now) and self._stands(now)):
                return now
            self._tell_of_sleep(now)
            await _either(self._changed.wait(), running)
            if self._waits:
                await asyncio.sleep(PAUSE)

    async def _show(self, task: str) -> None:
        progress = (await self._engine.inspect(task)).record.find(Progress)
        entries: dict[str, PhaseProgress] = progress.entries if progress is not None else {}
        self._progress.begin(task, {phase: ENDED.get(entry.outcome, "") for phase, entry in entries.items()})

    def _stands(self, now: Standing) -> bool:
        """Return whether nothing happens any more unless somebody else does something."""
        if now.moving:
            return False
        if self._asks and any(asked.question.kind is WaitKind.HUMAN for asked in now.asked):
            return True
        return self._waits and now.wakes is None

    async def _answered(self, now: Standing) -> bool:
        """Answer what there are answers for; return whether there was something."""
        found = False
        for asked in now.asked:
            given = self._answers.take(asked)
            if given is None:
                continue
            found = True
            self._changed.set()
            try:
                await self._engine.answer(asked.question.id, given.value, self._by)
            except AnswerRefused as refusal:
                again = await standing(self._engine, now.record.id)
                if asked.question.id in [other.question.id for other in again.asked]:
                    raise InputRefused(f"{given.place}, to {asked.question.prompt!r}: {refusal.why}") from refusal
                self._progress.say(str(refusal))  # somebody else was faster
        return found

    def _tell_of_sleep(self, now: Standing) -> None:
        """Say how long it takes until something happens, where nothing does before."""
        if now.moving or now.wakes is None or now.wakes == self._told or now.wakes - time.time() < NAP:
            return
        self._told = now.wakes
        left = duration(now.wakes - time.time())
        self._progress.say(f"task {now.record.id} sleeps for {left}, until {local(now.wakes)}")

    def _listen(self, said: Said) -> None:
        """See `ECSWorkflowEngine.listen`."""
        if self.task is not None and (said.task == self.task or said.task.startswith(f"{self.task}~")):
            self._progress.hear(said)

    def _watch(self, committed: Committed) -> None:
        """See `ECSWorkflowEngine.watch`."""
        for event in committed.events:
            ours = self.task is not None and (event.task == self.task or event.task.startswith(f"{self.task}~"))
            if ours:
                self._progress.take(event, committed.at)
            if (ours and (self._waits or isinstance(event, TELLING))) or isinstance(event, RunParked):
                self._changed.set()


async def _either(waiting: Coroutine[Any, Any, Any], running: "asyncio.Future[None]") -> None:
    """Return when one of the two ends; raise what ended the engine."""
    waiter: asyncio.Future[Any] = asyncio.ensure_future(waiting)
    try:
        await asyncio.wait({waiter, running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiter
    if running.done():
        running.result()
