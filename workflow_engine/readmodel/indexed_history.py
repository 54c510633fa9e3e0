"""The history of an engine with a journal on disk: the index finds what the engine has forgotten."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from workflow_engine.errors import JournalError
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.port import Entities
from workflow_engine.journal.snapshots import newest_snapshot
from workflow_engine.readmodel.read_model import ReadModel


class IndexedHistory:
    """Finds archived tasks; see `workflow_engine.history.History`.  For one opening of the journal.

    While nothing has been archived, nothing is opened.  After that, the first look brings the index up to date, and all
    ids that are asked for while a query is under way share the next one.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data = Path(data_dir)
        self._model = ReadModel(data_dir)
        self._at_least: int | None = None  # what was archived before, and may be in no memory: known at the first look
        self._reached = 0  # where the index is known to be
        self._purged: dict[str, int] = {}  # commit numbers that the index may not have reached
        self._next: _Round | None = None
        self._runner: asyncio.Task[None] | None = None

    async def find(self, tasks: Sequence[str]) -> Entities:
        """Return the components of those of *tasks* that have ended; others are left out.

        Raises:
            JournalError: the index cannot be brought up to what was archived.
        """
        if self._at_least is None:
            newest = newest_snapshot(Layout(self._data))
            self._at_least = newest[0] if newest is not None else 0
        if self._at_least == 0 or not tasks:
            return {}
        loop = asyncio.get_running_loop()
        if self._runner is not None and self._runner.get_loop() is not loop:
            self._runner = self._next = None  # of a loop that was closed
        if self._next is None:
            self._next = _Round(loop.create_future())
        asked = self._next
        asked.tasks.update(dict.fromkeys(tasks))
        if self._runner is None or self._runner.done():
            self._runner = loop.create_task(self._run())
        found = await asyncio.shield(asked.found)
        return {task: found[task] for task in tasks if task in found and self._purged.get(task, 0) <= self._reached}

    async def archived(self, n: int) -> None:
        """Bring the index, in a process of its own, to where it knows every task that ended up to commit *n*.

        Raises:
            JournalError: that failed; the engine must not forget these tasks.
        """
        await self._reach(n)
        self._at_least = max(n, self._at_least or 0)
        self._purged = {task: purged_in for task, purged_in in self._purged.items() if purged_in > self._reached}

    def purged(self, task: str, n: int) -> None:
        """See `workflow_engine.history.History`."""
        self._purged[task] = n

    async def _run(self) -> None:
        while self._next is not None:
            asked, self._next = self._next, None
            try:
                found = await self._find(list(asked.tasks))
            except BaseException as error:
                if not asked.found.done():
                    asked.found.set_exception(error)
                    asked.found.exception()  # whoever asked may be gone
                if not isinstance(error, Exception):
                    raise
            else:
                asked.found.set_result(found)

    async def _find(self, tasks: list[str]) -> Entities:
        at_least = self._at_least or 0
        await self._reach(at_least)
        return await asyncio.to_thread(self._model.find, tasks, at_least=at_least)

    async def _reach(self, n: int) -> None:
        if self._reached < n:
            self._reached = await _caught_up(self._data)


class _Round:
    """What is asked for by one query."""

    def __init__(self, found: "asyncio.Future[Entities]") -> None:
        self.tasks: dict[str, None] = {}
        self.found = found


async def _caught_up(data: Path) -> int:
    """Let a process catch up, and return the commit it reached."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "workflow_engine.readmodel",
        str(data),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        output, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.communicate()
        raise
    if process.returncode != 0:
        why = complaint.decode(errors="replace").strip()
        raise JournalError(f"the index of {data} was not brought up to date, code {process.returncode}: {why}")
    return int(output)
