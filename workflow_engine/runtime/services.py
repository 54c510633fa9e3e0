"""What begins and ends with the serving of a session: adapters that hold something, and chores in the background."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from workflow_engine.adapter import Closes, Starts

LOG: Final = logging.getLogger("workflow_engine")


class Services:
    """Starts each service once, and closes what was started, the last one first.

    Args:
        current: returns what is to be started, which may grow; what has neither ``start`` nor ``close`` is left alone.
    """

    def __init__(self, current: Callable[[], Iterable[object]]) -> None:
        self._current = current
        self._started: list[object] = []
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start what has not been started yet; what a service raises is raised."""
        async with self._turn:
            for service in self._current():
                if all(service is not other for other in self._started):
                    self._started.append(service)
                    if isinstance(service, Starts):
                        await service.start()

    async def close(self) -> None:
        """Close what was started; a service that fails is logged and does not keep the others from it."""
        while self._started:
            service = self._started.pop()
            if isinstance(service, Closes):
                try:
                    await service.close()
                except Exception:
                    LOG.exception("%s failed to close", type(service).__name__)
