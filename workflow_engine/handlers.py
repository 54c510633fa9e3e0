"""The user's functions by classification, and how they are called."""

import asyncio
import inspect
import logging
import time
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

from workflow_engine.adapter import Missing, Output
from workflow_engine.errors import SpecError
from workflow_engine.task import Task, left

Handler = Callable[[Task], Any]
"""``async def handler(task)``, or a plain function, which is run in a thread; returns the phase's output or None."""

LOG: Final = logging.getLogger("workflow_engine")

BLOCKING: Final = 0.1
"""Seconds that a handler may keep the event loop to itself before a warning names it."""


class Handlers:
    """Registered handlers."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[Handler, bool]] = {}

    def __contains__(self, classification: object) -> bool:
        return classification in self._by_name

    def register(self, classification: str, handler: Handler) -> None:
        """Have *handler* do the work of every phase that targets *classification*, in place of the one before.

        Raises:
            SpecError: it cannot be called.
        """
        if not callable(handler):
            raise SpecError(
                f"the handler for {classification!r} is a {type(handler).__name__}; pass a function of one task"
            )
        call = type(handler).__call__  # an object may have an async __call__
        is_async = inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)
        self._by_name[classification] = (handler, is_async)

    async def call(self, task: Task) -> Output:
        """Call the handler for the task's classification.

        Raises:
            Missing: there is none.
            Exception: whatever the handler raises.
        """
        name = task.classification or ""
        found = self._by_name.get(name)
        if found is None:
            raise Missing(f"a handler for {name!r}")
        handler, is_async = found
        if is_async:
            value = await watched(handler(task), name)
        else:
            value = await asyncio.to_thread(handler, task)
            if inspect.isawaitable(value):
                value = await value
        if isinstance(value, Output):
            return value
        return Output(left(task) if value is None else value, task.next_classification)


@types.coroutine
def watched(coroutine: Coroutine[Any, Any, Any], name: str) -> Generator[Any, Any, Any]:
    """Await *coroutine*, and warn where one stretch of it keeps the event loop longer than `BLOCKING` seconds."""
    resume: Callable[[Any], Any] = coroutine.send
    value: Any = None
    while True:
        start = time.perf_counter()
        try:
            waiting_for = resume(value)
        except StopIteration as stop:
            return stop.value
        finally:
            took = time.perf_counter() - start
            if took > BLOCKING:
                LOG.warning(
                    "handler %r kept the event loop for %.2f s; await, or make it a plain function to run in a thread",
                    name,
                    took,
                )
        try:
            value = yield waiting_for
            resume = coroutine.send
        except BaseException as error:  # whatever is thrown in is the coroutine's to see
            value = error
            resume = coroutine.throw
