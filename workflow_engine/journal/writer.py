"""The thread that puts a journal's lines on the disk."""

import asyncio
import contextlib
import errno
import logging
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

from workflow_engine.errors import JournalError
from workflow_engine.journal.lines import GROUP_BYTES_MAX
from workflow_engine.journal.log import Log

RELAXED_SYNC: Final = 1.0
"""How long what was acknowledged may stay unsynced when durability is relaxed, in seconds."""


class Writer:
    """Stores lines in the order in which they were put, as many at a time as came while the disk was busy.

    What the disk refuses is tried again until it succeeds.

    Attributes:
        trouble: why nothing can be stored just now, as a sentence; None while all is well.
        broken: set when the thread met an error of ours; nothing is stored any more.
    """

    def __init__(self, log: Log, loop: asyncio.AbstractEventLoop, *, relaxed: bool) -> None:
        """Start the thread.

        Args:
            log: where to write; used on the writer's thread from now on.
            loop: where what was put is acknowledged.
            relaxed: whether to acknowledge before syncing.
        """
        self.trouble: str | None = None
        self.broken: JournalError | None = None
        self._log = log
        self._loop = loop
        self._relaxed = relaxed
        self._unsynced_since: float | None = None
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> asyncio.Future[None]:
        """Take the line of the next commit; the future is done when it is stored."""
        future = self._loop.create_future()
        self._queue.put((line, future))
        return future

    def seal(self) -> asyncio.Future[int]:
        """Finish the current segment; the result is the number of the last commit in finished segments."""
        future: asyncio.Future[int] = self._loop.create_future()
        self._queue.put((_Order.SEAL, future))
        return future

    async def close(self) -> None:
        """Wait until everything is durable, then close the file and end the thread.

        Raises:
            JournalError: the thread had met an error of ours.
        """
        self._loop = asyncio.get_running_loop()  # another one where that of before was closed, between two asyncio.run
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((_Order.CLOSE, future))
        await future
        self._thread.join()

    def _run(self) -> None:
        order: _Order | None = None
        while order is not _Order.CLOSE:
            group = self._take()
            order = group.order
            try:
                if self.broken:
                    raise self.broken
                self._store(group)
            except Exception as error:
                self._break(error)
                self._tell(group.futures, error=self.broken)

    def _take(self) -> "_Group":
        """Wait for something to do, and return all there is of it."""
        lines: list[bytes] = []
        futures: list[asyncio.Future[Any]] = []
        size = 0
        with contextlib.suppress(Empty):
            what, future = self._queue.get(timeout=self._patience())
            while isinstance(what, bytes):
                lines.append(what)
                futures.append(future)
                size += len(what)
                if size >= GROUP_BYTES_MAX:
                    return _Group(lines, futures, None)
                what, future = self._queue.get_nowait()
            futures.append(future)
            return _Group(lines, futures, what)
        return _Group(lines, futures, None)

    def _store(self, group: "_Group") -> None:
        acknowledged = len(group.lines)
        if group.lines:
            self._log.add(group.lines)
            self._insist(partial(self._log.store, sync=not self._relaxed))
            self._tell(group.futures[:acknowledged])
        if self._sync_due():
            self._insist(partial(self._log.store, sync=True))
        if group.order is _Order.SEAL:
            self._insist(self._log.roll)
        if group.order is _Order.CLOSE:
            self._insist(partial(self._log.store, sync=True))
            self._log.close()
        self._tell(group.futures[acknowledged:], self._log.n)

    def _patience(self) -> float | None:
        """How long to wait for something to do, in seconds; None for ever."""
        if self._unsynced_since is None:
            return None
        return max(0.0, self._unsynced_since + RELAXED_SYNC - time.monotonic())

    def _sync_due(self) -> bool:
        if not self._log.unsynced_bytes:
            self._unsynced_since = None
            return False
        now = time.monotonic()
        if self._unsynced_since is None:
            self._unsynced_since = now
        due = now >= self._unsynced_since + RELAXED_SYNC or self._log.unsynced_bytes >= GROUP_BYTES_MAX
        if due:
            self._unsynced_since = None
        return due

    def _insist(self, action: Callable[[], None]) -> None:
        """Do *action*, again and again while the disk refuses: an engine that gave up would lose what it was told."""
        pause = _PAUSE_MIN
        while True:
            try:
                action()
            except OSError as error:
                self._complain(error)
                time.sleep(pause)
                pause = min(2 * pause, _PAUSE_MAX)
            else:
                break
        if self.trouble:
            _logger.warning("%s: writing again; nothing was lost", self._log.path)
            self.trouble = None

    def _complain(self, error: OSError) -> None:
        remedy = _REMEDIES.get(error.errno or 0, "check the disk")
        trouble = f"{self._log.path}: {error.strerror or error}; nothing is lost, and nothing new is stored: {remedy}"
        if self.trouble is None:
            _logger.error("%s", trouble)
        self.trouble = trouble

    def _break(self, error: Exception) -> None:
        if self.broken is None:
            _logger.error("the journal's writer met an error of its own", exc_info=error)
            self.broken = JournalError(f"the journal's writer met an error of its own ({error!r}); restart the engine")
            self.trouble = str(self.broken)

    def _tell(
        self, futures: Sequence[asyncio.Future[Any]], result: int | None = None, error: JournalError | None = None
    ) -> None:
        if futures:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(_resolve, futures, result, error)


class _Order(Enum):
    SEAL = "finish the segment"
    CLOSE = "stop"


_Item = tuple[bytes | _Order, asyncio.Future[Any]]


class _Group(NamedTuple):
    """What is done at a time: lines, then an order.  The order's future comes after those of the lines."""

    lines: list[bytes]
    futures: list[asyncio.Future[Any]]
    order: _Order | None


_PAUSE_MIN: Final = 0.05  # seconds between two tries
_PAUSE_MAX: Final = 2.0
_REMEDIES: Final = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within the quota",
    errno.EFBIG: "raise the limit on the size of files",
    errno.EROFS: "mount the disk for writing",
}
_logger: Final = logging.getLogger(__name__)


def _resolve(futures: Sequence[asyncio.Future[Any]], result: int | None, error: JournalError | None) -> None:
    for future in futures:
        if future.done() or future.get_loop().is_closed():  # cancelled by whoever waited, or nobody is left
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
