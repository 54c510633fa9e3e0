"""Hooks: functions of the user that are called after something was decided and is durable."""

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, Final

from workflow_engine.core.components import Status, TaskState
from workflow_engine.core.record import TaskRecord
from workflow_engine.core.tick import Components
from workflow_engine.errors import SpecError
from workflow_engine.task import Task

LOG: Final = logging.getLogger("workflow_engine")

Hook = Callable[[Task], Any]
"""``async def hook(task)``, or a plain function, which is run in a thread."""


class Hooks:
    """Hooks by the state a task ended in.  A hook that fails is logged, and hurts neither the task nor other hooks."""

    def __init__(self) -> None:
        self._hooks: dict[TaskState, list[Hook]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def register(self, state: TaskState, hook: Hook) -> None:
        """Have *hook* called with every task that ends in *state*.

        Raises:
            SpecError: it cannot be called.
        """
        if not callable(hook):
            raise SpecError(f"the hook is a {type(hook).__name__}; pass a function of one task")
        self._hooks.setdefault(state, []).append(hook)

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def ended(self, tasks: dict[str, Components]) -> None:
        """Call the hooks for tasks that ended, each call on its own."""
        if not self._hooks:
            return
        for name, components in tasks.items():
            status = TaskRecord(name, components, {}).get(Status)
            for hook in self._hooks.get(status.state, ()):
                work = asyncio.get_running_loop().create_task(_call(hook, Task(components)))
                self._under_way.add(work)
                work.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Return once every call has returned."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))


async def _call(hook: Hook, task: Task) -> None:
    try:
        if inspect.iscoroutinefunction(hook):
            await hook(task)
        else:
            result = await asyncio.to_thread(hook, task)
            if inspect.isawaitable(result):
                await result
    except (KeyboardInterrupt, GeneratorExit, asyncio.CancelledError):
        raise
    except BaseException:  # SystemExit, too, which would end the loop
        LOG.exception(
            "hook %r failed on task %s; the task is not affected", getattr(hook, "__qualname__", hook), task.id
        )
