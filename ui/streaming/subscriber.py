"""A subscriber: one open stream, and what it has not been sent yet."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

from workflow_engine.ui.streaming.messages import HEARTBEAT, Message

QUIET_SECONDS: Final = 15.0
"""After which an open stream is sent something, though there be nothing to say."""

LIFE_SECONDS: Final = 600.0
"""After which a stream ends, and the browser opens another: whoever may not look any more is refused then."""

WAITING_MAX: Final = 1_000
"""Messages that a slow reader may be behind; then it is told to look at the whole again."""

RESET: Final = Message("reset", {})
"""Tells a page that it has missed something, and shall look anew."""


class Subscriber:
    """Takes messages from one thread, and gives them to another as they are sent.

    Attributes:
        task: the id of the task it follows with its runs, None for one that follows the whole.
    """

    def __init__(self, task: str | None) -> None:
        self.task = task
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, message: bytes) -> None:
        """Have a message sent; never waits."""
        with self._changed:
            if len(self._waiting) >= WAITING_MAX:
                self._waiting.clear()
                self._waiting.append(RESET.encoded())
            else:
                self._waiting.append(message)
            self._changed.notify()

    def close(self) -> None:
        """End the stream."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def sent(self) -> Iterator[bytes]:
        """Give what is to be sent, as it comes, until the stream is closed or has lived long enough."""
        end = time.monotonic() + LIFE_SECONDS
        while not self._closed and time.monotonic() < end:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed, QUIET_SECONDS)
                ready = b"".join(self._waiting)
                self._waiting.clear()
            yield ready or HEARTBEAT
