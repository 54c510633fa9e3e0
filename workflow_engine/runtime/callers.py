"""Callers: who waits for a reply, or for a task to end, and is told once it is durable."""

import asyncio
from typing import Any

from workflow_engine.core.tick import Components, Decision
from workflow_engine.errors import EngineError


class Callers:
    """Futures by ticket, and by task."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tickets = 0
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._waiters: dict[str, list[asyncio.Future[Components]]] = {}

    def reply(self) -> tuple[int, asyncio.Future[Any]]:
        """Return a new ticket and the future of its reply."""
        self._tickets += 1
        future = self._replies[self._tickets] = self._loop.create_future()
        return self._tickets, future

    def ended(self, task: str) -> asyncio.Future[Components]:
        """Return a future of the components that a live task has once it has ended."""
        waiter: asyncio.Future[Components] = self._loop.create_future()
        waiting = [other for other in self._waiters.get(task, ()) if not other.done()]
        self._waiters[task] = [*waiting, waiter]
        return waiter

    def tell(self, decision: Decision) -> None:
        """Give the replies of a decision that is durable, and tell of the tasks that have ended."""
        for ticket, reply in decision.replies:
            caller = self._replies.pop(ticket, None)
            if caller is not None and not caller.done():
                if isinstance(reply, EngineError):
                    caller.set_exception(reply)
                else:
                    caller.set_result(reply)
        for task, components in decision.ended.items():
            for waiter in self._waiters.pop(task, ()):
                if not waiter.done():
                    waiter.set_result(components)

    def refuse(self, refusal: EngineError) -> None:
        """Tell everybody that nothing will come."""
        waiting: list[asyncio.Future[Any]] = [*self._replies.values()]
        for waiters in self._waiters.values():
            waiting.extend(waiters)
        self._replies.clear()
        self._waiters.clear()
        for future in waiting:
            if not future.done() and not future.get_loop().is_closed():
                future.set_exception(refusal)
                future.exception()  # a caller that is gone need not be told that it missed this
