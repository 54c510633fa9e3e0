"""Batching: turns of many tasks are sent to a provider together, and their questions are answered with the replies.

What waits is known from the open questions, and what is under way from the provider's list of batches; nothing else is
kept anywhere.  So a crash at any point neither loses a turn nor sends it twice: one that may be in a batch that is not
known here is looked for in the provider's list, and stays unsent until it cannot be there.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Final

from workflow_engine.adapter import Inbox
from workflow_engine.agents.batch_queue import LOOK_MOST, BatchQueue, Doubt, Line, Outstanding, Turn
from workflow_engine.agents.batch_search import LABEL, BatchSearch
from workflow_engine.agents.batch_turn import BatchedTurn, queued_turn, request_id
from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.agents.prices import cost_of
from workflow_engine.agents.provider import BatchItem, BatchProvider, BatchState, ModelProvider
from workflow_engine.core.components import Cost, Question
from workflow_engine.core.moments import moment
from workflow_engine.errors import AnswerRefused, EngineError, TransientFailure, UnknownTask

LOG: Final = logging.getLogger("workflow_engine")

GRACE: Final = 30.0
"""Seconds after which a batch whose sending broke off is in the provider's list, if there is one."""

START: Final = 120.0
"""Seconds that an engine that starts has to look for replies, before a turn is taken to have waited for too long."""

TRIES: Final = 2
"""Batches that may have no reply for a turn, before the model is asked live."""

LOOK_AGAIN: Final = 3_600.0
"""Seconds after which the clock is looked at again, which may have been moved."""

Priced = Callable[[str, ModelReply], ModelReply]
"""Returns the reply of a batch with what it cost, as far as that is known; it is passed the model that was asked."""


