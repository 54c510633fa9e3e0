"""Prices: what turns cost, and what they may cost at most."""

import logging
import sys
import threading
from importlib.abc import MetaPathFinder

import pytest

from workflow_engine.agents.messages import Message, ModelRequest, ToolCall, ToolResult, ToolSpec, Usage
from workflow_engine.agents.prices import Prices, tokens_most
from workflow_engine.core.components import Cost


def request(model: str = "gpt-4o", text: str = "", max_tokens: int = 1_000) -> ModelRequest:
    return ModelRequest(model, (Message("user", text),), max_tokens=max_tokens)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "dollars"),
    [
        ("openai", "gpt-4o", Usage(1_000_000, 0), 2.5),
        ("openai", "gpt-4o", Usage(0, 1_000_000), 10.0),
        ("openai", "gpt-4o", Usage(1_000_000, 0, cached=1_000_000), 1.25),
        ("openai", "gpt-4o-2024-08-06", Usage(1_000, 0), 0.0025),
        ("anthropic", "claude-sonnet-4-6", Usage(1_000, 100), 0.0045),
        ("anthropic", "claude-sonnet-4-6", Usage(1_000, 0, cache_written=1_000), 0.00375),
        ("openai", "gpt-4o", Usage(10, 0, cached=99, cache_written=99), 10 * 1.25 / 1e6),
        ("offline", "offline", Usage(1_000, 1_000), 0.0),
        ("openai", "llama-of-ours", Usage(1, 1), None),
        ("nobody", "gpt-4o", Usage(1, 1), None),
    ],
)
def test_a_turn_costs_what_the_table_says(provider: str, model: str, usage: Usage, dollars: float | None) -> None:
    cost = Prices().cost(provider, model, usage)
    assert cost == (pytest.approx(dollars) if dollars is not None else None)


def test_a_batch_costs_half() -> None:
    usage = Usage(1_000, 100)
    for provider, model in (("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-6")):
        live, batch = (Prices().cost(provider, model, usage, batch=batch) for batch in (False, True))
        assert live is not None
        assert batch == pytest.approx(live / 2)


def test_a_name_of_ones_own_costs_what_the_model_costs_that_replied() -> None:
    assert Prices().cost("openai", "our-deployment", Usage(1_000, 0), named="gpt-4o") == pytest.approx(0.0025)


def test_an_unknown_price_is_said_once_for_each_model(caplog: pytest.LogCaptureFixture) -> None:
    prices = Prices()
    with caplog.at_level(logging.WARNING):
        for model in ("a-model", "a-model", "b-model"):
            assert prices.cost("openai", model, Usage(1, 1)) is None
        assert prices.most("openai", request("a-model")).unpriced == 1
    assert [record.getMessage().partition(" is not known")[0] for record in caplog.records] == [
        "the price of model 'a-model' of openai",
        "the price of model 'b-model' of openai",
    ]


@pytest.mark.parametrize("text", ["word " * 1_000, "漢字かな交じり文" * 500, "🙂" * 500, '"\n\t\\' * 500], ids=ascii)
def test_a_request_has_at_most_a_token_for_three_bytes(text: str) -> None:
    most = tokens_most(request(text=text))
    assert len(text.encode()) / 3 <= most <= len(text.encode()) + 100


def test_all_that_is_sent_counts() -> None:
    plain = ModelRequest("gpt-4o", (Message("user", "Hi"),))
    size = 3_000
    long = "x" * size
    fuller = [
        ModelRequest("gpt-4o", plain.messages, system=long),
        ModelRequest("gpt-4o", plain.messages, tools=(ToolSpec("t", long, {}),)),
        ModelRequest("gpt-4o", plain.messages, schema={"description": long}),
        ModelRequest("gpt-4o", (*plain.messages, Message("assistant", calls=(ToolCall("1", "t", {"a": long}),)))),
        ModelRequest("gpt-4o", (*plain.messages, Message("user", results=(ToolResult("1", long),)))),
        ModelRequest("gpt-4o", (*plain.messages, Message("assistant", "", raw=[{"thinking": long}]))),
    ]
    assert all(tokens_most(one) >= tokens_most(plain) + size // 3 for one in fuller)


def test_what_is_sent_back_word_for_word_counts_once() -> None:
    long = "x" * 3_000
    twice = ModelRequest("m", (Message("assistant", long, raw=[{"text": long}]),))
    assert tokens_most(twice) < 1_200


def test_the_most_is_the_longest_reply_and_the_dearest_way_to_read() -> None:
    prices, asked = Prices(), request("claude-sonnet-4-6", "x" * 3_000)
    read = tokens_most(asked)
    most = prices.most("anthropic", asked)
    assert most.tokens == read + 1_000
    assert most.dollars == pytest.approx((read * 3.75 + 1_000 * 15) / 1e6)


def test_the_most_of_an_unknown_price_is_tokens_and_of_the_offline_model_no_money() -> None:
    prices = Prices()
    asked = request("llama-of-ours")
    tokens = tokens_most(asked) + 1_000
    assert prices.most("openai", asked) == Cost(tokens, unpriced=1)
    assert prices.most("offline", asked) == Cost(tokens)


class Importers(MetaPathFinder):
    """Finds nothing, and notes which threads look for the table."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """See `MetaPathFinder`."""
        if fullname == "genai_prices":
            self.threads.append(threading.current_thread())


async def test_the_table_is_loaded_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    importers = Importers()
    monkeypatch.delitem(sys.modules, "genai_prices", raising=False)
    monkeypatch.setattr(sys, "meta_path", [importers, *sys.meta_path])
    await Prices().load()
    [thread] = importers.threads
    assert thread is not threading.current_thread()
