"""The engine that is measured: the workflow `echo3`, a question that waits, and how tasks are put through them."""

import asyncio
from pathlib import Path

from workflow_engine.core.events import QuestionAsked
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.journal.json_journal import SEGMENT_BYTES, Durability
from workflow_engine.runtime.local import Committed

PHASES = ("first", "second", "third")

CHUNK = 4_000
"""Tasks that are parked at a time."""


def engine(data_dir: Path, durability: Durability = "full", segment_bytes: int = SEGMENT_BYTES) -> ECSWorkflowEngine:
    """Return an engine with the workflows of the benchmarks.

    Args:
        data_dir: where it keeps its data.
        durability: as of the engine.
        segment_bytes: size of the journal's segments.
    """
    made = ECSWorkflowEngine(data_dir, durability=durability, segment_bytes=segment_bytes)
    for name in PHASES:
        made.register_handler(name, nothing)
    made.register_workflow("echo3", [Phase(id=name) for name in PHASES])
    made.register_workflow("parked", [Phase(id="approve", assigned_to="human", prompt="Publish?")])
    return made


async def nothing(task: Task) -> None:
    """Do nothing: what is left is what the engine costs."""


async def echo3(engine: ECSWorkflowEngine, tasks: int, clients: int | None = None) -> None:
    """Submit *tasks* by so many clients, each waiting for the end of one before the next; None for all at once."""
    numbers = iter(range(tasks))

    async def client() -> None:
        for number in numbers:
            await _through(engine, number)

    await asyncio.gather(*(client() for _ in range(clients or tasks)))


class Parking:
    """Puts tasks where they wait for a person.

    Args:
        engine: not opened yet, since it is watched from its opening on.
    """

    def __init__(self, engine: ECSWorkflowEngine) -> None:
        self._engine = engine
        self._asked = 0
        self._goal = 0
        self._reached = asyncio.Event()
        engine.watch(self._watch)

    async def park(self, tasks: int) -> None:
        """Submit so many more tasks (``t0``, ``t1`` and so on); return when all of them wait."""
        first, self._goal = self._goal, self._goal + tasks
        self._reached.clear()
        for start in range(first, self._goal, CHUNK):
            numbers = range(start, min(start + CHUNK, self._goal))
            await asyncio.gather(*(self._engine.submit_task({"number": n}, "parked", task_id=f"t{n}") for n in numbers))
        await self._reached.wait()

    def _watch(self, committed: Committed) -> None:
        self._asked += sum(type(event) is QuestionAsked for event in committed.events)
        if self._asked >= self._goal:
            self._reached.set()


async def _through(engine: ECSWorkflowEngine, number: int) -> None:
    task = await engine.submit_task({"number": number}, "echo3")
    await engine.wait(task)
