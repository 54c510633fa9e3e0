"""The caller: asks providers as much as they can take, and books what that costs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from workflow_engine.agents.breaker import Breaker, State
from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.agents.prices import Prices, tokens_most
from workflow_engine.agents.provider import ModelProvider, OnText
from workflow_engine.agents.rates import Rate
from workflow_engine.agents.settings import AgentSettings, ModelLimits
from workflow_engine.core.components import Cost
from workflow_engine.errors import PermanentFailure, TransientFailure

PAUSE_MAX: Final = 60.0
"""Seconds for which a request waits out the pause that a server asks for; for longer ones its phase is tried later."""


class ModelState(msgspec.Struct, frozen=True):
    """How one model of one provider stands with us.

    Attributes:
        provider: its name.
        model: its name.
        state: whether it may be asked; see `workflow_engine.agents.breaker`.
        failures: of the server, in a row.
        paused: seconds for which the server wants to be left alone; 0 where it does not.
        under_way: requests that it is at.
        waiting: requests that wait for their turn.
    """

    provider: str
    model: str
    state: State
    failures: int
    paused: float
    under_way: int
    waiting: int


class LimitedCaller:
    """Asks providers, each of their models within its limits: requests and tokens a minute, and requests at once.

    A model whose server says after how many seconds to come again is left alone by everybody for so long.  One whose
    server fails again and again without such a word is left alone as `Breaker` says.

    Args:
        settings: the limits.
        prices: what turns cost.
        clock: gives seconds, and never runs backwards.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        settings: AgentSettings,
        prices: Prices,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._prices = prices
        self._clock = clock
        self._sleep = sleep
        self._lines: dict[tuple[str, str], _Line] = {}

    async def reply(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `workflow_engine.agents.agent.Caller`.

        Raises:
            TransientFailure: besides, while the model is left alone: with ``retry_after``.
        """
        line = self._line(provider.name, request.model)
        return self._priced(provider.name, request.model, await line.ask(provider, request, on_text))

    def most(self, provider: ModelProvider, request: ModelRequest) -> Cost:
        """See `workflow_engine.agents.agent.Caller`."""
        return self._prices.most(provider.name, request)

    def priced(self, provider: str, model: str, reply: ModelReply) -> ModelReply:
        """See `workflow_engine.agents.agent.Caller`."""
        return self._priced(provider, model, reply, batch=True)

    def states(self) -> list[ModelState]:
        """Return how the models stand that were asked, by provider and name."""
        return [line.state(provider, model) for (provider, model), line in sorted(self._lines.items())]

    def close(self) -> None:
        """Forget who waits: the event loop ends."""
        for line in self._lines.values():
            line.close()

    def _priced(self, provider: str, model: str, reply: ModelReply, *, batch: bool = False) -> ModelReply:
        """Return a reply with its cost: what the provider says it is goes before the table."""
        usage = reply.usage
        if usage.cost is not None:
            return reply
        cost = self._prices.cost(provider, model, usage, named=reply.model, batch=batch)
        return msgspec.structs.replace(reply, usage=msgspec.structs.replace(usage, cost=cost))

    def _line(self, provider: str, model: str) -> "_Line":
        line = self._lines.get((provider, model))
        if line is None:
            limits = self._settings.limits_of(provider, model)
            line = self._lines[provider, model] = _Line(f"{model} of {provider}", limits, self._clock, self._sleep)
        return line


class _Line:
    """The requests to one model."""

    def __init__(
        self, name: str, limits: ModelLimits, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self._breaker = Breaker()
        self._paused_until = 0.0
        self._concurrency = limits.concurrency
        self._places: asyncio.Semaphore | None = None
        self._requests = _rate(limits.requests_per_minute, clock())
        self._tokens = _rate(limits.tokens_per_minute, clock())
        self.under_way = 0
        self.waiting = 0

    def state(self, provider: str, model: str) -> ModelState:
        now = self._clock()
        paused = max(0.0, self._paused_until - now)
        breaker = self._breaker
        return ModelState(provider, model, breaker.state(now), breaker.failures, paused, self.under_way, self.waiting)

    def close(self) -> None:
        self._places = None  # it belongs to a loop

    async def ask(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None) -> ModelReply:
        if self._concurrency is None:
            return await self._in_turn(provider, request, on_text)
        if self._places is None:
            self._places = asyncio.Semaphore(self._concurrency)
        places = self._places
        self.waiting += 1
        try:
            await places.acquire()
        finally:
            self.waiting -= 1
        try:
            return await self._in_turn(provider, request, on_text)
        finally:
            places.release()

    async def _in_turn(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None) -> ModelReply:
        taken = tokens_most(request) + request.max_tokens if self._tokens is not None else 0
        used = 0
        try:
            await self._wait(taken)
            reply = await self._once(provider, request, on_text)
            used = reply.usage.tokens
            return reply
        finally:
            if self._tokens is not None:
                self._tokens.give_back(taken - used, self._clock())

    async def _wait(self, tokens: int) -> None:
        """Wait until the limits have room, and the server wants to be asked again."""
        now = self._clock()
        wait = self._requests.take(1, now) if self._requests is not None else 0.0
        if self._tokens is not None:
            wait = max(wait, self._tokens.take(tokens, now))
        self.waiting += 1
        try:
            if wait > 0:
                await self._sleep(wait)
            while (paused := self._paused_until - self._clock()) > 0:
                if paused > PAUSE_MAX:
                    raise TransientFailure(
                        f"{self._name} wants to be left alone for {paused:.0f} s", retry_after=paused
                    )
                await self._sleep(paused)
        finally:
            self.waiting -= 1

    async def _once(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None) -> ModelReply:
        breaker = self._breaker
        wait = breaker.wait(self._clock())
        if wait is not None:
            raise TransientFailure(
                f"{self._name} has failed {breaker.failures} times in a row and is left alone", retry_after=wait
            )
        self.under_way += 1
        try:
            reply = await provider.reply(request, on_text)
        except TransientFailure as failure:
            self._failed(failure)
            raise
        except PermanentFailure:
            breaker.succeeded()  # it answers
            raise
        except BaseException:
            breaker.gave_up()
            raise
        else:
            breaker.succeeded()
            return reply
        finally:
            self.under_way -= 1

    def _failed(self, failure: TransientFailure) -> None:
        """A server that says when to come again is not broken: it is left alone for so long, by everybody."""
        now = self._clock()
        if failure.retry_after is None:
            self._breaker.failed(now)
        else:
            self._breaker.gave_up()
            self._paused_until = max(self._paused_until, now + failure.retry_after)


def _rate(per_minute: int | None, now: float) -> Rate | None:
    return Rate(per_minute, now) if per_minute is not None else None
