"""The task of a demo: found where it stands, or submitted; carried on until it ends or asks; its results fetched."""

import asyncio
import hashlib
import itertools
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.cli.demo_progress import DemoProgress
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task, TaskState
from workflow_engine.errors import AnswerRefused, UnknownTask
from workflow_engine.workflows.demo.workflow import DEMO, REPORT, set_up

T = TypeVar("T")

INPUT: Final = "input/"
"""Folder of the file among the artifacts, so that it cannot have the name of one that the demo makes."""


class DemoTask:
    """The one task of a run of the command.  The engine has its data open only while a method is under way.

    Args:
        engine: carries the task out; the demo is registered with it.
        progress: shows what becomes of the task.
        file: what the task is about.
    """

    def __init__(self, engine: ECSWorkflowEngine, progress: DemoProgress, file: Path) -> None:
        self._engine = engine
        self._progress = progress
        self._file = file
        set_up(engine)
        engine.watch(progress.watch)

    def find(self) -> Task:
        """Return the unfinished task of this file, with this content; submit one where there is none."""
        return self._opened(self._find())

    def carry_on(self, task: Task, answer: dict[str, Any] | None = None, by: str | None = None) -> Task:
        """Answer the question of *task*, where there is an answer, and carry the task on until it ends or asks."""
        return self._opened(self._carry_on(task, answer, by))

    def report(self, task: Task) -> str:
        """Return the report that is to be approved."""
        return self._opened(self._engine.read_artifact(task, REPORT)).decode()

    def fetch(self, task: Task, folder: Path) -> list[Path]:
        """Put what the phases of *task* made into *folder*, which must not exist, and return the paths."""
        found = [msgspec.convert(entry, ArtifactRef) for entry in task.artifacts.values()]
        made = [ref for ref in found if ref.phase is not None]
        self._opened(self._engine.artifacts.mount(made, folder))
        return [folder / ref.name for ref in made]

    def _opened(self, work: Coroutine[Any, Any, T]) -> T:
        async def closing() -> T:
            try:
                return await work
            finally:
                await self._engine.close()

        return asyncio.run(closing())

    async def _find(self) -> Task:
        content = await asyncio.to_thread(_digest, self._file)
        path = self._file.resolve()
        base = "demo-" + hashlib.sha256(f"{content} {path}".encode()).hexdigest()[:10]
        for number in itertools.count(1):
            try:
                task = await self._engine.get_task(f"{base}-{number}")
            except UnknownTask:
                return await self._submitted(f"{base}-{number}", path)
            if not task.status.terminal:
                self._progress.say(f"resuming task {task.id} at phase {task.phase}")
                return await self._with_file(task, path)
        raise AssertionError("counting ends never")

    async def _submitted(self, name: str, path: Path) -> Task:
        data = {"file": INPUT + path.name, "path": str(path)}
        task = await self._engine.submit_task(data, DEMO.name, task_id=name, labels={"demo": path.name})
        self._progress.say(f"submitted task {task.id}: it is on disk from here on")
        return await self._with_file(task, path)

    async def _with_file(self, task: Task, path: Path) -> Task:
        """Attach the file, unless that was done before an interruption; no phase begins until it is there."""
        if INPUT + path.name not in task.artifacts:
            await self._engine.add_artifact(task, INPUT + path.name, path)
        return task

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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
