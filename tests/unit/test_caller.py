"""The caller: limits, pauses and the breaker in front of providers, and what turns cost."""

import asyncio

import pytest

from workflow_engine.agents.breaker import FAILURES, REST
from workflow_engine.agents.caller import PAUSE_MAX, LimitedCaller, ModelState
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, Usage
from workflow_engine.agents.prices import Prices
from workflow_engine.agents.provider import OnText
from workflow_engine.agents.settings import AgentSettings, ModelLimits
from workflow_engine.core.components import Cost
from workflow_engine.errors import PermanentFailure, TransientFailure

HELLO = ModelReply(Message("assistant", "Hello"), "end", Usage(10, 5), "gpt-4o-2024-08-06")
BUSY = TransientFailure("busy", retry_after=20.0)
BROKEN = TransientFailure("broken")


class Time:
    """A clock that sleeping turns on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Scripted:
    """A provider that replies what it is told to, and counts who is there at once."""

    def __init__(self, *script: ModelReply | Exception, name: str = "openai") -> None:
        self.name = name
        self.script = list(script)
        self.asked = 0
        self.inside = 0
        self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider`."""
        self.asked += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.gate.wait()
        finally:
            self.inside -= 1
        said = self.script.pop(0) if self.script else HELLO
        if isinstance(said, Exception):
            raise said
        return said


def request(model: str = "gpt-4o", max_tokens: int = 100) -> ModelRequest:
    return ModelRequest(model, (Message("user", "Hi"),), max_tokens=max_tokens)


def caller(time: Time, **limits: int) -> LimitedCaller:
    settings = AgentSettings(limits={"openai": ModelLimits(**limits)})
    return LimitedCaller(settings, Prices(), time.clock, time.sleep)


async def failures(caller: LimitedCaller, provider: Scripted, times: int) -> list[tuple[type, float | None]]:
    """Ask so often, and return how each failed."""
    found: list[tuple[type, float | None]] = []
    for _ in range(times):
        with pytest.raises((TransientFailure, PermanentFailure)) as caught:
            await caller.reply(provider, request())
        found.append((type(caught.value), getattr(caught.value, "retry_after", None)))
    return found


async def test_a_reply_has_its_cost_and_one_that_has_one_keeps_it() -> None:
    own = ModelReply(Message("assistant"), "end", Usage(10, 5, cost=3.0))
    asked = caller(Time())
    provider = Scripted(HELLO, own)
    costs = [(await asked.reply(provider, request())).usage.cost for _ in range(2)]
    assert costs == [pytest.approx((10 * 2.5 + 5 * 10) / 1e6), 3.0]


async def test_a_model_of_unknown_price_has_no_cost() -> None:
    reply = await caller(Time()).reply(Scripted(ModelReply(Message("assistant"), "end")), request("llama-of-ours"))
    assert reply.usage.cost is None


async def test_requests_beyond_the_rate_wait_for_their_turn() -> None:
    time = Time()
    asked, provider = caller(time, requests_per_minute=2), Scripted()
    for _ in range(4):
        await asked.reply(provider, request())
    assert time.slept == [pytest.approx(30.0), pytest.approx(30.0)]


async def test_tokens_are_taken_at_most_and_what_was_not_used_is_given_back() -> None:
    time = Time()
    asked, provider = caller(time, tokens_per_minute=1_000), Scripted()
    for _ in range(20):  # 2,000 tokens and more at most, and 15 each in fact
        await asked.reply(provider, request())
    assert time.slept == []
    await asked.reply(provider, request(max_tokens=5_000))
    assert time.slept == [pytest.approx(20 * 15 * 60 / 1_000)]


async def test_what_a_request_that_failed_did_not_use_is_given_back() -> None:
    time = Time()
    asked, provider = caller(time, tokens_per_minute=1_000), Scripted(PermanentFailure("no"))
    assert await failures(asked, provider, 1) == [(PermanentFailure, None)]
    await asked.reply(provider, request(max_tokens=900))
    assert time.slept == []


