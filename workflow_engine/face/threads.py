"""Calling an engine from anywhere: whatever loop or thread awaits, the work is done on the engine's loop."""

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from workflow_engine.runtime.session import Session

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound="Sessioned")


class Sessioned(Protocol):
    """What has a session, or None while its data is closed."""

    _session: Session | None


def on_engine_loop(
    method: Callable[Concatenate[E, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[E, P], Coroutine[Any, Any, R]]:
    """Let a coroutine method be awaited under any loop of any thread: it is carried out on the engine's."""

    @functools.wraps(method)
    def call(self: E, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        session = self._session  # pyright: ignore[reportPrivateUsage] - a part of the class
        coroutine = method(self, *args, **kwargs)
        if session is None or session.thread == threading.get_ident() or not session.loop.is_running():
            return coroutine
        return _elsewhere(coroutine, session.loop)

    return call


async def _elsewhere(coroutine: Coroutine[Any, Any, R], loop: asyncio.AbstractEventLoop) -> R:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))
