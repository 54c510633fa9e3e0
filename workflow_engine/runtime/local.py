"""The local host: one asyncio loop that decides, commits and performs, in this order, around one core."""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from workflow_engine.collector import collecting_paused
from workflow_engine.core.core import Core
from workflow_engine.core.effects import Effect
from workflow_engine.core.events import Event
from workflow_engine.core.inputs import Input
from workflow_engine.core.tick import Components, Decision
from workflow_engine.errors import EngineStopped, JournalError
from workflow_engine.journal.port import Commit, Journal
from workflow_engine.runtime.callers import Callers
from workflow_engine.runtime.clock import Clock
from workflow_engine.runtime.ids import TaskIds

LOG: Final = logging.getLogger("workflow_engine")

BATCH_MAX: Final = 512
"""Most inputs of one tick: longer ticks would keep the loop, and the disk, waiting."""

COMMITS_MAX: Final = 2
"""Most commits on their way to the disk: one syncs while the next is decided; what comes meanwhile shares a tick."""

LOOK_AGAIN: Final = 3_600.0
"""Seconds after which a sleeping host looks at the wall clock again, which may have been moved."""


class Performer(Protocol):
    """Carries out effects, and tells the host what came of them by `LocalHost.send`."""

    def perform(self, effect: Effect) -> None:
        """Begin to carry out *effect*; called on the loop, must not block or raise."""
        ...


class Committed(msgspec.Struct, frozen=True):
    """What watchers learn of a durable commit.

    Attributes:
        n: its number.
        at: engine time, in seconds.
        events: what was decided.
        ended: components of the tasks that became terminal, by id.
    """

    n: int
    at: float
    events: Sequence[Event]
    ended: dict[str, Components]


