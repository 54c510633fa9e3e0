"""Circuit breaker: a server that fails again and again is left alone for a while, then asked once."""

from typing import Final, Literal

FAILURES: Final = 5
"""Failures in a row after which the server is left alone."""

REST: Final = 15.0
"""Seconds that it is left alone the first time; twice as long each time that it fails again."""

REST_MAX: Final = 240.0
"""Seconds that it is left alone at most."""

State = Literal["closed", "open", "half-open"]


class Breaker:
    """Says whether a server may be asked.  Times are those of any clock that never runs backwards, in seconds.

    Closed, every request may go; after `FAILURES` in a row it is open, and none may.  When the rest is over it is
    half-open: one request may go, and what comes of it closes or opens it.

    Attributes:
        failures: how many there were in a row.
    """

    def __init__(self) -> None:
        self.failures = 0
        self._rest = REST
        self._until: float | None = None  # None: closed
        self._probing = False

    def state(self, now: float) -> State:
        """Return how it stands."""
        if self._until is None:
            return "closed"
        return "half-open" if now >= self._until else "open"

    def wait(self, now: float) -> float | None:
        """Return None where a request may go, which is then under way; else after how many seconds to ask again.

        What comes of a request that may go has to be told: `succeeded`, `failed` or `gave_up`.
        """
        if self._until is None:
            return None
        if now < self._until:
            return self._until - now
        if self._probing:
            return 1.0
        self._probing = True
        return None

    def succeeded(self) -> None:
        """The server has answered, be it with a refusal."""
        self.failures = 0
        self._rest = REST
        self._until = None
        self._probing = False

    def failed(self, now: float) -> None:
        """The server has failed."""
        self.failures += 1
        if self._until is None and self.failures < FAILURES:
            return
        if self._until is not None and not self._probing:
            return  # it was asked before the others failed
        if self._probing:
            self._rest = min(2 * self._rest, REST_MAX)
        self._probing = False
        self._until = now + self._rest

    def gave_up(self) -> None:
        """Nothing is known of the server: the request was cancelled."""
        self._probing = False
