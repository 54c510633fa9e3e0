"""The default journal: JSON lines in files under one directory."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from workflow_engine.collector import collecting_paused
from workflow_engine.errors import JournalError
from workflow_engine.journal.compactions import Compactions
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.lock import COMPACTION_END_MAX, FileLock
from workflow_engine.journal.log import Log, Place
from workflow_engine.journal.port import Commit, Recovered
from workflow_engine.journal.recovery import Found, recover
from workflow_engine.journal.writer import Writer

SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""Size from which on a segment is followed by a new one."""

Durability = Literal["full", "relaxed"]
"""When a commit is acknowledged: once it is synced, or once the system has it, which is then synced within 1 s."""


class JsonJournal:
    """A journal in ``journal/`` under a data directory; see the port for what its methods promise."""

    def __init__(
        self,
        directory: Path,
        *,
        durability: Durability = "full",
        segment_bytes: int = SEGMENT_BYTES,
        on_archived: Callable[[int], None] | None = None,
        disk: Disk | None = None,
    ) -> None:
        """Name the journal; `open` is the first to touch the disk.

        Args:
            directory: the data directory, made if it is missing.
            durability: "full" survives a power failure; "relaxed" may lose the last second to one, and nothing to the
                death of the process.
            segment_bytes: size from which on a segment is followed by a new one.
            on_archived: called on the loop with a commit number when a compaction has archived every task that
                ended up to it.
            disk: the calls that write; a test passes one that fails.
        """
        self._layout = Layout(directory)
        self._relaxed = durability == "relaxed"
        self._segment_bytes = segment_bytes
        self._on_archived = on_archived
        self._disk = disk or Disk()
        self._lock = FileLock(self._layout.lock)
        self._opened = False
        self._n = 0
        self._writer: Writer | None = None
        self._compactions: Compactions | None = None
        self._closing: asyncio.Task[None] | None = None

    async def open(self) -> Recovered:
        """Take the journal; see `Journal.open`.

        Raises:
            JournalLocked: another engine has the directory.
            JournalDamaged: a file holds something that was never written, or misses something that was.
            JournalError: this object was opened before, a file is of a newer format, or the disk refuses.
        """
        if self._opened:
            raise JournalError(f"the journal in {self._layout.data} was opened before; make a new object")
        self._opened = True
        self._loop = asyncio.get_running_loop()
        found, log = await asyncio.to_thread(self._take)
        self._n = found.recovered.n
        self._compactions = Compactions(
            self._layout,
            bytes_min=self._segment_bytes,
            sealed_bytes=found.sealed_bytes,
            snapshot_bytes=found.snapshot_bytes,
            on_archived=self._on_archived,
        )
        self._writer = Writer(log, self._loop, relaxed=self._relaxed)
        return found.recovered

    def append(self, commit: Commit) -> asyncio.Future[None]:
        """Store *commit*; see `Journal.append`."""
        writer = self._writer
        if writer is None or writer.broken:
            raise self._refusal()
        if commit.n != self._n + 1:
            raise JournalError(f"commit {commit.n} does not follow commit {self._n} in {self._layout.data}")
        future = writer.put(encode_commit(commit))
        self._n += 1
        return future

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored just now, as a sentence; None while all is well."""
        return self._writer.trouble if self._writer else None

    async def compact(self) -> None:
        """Fold everything durable into a new snapshot and archive, in a process of its own.

        Raises:
            JournalError: the journal is not open, or the compaction failed; the journal is unharmed.
        """
        if self._writer is None or self._compactions is None:
            raise self._refusal()
        await self._compactions.run(await self._writer.seal())

    async def close(self) -> None:
        """Wait until what was appended is durable, then release the files and the lock.

        A compaction under way is given up.  A second call waits for the first.  If a caller is cancelled, closing goes
        on.

        Raises:
            JournalError: the writer met an error of ours before; the files and the lock are released.
        """
        if self._closing is None and self._writer is not None and self._compactions is not None:
            self._closing = asyncio.create_task(self._close(self._writer, self._compactions))
            self._writer = None
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def _close(self, writer: Writer, compactions: Compactions) -> None:
        await compactions.close()
        try:
            await writer.close()
        except JournalError:  # not if it is cancelled: the writer goes on, and the lock stays until the process ends
            self._lock.release()
            raise
        self._lock.release()

    def _refusal(self) -> JournalError:
        if self._writer and self._writer.broken:
            return self._writer.broken
        return JournalError(f"the journal in {self._layout.data} is not open")

    def _take(self) -> tuple[Found, Log]:
        compaction = FileLock(self._layout.compaction_lock)
        try:
            self._layout.journal.mkdir(parents=True, exist_ok=True)
            self._lock.take()
            compaction.take(wait_max=COMPACTION_END_MAX)
            with collecting_paused():
                found = recover(self._layout)
            return found, self._go_on(found)
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise JournalError(f"{self._layout.data} cannot be used as a data directory: {error}") from error
            raise
        finally:
            compaction.release()

    def _go_on(self, found: Found) -> Log:
        for path in found.obsolete:
            self._disk.remove(path)
        for warning in found.recovered.warnings:
            _logger.warning("%s", warning)
        place = Place(found.segment_last, None, 0, 0, found.recovered.n)
        if found.current is not None and found.current.first is not None:
            current = found.current
            end = self._mend(current.path, found)
            place = Place(current.number, current.path, end, found.current.first, found.recovered.n)
        return Log(self._layout, place, self._disk, self._segment_bytes, self._sealed)

    def _mend(self, path: Path, found: Found) -> int:
        """Cut the file to what counts, make that durable (it may be in memory only), and return its size in bytes."""
        end = found.current_end
        fd = self._disk.open(path)
        try:
            self._disk.truncate(fd, end)
            if found.unended:
                end += self._disk.write(fd, b"\n", end)
            self._disk.sync(fd)
            self._disk.sync_directory(self._layout.journal)
        finally:
            self._disk.close(fd)
        return end

    def _sealed(self, n: int, size_bytes: int) -> None:
        """Called on the writer's thread."""
        if self._compactions is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._compactions.sealed, n, size_bytes)


_logger: Final = logging.getLogger(__name__)
