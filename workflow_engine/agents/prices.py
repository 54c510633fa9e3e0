"""Prices: what turns of models cost, by a table that is asked offline."""

import asyncio
import logging
from decimal import Decimal
from typing import Any, Final

import msgspec

from workflow_engine.agents.messages import ModelReply, ModelRequest, Usage
from workflow_engine.core.components import Cost

LOG: Final = logging.getLogger("workflow_engine")

FREE: Final = frozenset({"offline"})
"""Providers that cost nothing."""

BYTES_A_TOKEN: Final = 3
"""Bytes of UTF-8 that a token has at least on average, in every language that we have looked at; in English it is 4."""

TOKENS_A_MESSAGE: Final = 16
"""What the frame of a message takes, of a tool's description as well."""

_BATCH: Final[dict[str, Any]] = {"processing": "batch"}


class Prices:
    """The prices of models.  What is not known is said once for each model, in the log."""

    def __init__(self) -> None:
        self._unknown: set[tuple[str, str]] = set()

    async def load(self) -> None:
        """Load the table, which takes a while, in a thread; without this it is loaded when it is first asked."""
        await asyncio.to_thread(_load)

    def cost(self, provider: str, model: str, usage: Usage, *, named: str = "", batch: bool = False) -> float | None:
        """Return what *usage* costs in US dollars, None where the price is not known.

        Args:
            provider: its name.
            model: the model, as it was asked for.
            usage: of one turn.
            named: the model as the reply names it, where that is another name.
            batch: whether it was answered in a batch, which is cheaper.
        """
        if provider in FREE:
            return 0.0
        from genai_prices import Usage as Priced  # 0.2 s
        from genai_prices import calc_price

        cached = min(usage.cached, usage.input)
        priced = Priced(
            input_tokens=usage.input,
            output_tokens=usage.output,
            cache_read_tokens=cached,
            cache_write_tokens=min(usage.cache_written, usage.input - cached),
        )
        context: Any = _BATCH if batch else None
        for name in dict.fromkeys((model, named or model)):
            try:
                total: Decimal = calc_price(priced, name, provider_id=provider, price_context=context).total_price
            except (LookupError, ValueError):  # no such provider or model, or no price for such a use of it
                continue
            return float(total)
        self._say(provider, model)
        return None

    def most(self, provider: str, request: ModelRequest) -> Cost:
        """Return what a request may cost at most; of a model without a known price, its tokens alone."""
        read = tokens_most(request)
        tokens = read + request.max_tokens
        # What is written to a cache costs more than what is read without one.
        uses = (Usage(read, request.max_tokens), Usage(read, request.max_tokens, cache_written=read))
        costs = [self.cost(provider, request.model, usage) for usage in uses]
        known = [cost for cost in costs if cost is not None]
        return Cost(tokens, max(known)) if known else Cost(tokens, unpriced=1)

    def _say(self, provider: str, model: str) -> None:
        if (provider, model) not in self._unknown:
            self._unknown.add((provider, model))
            LOG.warning(
                "the price of model %r of %s is not known: its tokens count, its dollars do not; "
                "bound it with task_tokens or workflow_tokens in the budget",
                model,
                provider,
            )


def cost_of(reply: ModelReply) -> Cost:
    """Return what a reply cost, as it is booked."""
    usage = reply.usage
    return Cost(usage.tokens, usage.cost or 0.0, int(usage.cost is None))


def tokens_most(request: ModelRequest) -> int:
    """Return how many tokens a request has at most, without the model's tokenizer."""
    frames = len(request.messages) + len(request.tools) + 1
    bare = msgspec.structs.replace(request, messages=tuple(_bare(one) for one in request.messages))
    return len(_encode(bare)) // BYTES_A_TOKEN + frames * TOKENS_A_MESSAGE


def _bare(message: Any) -> Any:
    """Return a message with its words once: what is sent back word for word has them all."""
    return message if message.raw is None else msgspec.structs.replace(message, text="", calls=())


def _load() -> None:
    from genai_prices import Usage as Priced
    from genai_prices import calc_price

    calc_price(Priced(input_tokens=1, output_tokens=1), "gpt-4o", provider_id="openai")  # it compiles its patterns


_encode: Final = msgspec.json.Encoder().encode
