"""A journal for the simulation: real lines and real recovery, a disk that takes its time, and crashes."""

import asyncio
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import workflow_engine
from workflow_engine.errors import JournalError
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit, encode_line
from workflow_engine.journal.port import Commit, Entities, Recovered
from workflow_engine.journal.recovery import recover
from workflow_engine.journal.segments import FORMAT, Header
from workflow_engine.testing.simulation.loop import Crash


class SimulatedDisk:
    """What survives crashes: the bytes of the journal, and which tasks were archived.

    Attributes:
        data: bytes that are durable, and perhaps a torn write behind them.
        archive: components of archived tasks, as JSON.
        torn: how many times recovery found a torn write.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.data = b""
        self.archive: Entities = {}
        self.torn = 0

    async def find(self, tasks: Sequence[str]) -> Entities:
        """Find archived tasks; see `workflow_engine.history.History`."""
        await asyncio.sleep(self.random.random() * 0.01)
        return {task: self.archive[task] for task in tasks if task in self.archive}

    async def archived(self, n: int) -> None:
        """Make sure that archived tasks are found; see `workflow_engine.history.History`."""
        await asyncio.sleep(self.random.random())

    def purged(self, task: str, n: int) -> None:
        """Forget a task; see `workflow_engine.history.History`."""
        self.archive.pop(task, None)


class SimulatedJournal:
    """Stores lines after a while, groups what waits, and can die before or after.

    Args:
        disk: what survives.
        archived: called with a commit number when everything up to it was archived.
        dies: asked at each boundary ("append", "store", "stored") whether the process dies there.
        early: acknowledge commits before they are stored: the bug that a checker must find.
    """

    def __init__(
        self, disk: SimulatedDisk, archived: Callable[[int], None], dies: Callable[[str], bool], *, early: bool = False
    ) -> None:
        self._disk = disk
        self._archived = archived
        self._dies = dies
        self._early = early
        self._waiting: deque[tuple[int, bytes, asyncio.Future[None]]] = deque()
        self._n = 0
        self._storing = False
        self.trouble: str | None = None

    async def open(self) -> Recovered:
        """Recover from the disk, with the code of the real journal."""
        recovered = recover_bytes(self._disk)
        self._n = recovered.n
        # A real compaction empties the list of what ended; here the bytes stay, so what was archived is left out.
        ended = {task: parts for task, parts in recovered.ended.items() if self._disk.archive.get(task) != parts}
        return Recovered(recovered.n, recovered.at, recovered.entities, ended, recovered.warnings)

    def append(self, commit: Commit) -> asyncio.Future[None]:
        """Queue *commit*; see the port."""
        if commit.n != self._n + 1:
            raise JournalError(f"commit {commit.n} does not follow {self._n}")
        self._n += 1
        if self._dies("append"):
            self._die()
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((commit.n, encode_commit(commit), future))
        if self._early:
            future.set_result(None)
        self._begin()
        return future

    def archive(self) -> None:
        """Archive what has ended durably, as a compaction does."""
        recovered = recover_bytes(self._disk)
        self._disk.archive.update(recovered.ended)
        self._archived(recovered.n)

    async def close(self) -> None:
        """Store what waits."""
        while self._waiting:
            await asyncio.sleep(0.001)

    def _begin(self) -> None:
        if self._waiting and not self._storing:
            self._storing = True
            delay = self._disk.random.choice((0.0002, 0.001, 0.02))
            asyncio.get_running_loop().call_later(delay, self._store, len(self._waiting))

    def _store(self, count: int) -> None:
        if self._dies("store"):
            self._die()
        group = [self._waiting.popleft() for _ in range(count)]
        self._disk.data += b"".join(line for _, line, _ in group)
        if self._dies("stored"):
            raise Crash
        for _, _, future in group:
            if not future.done():
                future.set_result(None)
        self._storing = False
        self._begin()

    def _die(self) -> None:
        """Leave some of what waits on the disk, the last of it torn, and die."""
        random = self._disk.random
        pending = b"".join(line for _, line, _ in self._waiting)
        self._disk.data += pending[: random.randint(0, len(pending))]
        raise Crash


def recover_bytes(disk: SimulatedDisk) -> Recovered:
    """Lay the disk's bytes out as a journal, recover it with the real code, and cut a torn end off."""
    header = encode_line(Header(FORMAT, workflow_engine.__version__, 1, 1))
    with tempfile.TemporaryDirectory(prefix="simulation-") as directory:
        layout = Layout(Path(directory))
        layout.journal.mkdir()
        layout.segment(1).write_bytes(header + disk.data)
        found = recover(layout)
        disk.data = layout.segment(1).read_bytes()[len(header) : found.current_end]
        if found.unended:
            disk.data += b"\n"
    disk.torn += bool(found.recovered.warnings)
    return found.recovered