class Batching:
    """The batches of one provider.

    Args:
        name: of the provider.
        find: returns the provider; one without batches has everything asked live.
        priced: see there.
        inbox: where the turns wait.

    Attributes:
        trouble: why nothing goes on at the moment, or None.
    """

    def __init__(self, name: str, find: Callable[[], Awaitable[ModelProvider]], priced: Priced, inbox: Inbox) -> None:
        self._name = name
        self._find = find
        self._priced = priced
        self._inbox = inbox
        self._queue = BatchQueue()
        self._search = BatchSearch(self._queue)
        self._woken = asyncio.Event()
        self._work = asyncio.get_running_loop().create_task(self._run())
        self.trouble: str | None = None

    def take(self, question: Question, *, doubted: bool) -> None:
        """Take in a turn that waits.

        Args:
            question: that it waits for.
            doubted: whether it may have been sent by an engine before this one.
        """
        asked, at, now = queued_turn(question), question.asked_at, self._inbox.now()
        line = Line(asked.request.model, asked.size, asked.wait)
        # Results that came while no engine ran are looked for first.
        expires = max(at + asked.max_wait, now + START if doubted else 0.0)
        turn = Turn(request_id(question), question.id, line, at, expires, at)
        self._queue.add(turn, Doubt(at, now + GRACE) if doubted else None)
        self._woken.set()

    async def close(self) -> None:
        """Stop; batches that are under way are found again."""
        self._work.cancel()
        await asyncio.wait([self._work])

    # ------------------------------------------------------------ what is known

    @property
    def waiting(self) -> int:
        """How many turns wait, those in batches included."""
        return len(self._queue.turns)

    def outstanding(self) -> list[Outstanding]:
        """Return the batches whose results have not been taken yet, the oldest first."""
        return sorted(self._queue.batches.values(), key=lambda batch: batch.sent)

    def about(self, question: Question) -> str | None:
        """Return where a turn is, as words that can stand in a sentence; None where it is none of these."""
        turn = self._queue.turns.get(request_id(question))
        if turn is None:
            return None
        now = self._inbox.now()
        batch, sends = self._queue.batch(turn.id), self._queue.sends(turn)
        live = f"it is asked live {moment(turn.expires, now)} if it has no reply then"
        trouble = f" ({self.trouble})" if self.trouble is not None else ""
        if batch is not None:
            requests = "1 request" if batch.count == 1 else f"{batch.count} requests"
            return f"batch {batch.id} of {requests} was sent {moment(batch.sent, now)}{trouble}; {live}"
        if sends is not None:
            return f"it is sent {moment(max(sends, now), now)} at the latest{trouble}; {live}"
        return f"it may have been sent, and is looked for in the list of {self._name}{trouble}; {live}"

    # ------------------------------------------------------------ the work

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._round()
            except EngineError as error:  # nothing can be stored, or there is no key
                self._say(str(error))
                await asyncio.sleep(LOOK_MOST)
            except Exception:  # whatever it is, the turns must not wait for ever
                LOG.exception("batches of %s are not looked after, which is tried again soon", self._name)
                await asyncio.sleep(LOOK_MOST)
            due = self._queue.next_due()
            pause = min(max(0.0, due - self._inbox.now()), LOOK_AGAIN) if due is not None else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _round(self) -> None:
        """Do what is due."""
        now = self._inbox.now()
        await self._ask_live(self._queue.expired(now), f"no batch of {self._name} has replied in time")
        if not self._queue.turns and not self._queue.batches:
            return
        provider = await self._find()
        if not isinstance(provider, BatchProvider):
            await self._ask_live(list(self._queue.turns.values()), f"{self._name} has no batches")
            return
        if self._queue.doubts and self._queue.search <= now:
            await self._look_for(provider, now)
        for batch in self.outstanding():
            if batch.look <= now:
                await self._look(provider, batch, now)
        while turns := self._queue.cut(now):
            await self._send(provider, turns, now)

    async def _look_for(self, provider: BatchProvider, now: float) -> None:
        """Look for turns that may be in batches which are not known here."""
        try:
            await self._search.look(provider, now)
        except EngineError as error:
            self._say(f"its batches cannot be listed: {error}")
        else:
            self.trouble = None

    async def _look(self, provider: BatchProvider, batch: Outstanding, now: float) -> None:
        """Take the results of a batch if there are any; stop it if nobody waits for them."""
        queue = self._queue
        for turn in queue.within(batch):
            if self._inbox.find(turn.question) is None:
                queue.drop(turn.id)
        queue.later(batch, now)
        try:
            if not queue.within(batch):
                await self._cancel(provider, batch)
                return
            state = await provider.batch(batch.id)
            items = await provider.batch_items(batch.id) if state.state == "ended" else []
        except EngineError as error:  # whatever it is, the batch may be worked on
            self._say(f"batch {batch.id} cannot be looked at: {error}")
            return
        self.trouble = None
        if state.state != "open":
            await self._settle(batch, state, {item.id: item for item in items})

    async def _settle(self, batch: Outstanding, state: BatchState, items: dict[str, BatchItem]) -> None:
        """Answer the questions of a batch that has ended."""
        why = state.error or f"batch {batch.id} has no reply for it"
        turns = self._queue.within(batch)
        await _all(self._came(turn, items.get(turn.id) or BatchItem(turn.id, None, why)) for turn in turns)
        self._queue.done(batch)
        self._search.known(batch.id)

    async def _came(self, turn: Turn, item: BatchItem) -> None:
        """Do with a turn what its item of a batch says."""
        why = item.error or "no reason given"
        if item.reply is not None:
            reply = self._priced(turn.line.model, item.reply)
            await self._close(turn, BatchedTurn(reply=reply), cost_of(reply))
        elif item.permanent:
            await self._close(turn, BatchedTurn(failed=why))
        elif turn.tries + 1 >= TRIES:
            await self._close(turn, BatchedTurn(live=f"{TRIES} batches had no reply, the last since {why}"))
        else:
            self._queue.again(turn, self._inbox.now())

    async def _cancel(self, provider: BatchProvider, batch: Outstanding) -> None:
        """Stop a batch that nobody waits for; one that was found may have others who wait for it."""
        self._queue.done(batch)
        self._search.known(batch.id)
        if not batch.found:
            try:
                await provider.cancel_batch(batch.id)
            except EngineError as error:  # one that has ended cannot be stopped, which is all the same
                LOG.info("batch %s of %s was not stopped: %s", batch.id, self._name, error)

    async def _send(self, provider: BatchProvider, turns: Sequence[Turn], now: float) -> None:
        """Send a batch; where that fails, the turns stay in doubt until the provider's list says more."""
        requests: list[tuple[str, ModelRequest]] = []
        for turn in turns:
            question = self._inbox.find(turn.question)
            if question is None:
                self._queue.drop(turn.id)
            else:
                requests.append((turn.id, queued_turn(question).request))
        sending = [self._queue.turns[turn] for turn, _ in requests]
        if not sending:
            return
        self._queue.sending(sending, now, GRACE)
        self._search.soon()
        self._queue.hold(turns[0].line, now + LOOK_MOST)
        try:
            batch = await provider.send_batch(requests, _label(requests, now))
        except TransientFailure as error:
            self._queue.hold(turns[0].line, now + max(GRACE, error.retry_after or 0.0))
            self._say(f"a batch of {len(requests)} was not sent: {error}")
        except EngineError as error:
            await self._ask_live(sending, f"a batch with it was refused: {error}")
        else:
            self.trouble = None
            self._queue.hold(turns[0].line, now)
            self._queue.sent(batch, sending, now)

    async def _ask_live(self, turns: Sequence[Turn], why: str) -> None:
        await _all(self._close(turn, BatchedTurn(live=why)) for turn in turns)

    async def _close(self, turn: Turn, came: BatchedTurn, cost: Cost | None = None) -> None:
        """Answer a question, and forget its turn.

        Raises:
            EngineStopped: it cannot be stored at the moment; the turn is where it was.
        """
        with contextlib.suppress(AnswerRefused, UnknownTask):  # it was withdrawn
            await self._inbox.answer(turn.question, came, cost or Cost())
        self._queue.drop(turn.id)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            LOG.warning("batches of %s: %s", self._name, trouble)
        self.trouble = trouble


async def _all(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all of *works*, side by side; what fails is due again, and is raised once the others are done."""
    for came in await asyncio.gather(*works, return_exceptions=True):
        if came is not None:
            raise came


def _label(requests: Sequence[tuple[str, ModelRequest]], now: float) -> str:
    """Return a label that no other batch has, not even one of the same requests."""
    named = "\n".join([repr(now), *(turn for turn, _ in requests)]).encode()
    return f"{LABEL} {hashlib.sha256(named).hexdigest()[:16]}"
