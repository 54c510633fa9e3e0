"""An event loop whose time is turned by hand: it jumps to the next timer when there is nothing else to do."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any


class Crash(KeyboardInterrupt):
    """The process dies here.  A `KeyboardInterrupt`, because an event loop lets only such through at once."""


class Idle(KeyboardInterrupt):
    """Nothing will ever happen again: no timer is set, and nobody is ready."""


class _Selector(selectors.DefaultSelector):
    """Waits in simulated time."""

    turned: float = 0.0
    on_wait: Callable[[], None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.on_wait is not None:
            self.on_wait()
        if timeout is None:
            raise Idle
        self.turned += timeout
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """A loop under which hours take no time, and the same calls give the same order.

    What would run in a thread runs at once, on the loop.

    Args:
        start: the loop's time to begin with, in seconds.
        on_wait: called each time the loop has run what was ready.
    """

    def __init__(self, start: float = 0.0, on_wait: Callable[[], None] | None = None) -> None:
        self._simulated = _Selector()
        self._simulated.turned = start
        super().__init__(self._simulated)
        self._simulated.on_wait = on_wait
        # A timer may be due a rounding error before its time; asyncio allows for one clock tick.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return simulated time, in seconds."""
        return self._simulated.turned

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Run *func* now; its result is seen in the loop's next turn."""
        future: asyncio.Future[Any] = self.create_future()
        try:
            result = func(*args)
        except (Crash, Idle):
            raise
        except BaseException as error:  # as an executor does: whatever it was is the caller's to see
            future.set_exception(error)
        else:
            future.set_result(result)
        return future
