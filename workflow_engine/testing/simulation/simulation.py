"""The simulation itself: engines that die and start again, clients that outlive them, and a checker."""

import asyncio
import inspect
from random import Random
from typing import Final

from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import EngineStopped
from workflow_engine.runtime.local import Committed
from workflow_engine.testing.memory_artifacts import MemoryArtifactStore
from workflow_engine.testing.simulation.client import Client
from workflow_engine.testing.simulation.journal import SimulatedDisk, SimulatedJournal
from workflow_engine.testing.simulation.loop import Crash, SimulatedLoop
from workflow_engine.testing.simulation.outside import Outside
from workflow_engine.testing.simulation.scenario import Mixed, Scenario

EPOCH: Final = 1_800_000_000.0
"""Where simulated time begins, in seconds since the epoch."""

LIVES_MAX: Final = 200
"""Most starts of the engine before the simulation says that it never settles."""

_GRAVES: Final[list[object]] = []
"""What died with a simulated process.  Kept for ever: Python would end it properly, which a dead process is not."""


class Simulation:
    """One world: a disk, an outside, clients, and one engine after the other.

    Args:
        seed: of everything that is random.
        clients: how many; each has a task.
        crash: probability of dying at each boundary of a commit, and each time the loop has nothing ready.
        failing: probability that work fails.
        early: plant a bug: acknowledge before the commit is stored.
        scenario: what is run.
        dies_at: die at exactly this boundary, counted from 1, and nowhere else.

    Attributes:
        boundaries: how many commit boundaries were passed.
        crashes: how often the engine died.
        violations: promises that were broken, as sentences.
    """

    def __init__(
        self,
        seed: int,
        *,
        clients: int = 14,
        crash: float = 0.02,
        failing: float = 0.1,
        early: bool = False,
        scenario: Scenario | None = None,
        dies_at: int | None = None,
    ) -> None:
        self._random = Random(seed)
        self._crash = crash
        self._early = early
        self._scenario = scenario or Mixed()
        self._dies_at = dies_at
        self._now = 0.0
        self._calm = False
        self.boundaries = 0
        self.crashes = 0
        self._disk = SimulatedDisk(self._random)
        self._artifacts = MemoryArtifactStore(clock=lambda: EPOCH)
        self._outside = Outside(self._random, failing)
        self._clients = [Client(number, self._random, self._outside) for number in range(clients)]
        self._completed: dict[str, int] = {}
        self._last_n = 0
        self._last_at = 0.0
        self._violations: list[str] = []
        self._users: list[asyncio.Task[None]] = []

    def run(self) -> None:
        """Start engines until every client is content."""
        for life in range(LIVES_MAX):
            self._calm = life > LIVES_MAX // 2
            if self._live():
                return
        self._violations.append(f"not settled after {LIVES_MAX} starts")

    @property
    def violations(self) -> list[str]:
        """Promises that were broken."""
        found = [*self._violations, *self._outside.violations]
        for client in self._clients:
            found += client.violations
            if client.outcome is None and not client.parked:
                found.append(f"{client.task} neither ended nor has a wait with a name: {client.explained}")
        return found

    @property
    def outcomes(self) -> list[str]:
        """How the tasks ended, as the clients were told."""
        return [client.outcome[0] for client in self._clients if client.outcome is not None]

    @property
    def torn(self) -> int:
        """How many crashes left half a line on the disk."""
        return self._disk.torn

    @property
    def journal(self) -> bytes:
        """What is on the disk."""
        return self._disk.data

    def _live(self) -> bool:
        """Run one engine until it dies or has nothing left to do; return whether all is done."""
        loop = SimulatedLoop(self._now, self._dies_anywhere)
        asyncio.set_event_loop(loop)
        _GRAVES.append(loop)
        try:
            loop.run_until_complete(self._serve())
        except Crash as crash:
            self.crashes += not isinstance(crash, _Stopped)
            self._bury(loop)
            return False
        finally:
            # The wall clock may be set back while nothing runs.
            self._now = loop.time() + self._random.choice((0.0, 0.0, 1.0, 600.0, -300.0))
            self._now = max(self._now, 0.0)
            asyncio.set_event_loop(None)
        loop.close()
        return True

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        journals: list[SimulatedJournal] = []

        def journal(archived: object) -> SimulatedJournal:
            made = SimulatedJournal(self._disk, archived, self._dies, early=self._early)  # type: ignore[arg-type]
            journals.append(made)
            return made

        engine = ECSWorkflowEngine(
            "simulated", journal=journal, artifacts=self._artifacts, history=self._disk, clock=_LoopClock(loop)
        )
        self._scenario.set_up(engine, self._outside)
        engine.watch(self._watch)
        # Programs restart and stop of their own accord, too.
        graceful = self._random.random() < 0.3 and not self._calm
        running = loop.create_task(engine.run())
        users = [loop.create_task(client.use(engine)) for client in self._clients]
        self._users = users
        loop.call_later(self._random.random() * 1_000, self._scenario.late, engine, self._outside)
        if graceful:
            loop.call_later(self._random.random() * 200, engine.stop)
        loop.call_later(self._random.random() * 400, lambda: journals[0].archive())
        content = asyncio.gather(*users, return_exceptions=True)
        await asyncio.wait((running, content), return_when=asyncio.FIRST_COMPLETED)
        if not content.done():
            running.result()
            raise _Stopped
        results = await content
        engine.stop()
        await running
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, EngineStopped):
                self._violations.append(f"a client was told {result!r}")
        if any(isinstance(result, EngineStopped) for result in results):
            raise _Stopped

    def _dies(self, boundary: str) -> bool:
        self.boundaries += 1
        if self._dies_at is not None:
            return self.boundaries == self._dies_at
        return not self._calm and self._random.random() < self._crash

    def _dies_anywhere(self) -> None:
        if self._dies_at is None and not self._calm and self._random.random() < self._crash / 10:
            raise Crash

    def _watch(self, committed: Committed) -> None:
        """Hold what is published against what was published before."""
        if committed.n < self._last_n or committed.at < self._last_at:
            self._violations.append(f"commit {committed.n} at {committed.at} after {self._last_n} at {self._last_at}")
        self._last_n, self._last_at = committed.n, committed.at
        for event in committed.events:
            if type(event).__name__ == "PhaseCompleted":
                run = event.run  # type: ignore[attr-defined]
                if run in self._completed:
                    self._violations.append(f"{run} was completed by commits {self._completed[run]} and {committed.n}")
                self._completed[run] = committed.n

    def _bury(self, loop: SimulatedLoop) -> None:
        """Keep what died with the process from ever running again, even its ``finally``."""
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()  # it never began, and would complain
            _GRAVES.append(task)
        for user in self._users:
            if user.done() and not user.cancelled():
                user.exception()  # how a client's life ended, which after a crash nobody asks
        loop.close()  # it runs nothing any more, and gives its files back


class _Stopped(Crash):
    """The engine was stopped gracefully before everybody was content."""


class _LoopClock:
    """Simulated time as a wall clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return EPOCH + self._loop.time()