class LocalHost:
    """Feeds a core with inputs and the time, journals what it decides, then performs, answers and publishes.

    It belongs to the loop under which it is made, and is to be used on that loop alone.

    Attributes:
        news: counts what was registered; see `Serving`.
        failed: done when the host has stopped by itself, since its journal or its core failed.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.core = Core()
        self.performer: Performer | None = None
        self.news = 0
        self.watchers: list[Callable[[Committed], None]] = []
        self._journal = journal
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        # Whoever sends an input has context variables of its own, which the work of others must not see.
        self._context = contextvars.copy_context()
        self.failed: asyncio.Future[None] = self._loop.create_future()
        self._inputs: deque[Input] = deque()
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._n = 0
        self._ahead = 0.0
        self._under_way = 0
        self._last: asyncio.Future[None] | None = None
        self._callers = Callers(self._loop)
        self._ended_in: dict[str, int] = {}
        self._ended: deque[tuple[int, list[str]]] = deque()
        self._ids = TaskIds()
        self._failure: BaseException | None = None
        self._closed = True

    # ------------------------------------------------------------ life

    async def open(self) -> list[str]:
        """Take the journal and restore the world from it; return what could not be restored, as sentences.

        Raises:
            JournalLocked: another engine has the data.
            JournalDamaged: the journal holds something that was never written.
        """
        recovered = await self._journal.open()
        self._ahead = max(0.0, recovered.at - self._clock.now())
        with collecting_paused():
            lost = self.core.restore(recovered.entities, recovered.ended, recovered.at, self.now())
        self._n = recovered.n
        self._note_ended(recovered.n, list(recovered.ended))
        self._closed = False
        self._arm()
        return lost

    async def close(self) -> None:
        """Store what was decided, then release the journal.  Callers that still wait are refused."""
        if self._closed:
            return
        if self._failure is None:
            while self._inputs or self._under_way:
                await self.settled()
                await asyncio.sleep(0)  # what has just become durable is taken off the books in the loop's next turn
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._journal.close()
        self._callers.refuse(
            EngineStopped("the engine was stopped; what it has accepted is kept, and goes on when it runs again")
        )
        self.core.close()

    async def abandon(self) -> None:
        """Release the journal of a host whose loop was closed."""
        self._closed = True
        await self._journal.close()
        self.core.close()

    @property
    def is_open(self) -> bool:
        """Whether inputs are taken."""
        return not self._closed

    @property
    def failure(self) -> BaseException | None:
        """What made the host stop by itself, or None."""
        return self._failure

    @property
    def commits(self) -> int:
        """Number of the last commit that was decided."""
        return self._n

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored just now, as a sentence, or None."""
        return self._journal.trouble

    # ------------------------------------------------------------ inputs

    def now(self) -> float:
        """Return engine time, in seconds since the epoch: the clock's, or ahead of it where it was set back."""
        return self._clock.now() + self._ahead

    def new_id(self) -> str:
        """Return an id for a task: unique, and sorted by time."""
        return self._ids.next()

    def send(self, given: Input) -> None:
        """Have the core take *given*; nobody waits for a reply."""
        self._inputs.append(given)
        self._schedule()

    async def ask(self, make: Callable[[int], Input]) -> Any:
        """Have the core take the input that *make* makes of a ticket; return its reply once that is durable.

        Raises:
            EngineError: the core refused.
            EngineStopped: the host is stopped, or cannot store anything at the moment.
        """
        self._accepting()
        ticket, reply = self._callers.reply()
        self.send(make(ticket))
        return await reply

    async def settled(self) -> None:
        """Return once everything that was decided so far, and what waits to be decided, is durable."""
        while self._inputs and self._failure is None:
            await asyncio.sleep(0)
            if self._inputs and self._last is not None and not self._last.done():
                await asyncio.wait([self._last])
        await self.durable()

    async def durable(self) -> None:
        """Return once everything that was decided so far is durable.

        Raises:
            JournalError: it never will be.
        """
        if self._last is not None and not self._last.done():
            await asyncio.wait([self._last])
        if self._failure is not None:
            raise JournalError("the engine has stopped, since its journal failed") from self._failure

    def ended(self, task: str) -> "asyncio.Future[Components]":
        """Return a future of the components that a live task has once it has ended, durably."""
        return self._callers.ended(task)

    def remember(self, records: dict[str, dict[str, Any]]) -> None:
        """Bring ended tasks back to the core's mind until the next archiving."""
        fresh = {task: record for task, record in records.items() if not self.core.knows(task)}
        self.core.remember(fresh)
        self._note_ended(self._n, list(fresh))

    def archived(self, n: int) -> None:
        """Forget ended tasks of commits up to *n*: they can be looked up elsewhere now."""
        while self._ended and self._ended[0][0] <= n:
            ended_in, tasks = self._ended.popleft()
            gone = [task for task in tasks if self._ended_in.get(task) == ended_in]
            for task in gone:
                del self._ended_in[task]
            self.core.forget(gone)

    # ------------------------------------------------------------ the pump

    def _accepting(self) -> None:
        if self._closed:
            raise EngineStopped("the engine is stopped; run it again to submit to it")
        if self._failure is not None:
            raise EngineStopped(f"the engine has stopped: {self._failure}")
        trouble = self._journal.trouble
        if trouble is not None:
            raise EngineStopped(f"nothing can be stored at the moment: {trouble}")

    def _schedule(self) -> None:
        if not self._scheduled and not self._closed:
            self._scheduled = True
            self._loop.call_soon(self._tick, context=self._context)

    def _tick(self) -> None:
        self._scheduled = False
        if self._closed or self._failure is not None or self._under_way >= COMMITS_MAX:
            return  # a commit that becomes durable schedules the next tick
        now = self.now()
        due = self.core.next_due()
        if not self._inputs and (due is None or due > now):
            self._arm()
            return
        inputs = [self._inputs.popleft() for _ in range(min(len(self._inputs), BATCH_MAX))]
        try:
            decision = self.core.tick(inputs, now)
            self._commit(decision, now)
        except Exception as error:  # a defect of ours: the world cannot be trusted, the journal can
            LOG.exception("the core failed; the engine stops")
            self._fail(error)
            return
        if self._inputs:
            self._schedule()
        self._arm()

    def _commit(self, decision: Decision, now: float) -> None:
        if not decision.changes:
            if self._last is None or self._last.done():
                self._deliver(decision, self._n, now)
            else:
                # A refusal may rest on what is not durable yet.
                self._last.add_done_callback(lambda _: self._deliver(decision, self._n, now), context=self._context)
            return
        self._n += 1
        n = self._n
        commit = Commit(n, now, decision.changes, tuple(decision.ended), tuple(decision.events))
        last = asyncio.ensure_future(self._journal.append(commit))
        self._last = last
        self._under_way += 1
        last.add_done_callback(lambda done: self._durable(done, decision, n, now), context=self._context)

    def _durable(self, done: "asyncio.Future[None]", decision: Decision, n: int, at: float) -> None:
        held_up = self._under_way >= COMMITS_MAX
        self._under_way -= 1
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            LOG.error("the journal failed; the engine stops: %s", error)
            self._fail(error)
            return
        self._deliver(decision, n, at)
        if self._inputs or held_up:
            self._schedule()

    def _deliver(self, decision: Decision, n: int, at: float) -> None:
        """Tell whom it concerns what is durable now."""
        self._callers.tell(decision)
        if decision.ended:
            self._note_ended(n, list(decision.ended))
        performer = self.performer
        if performer is not None:
            for effect in decision.effects:
                performer.perform(effect)
        if self.watchers and (decision.events or decision.ended):
            committed = Committed(n, at, decision.events, decision.ended)
            for watcher in self.watchers:
                watcher(committed)

    def _arm(self) -> None:
        """Have the loop wake us when something is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.core.next_due()
        if due is not None:
            delay = min(max(0.0, due - self.now()), LOOK_AGAIN)
            self._timer = self._loop.call_later(delay, self._schedule, context=self._context)

    def _note_ended(self, n: int, tasks: list[str]) -> None:
        if tasks:
            self._ended.append((n, tasks))
            for task in tasks:
                self._ended_in[task] = n

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self.failed.set_result(None)
        self._callers.refuse(EngineStopped(f"the engine has stopped: {error}"))
