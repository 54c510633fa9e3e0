"""The engine for threads that have no event loop."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, Protocol

from workflow_engine.errors import EngineStopped


class OnLoop(Protocol):
    """An engine whose loop can be asked for."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop the engine runs on, None while it does not."""
        ...


class Blocking:
    """Every coroutine method of an engine as a plain one: ``engine.blocking.submit_task({...}, "hello")``.

    For other threads than the engine's, which must be running.

    Raises:
        EngineStopped: the engine is not running, or this is its own thread.
    """

    def __init__(self, engine: OnLoop) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._engine, name)
        if name.startswith("_") or not inspect.iscoroutinefunction(inspect.unwrap(method)):
            raise AttributeError(f"{name} is not a coroutine method of the engine; call it on the engine itself")

        def call(*args: Any, **kwargs: Any) -> Any:
            loop = self._engine.loop
            if loop is None or not loop.is_running():
                raise EngineStopped("the engine is not running; start `engine.run()` under an event loop first")
            if loop is _running_loop():
                raise EngineStopped(
                    f"this is the engine's own thread, which must not block; await engine.{name}() instead"
                )
            return asyncio.run_coroutine_threadsafe(method(*args, **kwargs), loop).result()

        return call


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
