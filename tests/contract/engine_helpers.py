"""What tests of the engine share: an engine on a folder of its own, and waiting that is bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from workflow_engine.ecs_workflow import ECSWorkflowEngine, RetryPolicy, Task, TaskState

T = TypeVar("T")

WITHIN = 10.0
"""Seconds that anything here may take."""

ONCE = RetryPolicy(max_attempts=1)
QUICK = RetryPolicy(max_attempts=3, initial=0.01, jitter=False)


def engine_on(data_dir: Path, **settings: Any) -> ECSWorkflowEngine:
    """Return an engine that does not wait long when it is stopped."""
    given: dict[str, Any] = {"stop_grace": 0.05, **settings}
    return ECSWorkflowEngine(data_dir, **given)


async def echo(task: Task) -> Any:
    """Give back what was submitted."""
    return {"phase": task.phase, "data": task.data}


async def done(engine: ECSWorkflowEngine, task: Task | str) -> Task:
    """Return a task once it has ended."""
    return await engine.wait(task, timeout=WITHIN)


async def until(look: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """Return what *look* sees once it is *good*."""
    async with asyncio.timeout(WITHIN):
        while True:
            seen = await look()
            if good(seen):
                return seen
            await asyncio.sleep(0.002)


async def standing(engine: ECSWorkflowEngine, task: Task | str, state: TaskState) -> Task:
    """Return a task once it stands in this state."""
    return await until(lambda: engine.get_task(task), lambda seen: seen.status is state)


async def explained(engine: ECSWorkflowEngine, task: Task | str, words: str) -> str:
    """Return the explanation of a task once it holds these words."""
    return await until(lambda: engine.explain(task), lambda seen: words in seen)
