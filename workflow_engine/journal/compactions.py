"""Compactions in the background: when to start one, and the process that does it."""

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Final

from workflow_engine.errors import JournalError
from workflow_engine.journal.layout import Layout


class Compactions:
    """Starts compactions of one journal, one at a time.

    One is due once the finished segments outweigh the last snapshot (so that writing snapshots at most doubles what is
    written) and a full segment.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        bytes_min: int,
        sealed_bytes: int,
        snapshot_bytes: int,
        on_archived: Callable[[int], None] | None,
    ) -> None:
        """Set it up; nothing starts before the next segment is finished.

        Args:
            layout: where the files stand.
            bytes_min: size of finished segments that is not worth a compaction.
            sealed_bytes: size of the segments finished since the last snapshot.
            snapshot_bytes: size of the last snapshot, 0 if there is none.
            on_archived: called on the loop with the last commit of each compaction that is done.
        """
        self._layout = layout
        self._bytes_min = bytes_min
        self._sealed_bytes = sealed_bytes
        self._snapshot_bytes = snapshot_bytes
        self._on_archived = on_archived
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._guard = threading.Lock()  # of the two below, which the worker thread uses too
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def sealed(self, n: int, size_bytes: int) -> None:
        """Note that a segment ending with commit *n* is finished; start a compaction if one is due."""
        self._sealed_bytes += size_bytes
        due = self._sealed_bytes > max(self._bytes_min, self._snapshot_bytes)
        if due and not self._turn.locked() and not self._closed:
            self._task = asyncio.get_running_loop().create_task(self._try(n))

    async def run(self, n: int) -> None:
        """Compact up to commit *n*, after any compaction that is under way.

        Raises:
            JournalError: it failed, or the journal was closed meanwhile.
        """
        async with self._turn:
            covered = self._sealed_bytes
            self._snapshot_bytes = await asyncio.to_thread(self._compact, n)
            self._sealed_bytes -= covered
        if self._on_archived is not None:
            self._on_archived(n)

    async def close(self) -> None:
        """Give up what is under way; what it leaves is removed at the next start."""
        with self._guard:
            self._closed = True
            if self._process is not None:
                self._process.terminate()
        async with self._turn:
            pass  # until the worker thread is done
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _try(self, n: int) -> None:
        try:
            await self.run(n)
        except JournalError as error:
            if not self._closed:
                _logger.error("%s; the next one is tried when another segment is finished", error)

    def _compact(self, n: int) -> int:
        """Run the process on a worker thread, and return the size of its snapshot in bytes."""
        command = [
            sys.executable,
            "-m",
            "workflow_engine.journal.compact",
            str(self._layout.data),
            "--upto",
            str(n),
            "--guarded",
        ]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with self._guard:
            if self._closed:
                raise JournalError(f"the journal in {self._layout.data} was closed")
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, stdin=pipe, stderr=pipe, stdout=subprocess.DEVNULL, env=environment)
            self._process = process
        with process:
            complaint = process.stderr.read() if process.stderr else b""
            code = process.wait()
        with self._guard:
            self._process = None
        if code != 0:
            why = complaint.decode(errors="replace").strip()
            raise JournalError(f"compaction of {self._layout.data} failed with code {code}: {why}")
        try:
            return self._layout.snapshot(n).stat().st_size
        except FileNotFoundError:  # a newer one stands there already
            return self._snapshot_bytes


_logger: Final = logging.getLogger(__name__)
