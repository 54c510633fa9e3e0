"""The tail: learns how far the journal is, durably, and tells those who wait for more."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from workflow_engine.errors import EngineError
from workflow_engine.sinks.index import Index

if TYPE_CHECKING:
    from workflow_engine.runtime.local import Committed

LOG: Final = logging.getLogger(__name__)

PACE: Final = 0.05
"""Seconds between two looks while much happens: what happens meanwhile shares the second."""

LOOK_AGAIN: Final = 5.0
"""Seconds after which to look though nothing was told, where an engine tells what happens."""

LOOK_OFTEN: Final = 1.0
"""The same, where none does: another process may write."""

PATIENCE: Final = 10.0
"""Seconds to wait for whoever brings the index up to date, before doing so ourselves."""


class Tail:
    """Follows the end of a journal, in a thread of its own.

    Attributes:
        upto: number of the last commit whose events may be told: the index knows it, and it is durable.
        error: why that is not known, as a sentence, or None.
    """

    def __init__(self, index: Index, catch_up: bool, news: Callable[[], None]) -> None:
        """Set it up.

        Args:
            index: of the journal.
            catch_up: whether to bring the index up to date; else somebody else does.
            news: called, in the tail's thread, when *upto* has grown.
        """
        self.upto = 0
        self.error: str | None = None
        self._index = index
        self._catch_up = catch_up
        self._news = news
        self._told: int | None = None
        self._attached = False
        self._behind_since: float | None = None
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="sinks", daemon=True)

    @property
    def is_behind(self) -> bool:
        """Whether the index is known not to have what was told."""
        return self._told is not None and self.upto < self._told

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def attached(self) -> None:
        """Note that an engine is going to call `committed`."""
        self._attached = True

    def committed(self, committed: "Committed") -> None:
        """Take note of a durable commit.  Called on the engine's loop: it does next to nothing."""
        self._told = committed.n
        if not self._wake.is_set():
            self._wake.set()

    def close(self, timeout: float) -> None:
        """Look for the last time, and end, within so many seconds."""
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _follow(self) -> None:
        while not self._closing.is_set():
            self._look()
            self._closing.wait(PACE)
            if not self.is_behind:
                self._wake.wait(LOOK_AGAIN if self._attached else LOOK_OFTEN)
            self._wake.clear()
        self._look()

    def _look(self) -> None:
        try:
            upto = self._durable() if self._index.exists() else 0
        except (EngineError, OSError) as error:
            if self.error is None:
                LOG.warning("sinks cannot see what happens: %s", error)
            self.error = str(error)
            self._closing.wait(LOOK_OFTEN)
            return
        self.error = None
        if upto > self.upto:
            self.upto = upto
            self._news()

    def _durable(self) -> int:
        """Return how far the index is, as far as that is durable."""
        told = self._told
        known = self._known()
        if told is not None:
            return min(known, told)  # commits behind that have no events
        if known > self.upto:
            self._sync()
        return known

    def _known(self) -> int:
        if self._catch_up or self._waits_in_vain():
            return self._index.model.catch_up(limit_seconds=1.0)
        return self._index.model.position()

    def _waits_in_vain(self) -> bool:
        if not self.is_behind:
            self._behind_since = None
            return False
        if self._behind_since is None:
            self._behind_since = time.monotonic()
        return time.monotonic() - self._behind_since > PATIENCE or self._closing.is_set()

    def _sync(self) -> None:
        """Make durable what was read: whoever wrote it may be about to, or may have died before."""
        for _, path in self._index.layout.segments()[-NEWEST:]:
            try:
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # compacted meanwhile, so it was durable
            try:
                os.fdatasync(fd)
            finally:
                os.close(fd)


NEWEST: Final = 3
"""Segments that may hold what is not synced: the last ones, of which one may be made in advance."""
