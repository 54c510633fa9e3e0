"""What tests of batches share: a provider with batches that outlives engines, and engines under a hand-turned clock."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any, Final, Literal, TypeVar

import msgspec

from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, Usage
from workflow_engine.agents.provider import BatchItem, BatchState, OnText
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.errors import AdapterFailure, PermanentFailure, TransientFailure
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.parts import Budget
from workflow_engine.testing.memory_artifacts import MemoryArtifactStore
from workflow_engine.testing.simulation.journal import SimulatedDisk, SimulatedJournal
from workflow_engine.testing.simulation.loop import Crash, SimulatedLoop
from workflow_engine.testing.simulation.simulation import EPOCH

T = TypeVar("T")

Point = Literal["send", "sent", "list", "ids", "look", "items", "taken"]
"""Where a process can die: before or after a batch is accepted, and around each of the other calls."""

_GRAVES: Final[list[object]] = []
"""What died with a process.  Kept for ever: Python would end it properly, which a dead process is not."""


class Batch(msgspec.Struct):
    """A batch of the double."""

    id: str
    label: str
    created: float
    requests: list[tuple[str, ModelRequest]]
    ends: float
    cancelled: bool = False


class BatchDouble:
    """A `BatchProvider` in memory.

    Args:
        seconds: how long it works on a batch.
        tells: whether it has labels and tells what is in a batch before that has ended, as OpenAI does and Anthropic
            does not.

    Attributes:
        sent: the batches it has accepted.
        live: prompts that it was asked outside batches.
        dies: points at which the process dies, once each.
        fails: what `send_batch` raises, one after the other, after the batch was accepted where that is said.
        broken: whether it can be asked nothing about its batches.
        lag: seconds until a batch is in the list.
        says: returns what becomes of a request in the batch of this number, from 1.
    """

    def __init__(self, seconds: float = 600.0, *, tells: bool = True) -> None:
        self.name = "double"
        self.sent: list[Batch] = []
        self.live: list[str] = []
        self.dies: set[Point] = set()
        self.fails: list[tuple[AdapterFailure, Literal["refused", "accepted"]]] = []
        self.says: Callable[[str, int], ModelReply | AdapterFailure] = lambda prompt, batch: said(prompt)
        self.broken = False
        self.lag = 0.0
        self._seconds = seconds
        self._tells = tells

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider.reply`."""
        self.live.append(asked(request))
        await asyncio.sleep(1.0)
        return said(asked(request), "live")

    async def send_batch(self, requests: Sequence[tuple[str, ModelRequest]], label: str) -> str:
        """See `BatchProvider.send_batch`, and so on."""
        self._die("send")
        failure, taken = self.fails.pop(0) if self.fails else (None, "accepted")
        now = _now()
        if taken == "accepted":
            name = f"batch-{len(self.sent) + 1}"
            self.sent.append(Batch(name, label, now, list(requests), now + self._seconds))
        self._die("sent")
        await asyncio.sleep(2.0)
        if failure is not None:
            raise failure
        return self.sent[-1].id

    async def batches(self, since: float) -> list[BatchState]:
        """List."""
        self._die("list")
        return [
            await self.batch(batch.id) for batch in reversed(self.sent) if since <= batch.created <= _now() - self.lag
        ]

    async def batch(self, batch: str) -> BatchState:
        """Look."""
        self._die("look")
        if self.broken:
            raise PermanentFailure("the key is wrong")
        found = self._batch(batch)
        state: Literal["open", "ended"] = "ended" if found.cancelled or found.ends <= _now() else "open"
        return BatchState(batch, state, found.label if self._tells else None, found.created)

    async def batch_ids(self, batch: str) -> list[str] | None:
        """Tell what is in it, as far as *tells* goes."""
        self._die("ids")
        if not self._tells and (await self.batch(batch)).state == "open":
            return None
        return [request for request, _ in self._batch(batch).requests]

    async def batch_items(self, batch: str) -> list[BatchItem]:
        """Give the results."""
        self._die("items")
        await asyncio.sleep(0.5)
        number = int(batch.rpartition("-")[2])
        items = [self._item(request, asked(given), number) for request, given in self._batch(batch).requests]
        self._die("taken")
        return items

    async def cancel_batch(self, batch: str) -> None:
        """Stop it."""
        self._batch(batch).cancelled = True

    @property
    def sizes(self) -> list[int]:
        """How many requests were in each batch."""
        return [len(batch.requests) for batch in self.sent]

    @property
    def prompts(self) -> list[str]:
        """What was asked in all batches together, sorted."""
        return sorted(asked(request) for batch in self.sent for _, request in batch.requests)

    def batches_of(self, prompt: str) -> list[int]:
        """Return the numbers of the batches in which this was asked, from 1."""
        numbered = enumerate(self.sent, 1)
        return [number for number, batch in numbered if prompt in [asked(request) for _, request in batch.requests]]

    def _item(self, request: str, prompt: str, batch: int) -> BatchItem:
        came = self.says(prompt, batch)
        if isinstance(came, AdapterFailure):
            return BatchItem(request, None, str(came), isinstance(came, PermanentFailure))
        return BatchItem(request, came)

    def _batch(self, name: str) -> Batch:
        return next(batch for batch in self.sent if batch.id == name)

    def _die(self, point: Point) -> None:
        if point in self.dies:
            self.dies.remove(point)
            raise Crash


