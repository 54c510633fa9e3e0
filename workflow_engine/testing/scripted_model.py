"""A model that replies as a script says: a provider for tests and benchmarks, in this process."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Literal

from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolCall, Usage
from workflow_engine.agents.provider import ModelProvider, OnText
from workflow_engine.core.components import Cost
from workflow_engine.errors import AdapterFailure

Stop = Literal["end", "tools", "length", "refused", "pause"]
"""Why a turn ended; see `ModelReply`."""

USED: Final = Usage(10, 5)
"""What a turn uses unless a test says otherwise."""

Script = Callable[[ModelRequest], ModelReply | AdapterFailure]
"""Returns what the model replies to a request, or how that fails."""


class ScriptedModel:
    """A `ModelProvider` whose replies are known beforehand.

    Args:
        script: what it replies; or a list of that, in the order in which it is asked.
        seconds: how long a reply takes.
        name: what phases call it.

    Attributes:
        requests: what it was asked, in order.
    """

    def __init__(
        self, script: Script | Sequence[ModelReply | AdapterFailure], seconds: float = 0.0, name: str = "scripted"
    ) -> None:
        self.name = name
        self.requests: list[ModelRequest] = []
        self._script = script if callable(script) else _in_order(script)
        self._seconds = seconds

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider.reply`; tells its words one by one."""
        self.requests.append(request)
        await asyncio.sleep(self._seconds)
        came = self._script(request)
        if isinstance(came, AdapterFailure):
            raise came
        if on_text is not None:
            for word in came.message.text.split(" ") if came.message.text else ():
                on_text(word)
        return came


class PlainCaller:
    """A `Caller` without limits, to whom a token costs what it says.

    Args:
        price: dollars for each token; None where the price is not known.
    """

    def __init__(self, price: float | None = 0.0) -> None:
        self._price = price

    async def reply(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None) -> ModelReply:
        """See `Caller.reply`."""
        return self._at(self._price, await provider.reply(request, on_text))

    def most(self, provider: ModelProvider, request: ModelRequest) -> Cost:
        """See `Caller.most`: as much as the longest reply, and nothing for what is read."""
        return Cost(request.max_tokens, request.max_tokens * (self._price or 0.0))

    def priced(self, provider: str, model: str, reply: ModelReply) -> ModelReply:
        """See `Caller.priced`: half as much."""
        return self._at(self._price and self._price / 2, reply)

    def _at(self, price: float | None, reply: ModelReply) -> ModelReply:
        usage = reply.usage
        if price is None or usage.cost is not None:
            return reply
        cost = (usage.input + usage.output) * price
        priced = Usage(usage.input, usage.output, usage.cached, usage.cache_written, cost)
        return ModelReply(reply.message, reply.stop, priced, reply.model, reply.id)


def says(text: str, *, stop: Stop = "end", usage: Usage = USED, model: str = "", id: str | None = None) -> ModelReply:
    """Return a last turn of a model; see `ModelReply`."""
    return ModelReply(Message("assistant", text), stop, usage, model, id)


def wants(*calls: ToolCall, text: str = "", usage: Usage = USED) -> ModelReply:
    """Return a turn in which a model wants tools to be called."""
    return ModelReply(Message("assistant", text, calls), "tools", usage)


def turns_of(request: ModelRequest) -> int:
    """Return how many turns of the model are in what it is asked."""
    return sum(message.role == "assistant" for message in request.messages)


def _in_order(replies: Sequence[ModelReply | AdapterFailure]) -> Script:
    waiting = iter(replies)

    def script(request: ModelRequest) -> ModelReply | AdapterFailure:
        came = next(waiting, None)
        if came is None:
            raise AssertionError(f"the script of {len(replies)} replies is over; asked: {request.messages[-1]}")
        return came

    return script
