"""Engine time: what the wall says, but never backwards."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the host gets the time from."""

    def now(self) -> float:
        """Return the time in seconds since the epoch; never less than it returned before."""
        ...


class WallClock:
    """The machine's clock.  Where the wall clock is set back, time goes on at the pace of the monotonic one."""

    def __init__(self) -> None:
        self._base = time.time()
        self._since = time.monotonic()

    def now(self) -> float:
        """See `Clock`."""
        wall = time.time()
        steady = self._base + (time.monotonic() - self._since)
        if wall > steady:
            self._base += wall - steady
            return wall
        return steady