class World:
    """What outlives an engine: its disk, the provider, and the time.

    Args:
        provider: the provider.
        budget: of the workflow.
        set_up: registers what else there is with an engine.
        **given: further fields of the one phase, "ask".

    Attributes:
        boundaries: how many boundaries of commits were passed.
        lives: how many engines there were.
    """

    def __init__(
        self,
        provider: BatchDouble,
        /,
        budget: Budget | None = None,
        set_up: Callable[[ECSWorkflowEngine], None] = lambda engine: None,
        **given: Any,
    ) -> None:
        self.provider = provider
        self._set_up = set_up
        self.boundaries = 0
        self.lives = 0
        fields = {"provider": "double", "model": "m", "prompt": "{{ inputs.n }}", "mode": "batch", **given}
        self._phase = Phase.model_validate({"id": "ask", "assigned_to": "agentic", **fields})
        self._budget = budget
        self._disk = SimulatedDisk(Random(1))
        self._artifacts = MemoryArtifactStore(clock=lambda: EPOCH)
        self._now = 0.0

    def live(self, story: Callable[[ECSWorkflowEngine], Awaitable[T]], dies_at: int | None = None) -> T | None:
        """Run an engine until *story* is over, and return what that gives; None where the process died.

        Args:
            story: what is done with the engine.
            dies_at: the boundary of a commit at which the process dies, counted from 1 in all lives together.
        """
        self.lives += 1
        loop = SimulatedLoop(self._now)
        asyncio.set_event_loop(loop)
        _GRAVES.append(loop)
        try:
            return loop.run_until_complete(self._serve(story, dies_at))
        except Crash:
            self._bury(loop)
            return None
        finally:
            self._now = loop.time() + 1.0
            asyncio.set_event_loop(None)
            loop.close()

    async def _serve(self, story: Callable[[ECSWorkflowEngine], Awaitable[T]], dies_at: int | None) -> T:
        def dies(boundary: str) -> bool:
            self.boundaries += 1
            return self.boundaries == dies_at

        engine = ECSWorkflowEngine(
            "simulated",
            journal=lambda archived: SimulatedJournal(self._disk, archived, dies),
            artifacts=self._artifacts,
            history=self._disk,
            clock=_Clock(asyncio.get_running_loop()),
        )
        engine.register_provider(self.provider)
        self._set_up(engine)
        engine.register_workflow(WorkflowSpec(name="w", phases=(self._phase,), budget=self._budget))
        async with engine:
            return await story(engine)

    def _bury(self, loop: SimulatedLoop) -> None:
        """Keep what died with the process from ever running again, even its ``finally``."""
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()
            _GRAVES.append(task)


async def submit(engine: ECSWorkflowEngine, count: int) -> list[Task]:
    """Submit tasks, which are the same ones when they are submitted again."""
    return list(await asyncio.gather(*(engine.submit_task({"n": n}, "w", task_id=f"t{n}") for n in range(count))))


async def ended(engine: ECSWorkflowEngine, count: int) -> dict[str, Any]:
    """Submit tasks, and return what each gave, or why it failed, once all have ended."""
    await submit(engine, count)
    tasks = await asyncio.gather(*(engine.wait(f"t{n}") for n in range(count)))
    return {task.id: task.output if task.status == "completed" else str(task.failure) for task in tasks}


def outputs(count: int, how: str = "batch") -> dict[str, str]:
    """Return what so many tasks give."""
    return {f"t{n}": f"{how}: {n}" for n in range(count)}


def said(prompt: str, how: str = "batch") -> ModelReply:
    """Return the reply to a prompt."""
    return ModelReply(Message("assistant", f"{how}: {prompt}"), "end", Usage(10, 5, cost=0.01), "m")


def asked(request: ModelRequest) -> str:
    """Return the prompt of a request."""
    return request.messages[0].text


LOST: Final = TransientFailure("the connection broke")


def _now() -> float:
    return EPOCH + asyncio.get_running_loop().time()


class _Clock:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return EPOCH + self._loop.time()
