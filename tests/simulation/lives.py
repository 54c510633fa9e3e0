"""Lives: one engine after the other goes on with a random case where the one before it died."""

import asyncio
import inspect
from random import Random
from typing import Final

from tests.simulation.carrying_out import LoopClock, Workers, carried_out
from tests.simulation.random_workflows import Case
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.testing.memory_artifacts import MemoryArtifactStore
from workflow_engine.testing.simulation.journal import SimulatedDisk, SimulatedJournal
from workflow_engine.testing.simulation.loop import Crash, SimulatedLoop

LIVES_MAX: Final = 100

_GRAVES: Final[list[object]] = []
"""What died with a simulated process, kept so that Python does not end it properly."""


class Lives:
    """A disk, and engines that die.

    Args:
        seed: of everything that is random.
        case: what they go through.
        crash: probability of dying at each boundary of a commit.
        dies_at: die at exactly this boundary, counted from 1, and nowhere else.

    Attributes:
        crashes: how often an engine died.
        boundaries: how many boundaries were passed.
    """

    def __init__(self, seed: int, case: Case, *, crash: float = 0.0, dies_at: int | None = None) -> None:
        self.crashes = 0
        self.boundaries = 0
        self._case = case
        self._crash = crash
        self._dies_at = dies_at
        self._random = Random(seed)
        self._disk = SimulatedDisk(self._random)
        self._workers = Workers(case, self._random)
        self._now = 0.0

    @property
    def lines(self) -> list[bytes]:
        """What is on the disk."""
        return self._disk.data.splitlines()

    def run(self) -> Task:
        """Start engines until the case's task has ended."""
        for _ in range(LIVES_MAX):
            found = self._live()
            if found is not None:
                return found
        raise AssertionError(f"not settled after {LIVES_MAX} starts")

    def _live(self) -> Task | None:
        loop = SimulatedLoop(self._now)
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(self._serve())
        except Crash:
            self.crashes += 1
            self._bury(loop)
            return None
        finally:
            self._now = loop.time() + self._random.choice((0.0, 1.0, 600.0))
            asyncio.set_event_loop(None)
            loop.close()

    async def _serve(self) -> Task:
        engine = ECSWorkflowEngine(
            "random",
            journal=lambda archived: SimulatedJournal(self._disk, archived, self._dies),
            artifacts=MemoryArtifactStore(),
            history=self._disk,
            clock=LoopClock(),
        )
        self._workers.register(engine)
        async with engine:
            return await carried_out(engine, self._workers, self._case)

    def _dies(self, boundary: str) -> bool:
        self.boundaries += 1
        if self._dies_at is not None:
            return self.boundaries == self._dies_at
        return self._random.random() < self._crash

    def _bury(self, loop: SimulatedLoop) -> None:
        """Keep what died from ever running again, even its ``finally``."""
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()  # it never began, and would complain
            _GRAVES.append(task)
        _GRAVES.append(loop)
