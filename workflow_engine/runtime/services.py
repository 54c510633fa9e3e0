"""What begins and ends with the serving of a session: adapters that hold something, and chores in the background."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from workflow_engine.adapter import Adapter, Closes, Inbox, Starts, TakesInbox

LOG: Final = logging.getLogger("workflow_engine")


class Services:
    """Starts each service once, and closes what was started, the last one first.

    Args:
        adapters: by task type; it may change, and `start` looks at it each time.
        chores: further services.
        inbox: makes the inbox of an adapter, where there are questions.

    Attributes:
        ready: the adapters that are started.
    """

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        chores: Iterable[object] = (),
        inbox: Callable[[object], Inbox] | None = None,
    ) -> None:
        self.ready: dict[str, Adapter] = {}
        self._adapters = adapters
        self._chores = tuple(chores)
        self._inbox = inbox
        self._started: list[object] = []
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start what has not been started yet.  What fails is left out; the first error is raised in the end."""
        errors: list[Exception] = []
        async with self._turn:
            for chore in self._chores:
                await self._start(chore)
            for name, adapter in list(self._adapters.items()):
                try:
                    await self._start(adapter)
                except Exception as error:
                    errors.append(error)
                else:
                    self.ready[name] = adapter
        if errors:
            raise errors[0]

    async def close(self) -> None:
        """Close what was started; a service that fails is logged and does not keep the others from it."""
        while self._started:
            service = self._started.pop()
            if isinstance(service, Closes):
                try:
                    await service.close()
                except Exception:
                    LOG.exception("%s failed to close", type(service).__name__)

    async def _start(self, service: object) -> None:
        if all(service is not other for other in self._started):
            if self._inbox is not None and isinstance(service, TakesInbox):
                service.take_inbox(self._inbox(service))
            if isinstance(service, Starts):
                await service.start()
            self._started.append(service)
