"""Starts engines and kills them, at moments that come from a seed, until their clients are content."""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from workflow_engine.journal.layout import Layout

MOMENTS = ("startup", "work", "segment", "compaction")
"""When to kill: any time from the start on; while tasks are run; after a segment ended; as a compaction ends."""

WORKER = Path(__file__).with_name("kill_worker.py")

AHEAD = 2
"""Shares of the work, one a kill, that are begun ahead of the kills, so that none of them finds an idle engine."""


class Lost(Exception):
    """The engine died before it replied: nobody knows what it did."""


class Refused(Exception):
    """The engine refused.

    Attributes:
        kind: the class of its error.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind


class Life:
    """One process, from its start to its death."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._calls: dict[int, asyncio.Future[Any]] = {0: asyncio.get_running_loop().create_future()}
        self.ready = self._calls[0]
        self.over = asyncio.Event()
        self.deaf = False
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def ask(self, call: str, task: str, **arguments: Any) -> Any:
        """Return the reply to a request.

        Raises:
            Refused: that was the reply.
            Lost: there was none.
        """
        number = next(self._ids)
        reply = self._calls[number] = asyncio.get_running_loop().create_future()
        if self.over.is_set() or self.deaf or self._process.stdin is None:
            raise Lost
        self._process.stdin.write(json.dumps({"id": number, "call": call, "task": task, **arguments}).encode() + b"\n")
        return await reply

    async def kill(self, deaf: bool) -> None:
        """Kill the process with SIGKILL; with *deaf*, what it said last is not heard."""
        self.deaf = deaf
        if self._process.returncode is None:
            self._process.kill()
        await self._end()

    async def stop(self) -> int:
        """End its input, and return its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return await self._end()

    async def _end(self) -> int:
        code = await self._process.wait()
        await self._reading
        return code

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if self.deaf or not line.endswith(b"\n"):
                continue
            found = json.loads(line)
            reply = self._calls.pop(found["id"])
            if "error" in found:
                reply.set_exception(Refused(found["error"], found["message"]))
            else:
                reply.set_result(found["value"])
        self.over.set()
        for reply in self._calls.values():
            reply.set_exception(Lost())
            reply.exception()  # nobody may be waiting for it


class Driver:
    """The engine as its clients see it: one life after the other on the same data.

    Attributes:
        kills: how many there were, by moment.
        compactions: commit numbers of the snapshots that were seen.
    """

    def __init__(self, directory: Path, random: Random, kills: int, tasks: int) -> None:
        self.ledger = directory / "ledger"
        self.kills = dict.fromkeys(MOMENTS, 0)
        self.compactions: set[int] = set()
        self._data = directory / "data"
        self._layout = Layout(self._data)
        self._log = directory / "worker.log"
        self._random = random
        self._kills = kills
        self._tasks = tasks
        self._life: Life | None = None
        self._changed = asyncio.Condition()
        self._startup = 1.0  # seconds that a start takes

    async def ask(self, call: str, task: str, **arguments: Any) -> Any:
        """Ask the engine that is alive, or the next one; raises as `Life.ask`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._life is not None)
        life = self._life
        assert life is not None
        assert not life.over.is_set(), f"the engine died of its own accord: {self.log()}"
        return await life.ask(call, task, **arguments)

    async def insist(self, call: str, task: str, **arguments: Any) -> Any:
        """Ask, engine after engine, until there is a reply."""
        while True:
            try:
                return await self.ask(call, task, **arguments)
            except Lost:
                continue

    async def turn(self, number: int) -> None:
        """Return when it is time for task *number* to begin: work is spread over the kills."""
        async with self._changed:
            await self._changed.wait_for(lambda: number < self._allowed())

    async def run(self) -> Life:
        """Start and kill, then start once more; return the engine that is left alive."""
        for _ in range(self._kills):
            await self._live_and_die()
        return await self._begin()

    def log(self) -> str:
        """Return the end of what the engines logged."""
        return self._log.read_text()[-2_000:]

    async def _live_and_die(self) -> None:
        moment = self._random.choice(MOMENTS)
        if moment == "startup":
            life = await self._spawn()
            await asyncio.sleep(self._random.uniform(0.0, 1.2 * self._startup))
        else:
            life = await self._begin()
            if moment == "compaction":
                await self._changes(life, self._compacted)
                await asyncio.sleep(self._random.uniform(0.0, 0.05))
            else:
                if moment == "segment":
                    await self._changes(life, self._segment)
                await asyncio.sleep(self._random.uniform(0.0, 0.5))
        self._life = None
        assert not life.over.is_set(), f"the engine died of its own accord: {self.log()}"
        await life.kill(deaf=self._random.random() < 0.5)
        self.kills[moment] += 1
        self.compactions.update(n for n, _ in self._layout.snapshots())
        async with self._changed:
            self._changed.notify_all()

    async def _begin(self) -> Life:
        """Start an engine, and let the clients know when it is ready."""
        begun = time.monotonic()
        life = await self._spawn()
        try:
            await life.ready
        except Lost:
            raise AssertionError(f"the engine did not start: {self.log()}") from None
        self._startup = time.monotonic() - begun
        async with self._changed:
            self._life = life
            self._changed.notify_all()
        return life

    async def _spawn(self) -> Life:
        command = (sys.executable, str(WORKER), str(self._data), str(self.ledger))
        pipe = asyncio.subprocess.PIPE
        with self._log.open("ab") as log:
            return Life(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=log))

    async def _changes(self, life: Life, look: Callable[[], object]) -> None:
        """Return when *look* sees something else than now; or after a while."""
        before = look()
        for _ in range(400):
            if look() != before or life.over.is_set():
                return
            await asyncio.sleep(0.005)

    def _segment(self) -> int:
        return max((number for number, _ in self._layout.segments()), default=0)

    def _compacted(self) -> list[Path]:
        """Return what compactions have made, and what they are making."""
        return [*self._layout.unfinished(), *(path for _, path in self._layout.snapshots())]

    def _allowed(self) -> int:
        return self._tasks * (sum(self.kills.values()) + AHEAD) // (self._kills + 1)