async def test_no_more_are_under_way_than_may_be_and_each_model_has_its_own_places() -> None:
    asked, provider = caller(Time(), concurrency=2), Scripted()
    provider.gate.clear()
    models = ["gpt-4o"] * 5 + ["gpt-4.1"] * 5
    calls = [asyncio.ensure_future(asked.reply(provider, request(model))) for model in models]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asked.states() == [
        ModelState("openai", "gpt-4.1", "closed", 0, 0.0, under_way=2, waiting=3),
        ModelState("openai", "gpt-4o", "closed", 0, 0.0, under_way=2, waiting=3),
    ]
    provider.gate.set()
    await asyncio.gather(*calls)
    assert (provider.asked, provider.most) == (10, 4)


async def test_a_server_that_says_when_to_come_again_is_left_alone_by_everybody_until_then() -> None:
    time = Time()
    asked, provider = caller(time), Scripted(BUSY)
    assert await failures(asked, provider, 1) == [(TransientFailure, 20.0)]
    [state] = asked.states()
    assert (state.state, state.failures, state.paused) == ("closed", 0, 20.0)
    await asyncio.gather(*(asked.reply(provider, request()) for _ in range(3)))
    assert time.now == 120.0


async def test_a_long_pause_is_not_waited_out() -> None:
    asked = caller(Time())
    long = PAUSE_MAX + 1
    provider = Scripted(TransientFailure("busy", retry_after=long))
    assert await failures(asked, provider, 2) == [(TransientFailure, long), (TransientFailure, long)]
    assert provider.asked == 1


async def test_a_pause_of_one_model_does_not_hold_another() -> None:
    time = Time()
    asked, provider = caller(time), Scripted(BUSY)
    await failures(asked, provider, 1)
    await asked.reply(provider, request("gpt-4.1"))
    assert time.slept == []


async def test_a_server_that_keeps_failing_is_not_asked_until_it_has_rested() -> None:
    time = Time()
    asked, provider = caller(time), Scripted(*[BROKEN] * FAILURES)
    assert await failures(asked, provider, FAILURES + 1) == [(TransientFailure, None)] * FAILURES + [
        (TransientFailure, REST)
    ]
    assert (provider.asked, asked.states()[0].state) == (FAILURES, "open")
    time.now += REST
    await asked.reply(provider, request())
    assert asked.states()[0].state == "closed"


@pytest.mark.parametrize("answer", [PermanentFailure("no such model"), BUSY], ids=["a refusal", "a pause"])
async def test_what_is_no_failure_of_the_server_does_not_open_the_breaker(answer: Exception) -> None:
    time = Time()
    asked, provider = caller(time), Scripted(*[answer] * 3 * FAILURES)
    await failures(asked, provider, 3 * FAILURES)
    assert asked.states()[0].state == "closed"


async def test_a_cancelled_probe_leaves_the_way_free() -> None:
    time = Time()
    asked, provider = caller(time), Scripted(*[BROKEN] * FAILURES)
    await failures(asked, provider, FAILURES)
    time.now += REST
    provider.gate.clear()
    probe = asyncio.ensure_future(asked.reply(provider, request()))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    provider.gate.set()
    assert (await asked.reply(provider, request())).message.text == "Hello"


def test_places_are_free_again_under_the_next_event_loop() -> None:
    asked = caller(Time(), concurrency=1)

    async def once() -> tuple[int, int]:
        provider = Scripted()
        async with asyncio.timeout(10):
            await asyncio.gather(*(asked.reply(provider, request()) for _ in range(3)))
        asked.close()
        return provider.asked, provider.most

    assert [asyncio.run(once()) for _ in range(2)] == [(3, 1), (3, 1)]


def test_the_most_that_a_request_may_cost_is_that_of_its_provider() -> None:
    asked, time = caller(Time()), Scripted()
    assert asked.most(Scripted(name="offline"), request()) == Cost(asked.most(time, request()).tokens, 0.0)
