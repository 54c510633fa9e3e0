"""Clients of SDKs: loaded and made when they are first needed, off the event loop, and let go of when it is over."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What the clients of SDKs have in common."""

    async def close(self) -> None:
        """Let go of connections."""
        ...


C = TypeVar("C", bound=Closable)


class Client(Generic[C]):
    """A client that is made when it is first asked for, and anew after `close`.

    Args:
        make: makes it; called in a thread, since loading an SDK takes up to a second.
    """

    def __init__(self, make: Callable[[], C]) -> None:
        self._make = make
        self._making: asyncio.Future[C] | None = None

    async def get(self) -> C:
        """Return the client; raises what making it raises, and tries again the next time."""
        loop = asyncio.get_running_loop()
        making = self._making
        if making is None or making.get_loop() is not loop:  # connections belong to one loop
            making = self._making = loop.run_in_executor(None, self._make)
        try:
            return await asyncio.shield(making)
        finally:
            if making.done() and (making.cancelled() or making.exception() is not None) and self._making is making:
                self._making = None

    async def close(self) -> None:
        """Let go of connections."""
        making, self._making = self._making, None
        if making is not None and making.get_loop() is asyncio.get_running_loop():
            await (await making).close()


def idempotency(model: str, key: str) -> dict[str, str]:
    """Return the headers that name a turn, so that a server which cares can recognise it.

    The key is hashed: it holds names of tasks, which are nobody's business, and headers are ASCII.
    """
    if not key:
        return {}
    return {"Idempotency-Key": hashlib.sha256(f"{model}\n{key}".encode()).hexdigest()}
