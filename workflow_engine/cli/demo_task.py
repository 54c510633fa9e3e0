"""The task of a demo: found where it stands, or submitted; carried on until it ends or asks; its results fetched."""

import asyncio
import hashlib
import itertools
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.cli.demo_progress import DemoProgress
from workflow_engine.cli.demo_work import WORKFLOW
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task, TaskState
from workflow_engine.errors import AnswerRefused, UnknownTask

T = TypeVar("T")


class DemoTask:
    """The one task of a run of the command.  The engine has its data open only while a method is under way.

    Args:
        engine: carries the task out; the workflow is registered with it.
        progress: shows what becomes of the task.
        data: what the task is about.
    """

    def __init__(self, engine: ECSWorkflowEngine, progress: DemoProgress, data: dict[str, Any]) -> None:
        self._engine = engine
        self._progress = progress
        self._data = data
        engine.watch(progress.watch)

    def find(self) -> Task:
        """Return the unfinished task with this data; submit one where there is none."""
        return self._opened(self._find())

    def carry_on(self, task: Task, answer: dict[str, Any] | None = None, by: str | None = None) -> Task:
        """Answer the question of *task*, where there is an answer, and carry the task on until it ends or asks."""
        return self._opened(self._carry_on(task, answer, by))

    def fetch(self, task: Task, folder: Path) -> list[Path]:
        """Put what the phases of *task* made into *folder*, which must not exist, and return the paths."""
        found = [msgspec.convert(entry, ArtifactRef) for entry in task.artifacts.values()]
        self._opened(self._engine.artifacts.mount(found, folder))
        return [folder / ref.name for ref in found]

    def _opened(self, work: Coroutine[Any, Any, T]) -> T:
        async def closing() -> T:
            try:
                return await work
            finally:
                await self._engine.close()

        return asyncio.run(closing())

    async def _find(self) -> Task:
        base = f"demo-{hashlib.sha256(json.dumps(self._data).encode()).hexdigest()[:10]}"
        for number in itertools.count(1):
            name = f"{base}-{number}"
            try:
                task = await self._engine.get_task(name)
            except UnknownTask:
                task = await self._engine.submit_task(self._data, WORKFLOW, task_id=name)
                self._progress.say(f"submitted task {name} on {self._data['topic']}: it is on disk from here on")
                return task
            if not task.status.terminal:
                self._progress.say(f"resuming task {name} at phase {task.phase or 'one'}")
                return task
        raise AssertionError("counting ends never")

    async def _carry_on(self, task: Task, answer: dict[str, Any] | None, by: str | None) -> Task:
        self._progress.follow(task.id)
        if answer is not None:
            try:
                await self._engine.answer(task.id, answer, by)
            except AnswerRefused as refusal:  # somebody else was faster
                self._progress.say(str(refusal))
        elif task.status is TaskState.WAITING_HUMAN:
            return task
        running = asyncio.ensure_future(self._engine.run())
        paused = asyncio.ensure_future(self._progress.paused.wait())
        try:
            await asyncio.wait({running, paused}, return_when=asyncio.FIRST_COMPLETED)
            return await self._engine.get_task(task)
        finally:
            paused.cancel()
            self._engine.stop()
            await running
