"""What every provider of models promises, held against a double of its server on a real socket."""

import asyncio
import gc
import logging
import pickle
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Final

import msgspec
import pytest
from llmock.pytest_plugin import LLMock
from llmock.routers import batch as batch_support
from llmock.scenarios import Reply
from llmock.scenarios import ToolCall as Scripted

from tests.contract.wire import Wire, serving
from workflow_engine.adapter import Missing
from workflow_engine.adapters.anthropic import AnthropicProvider
from workflow_engine.adapters.openai import OpenAIProvider
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolResult, ToolSpec
from workflow_engine.agents.provider import BatchProvider
from workflow_engine.errors import AdapterFailure, PermanentFailure, TransientFailure

SECRET: Final = "sk-a-key-that-nobody-may-see"
MODEL: Final = "model-1"
ASK: Final = ModelRequest(MODEL, (Message("user", "How is the weather in Paris?"),), system="Be short.")
WEATHER: Final = ToolSpec(
    "weather",
    "Say how the weather is.",
    {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
)
WITH_TOOL: Final = msgspec.structs.replace(ASK, tools=(WEATHER,))

# The double does not close what is uploaded to it.
pytestmark = pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")

Provider = OpenAIProvider | AnthropicProvider
Make = Callable[..., Provider]


def chat(**given: Any) -> OpenAIProvider:
    return OpenAIProvider(**given)


def responses(**given: Any) -> OpenAIProvider:
    return OpenAIProvider(api="responses", **given)


def anthropic(**given: Any) -> AnthropicProvider:
    return AnthropicProvider(**given)


MAKERS: Final[dict[str, tuple[str, Make]]] = {
    "chat": ("openai", chat),
    "responses": ("openai", responses),
    "anthropic": ("anthropic", anthropic),
}


@pytest.fixture(params=list(MAKERS))
def flavour(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def provider(flavour: str, llmock: LLMock) -> AsyncGenerator[Provider]:
    name, make = MAKERS[flavour]
    made = make(api_key=SECRET, base_url=llmock.base_url(name), timeout=5.0)
    yield made
    await made.close()


@pytest.fixture
async def wired(flavour: str, wire: Wire) -> AsyncGenerator[Provider]:
    made = MAKERS[flavour][1](api_key=SECRET, base_url=wire.url, timeout=5.0)
    yield made
    await made.close()


def deaf(_: str) -> None:
    """Listen to a stream without hearing."""


async def refusal(provider: Provider, request: ModelRequest = ASK, streamed: bool = False) -> AdapterFailure:
    """Return what a request that cannot be answered fails with."""
    with pytest.raises(AdapterFailure) as caught:
        await provider.reply(request, deaf if streamed else None)
    return caught.value


# ---------------------------------------------------------------- replies


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_text_is_replied_with_what_it_used(provider: Provider, llmock: LLMock, streamed: bool) -> None:
    llmock.reply("Sunny and warm.")
    heard: list[str] = []
    reply = await provider.reply(ASK, heard.append if streamed else None)
    assert (reply.message, reply.stop, reply.model) == (Message("assistant", "Sunny and warm."), "end", MODEL)
    assert reply.usage.input > 0
    assert reply.usage.output > 0
    assert reply.id
    assert "".join(heard) == ("Sunny and warm." if streamed else "")
    assert llmock.last_request.stream is streamed


@pytest.mark.parametrize("streamed", [False, True])
async def test_tools_are_called_and_their_results_are_understood(
    provider: Provider, llmock: LLMock, streamed: bool
) -> None:
    llmock.call_tool("weather", {"city": "Paris"}, text="Let me see.")
    on_text = deaf if streamed else None
    first = await provider.reply(WITH_TOOL, on_text)
    assert first.stop == "tools"
    assert first.message.text == "Let me see."
    assert [(call.name, call.arguments) for call in first.message.calls] == [("weather", {"city": "Paris"})]
    results = Message("user", results=(ToolResult(first.message.calls[0].id, "18 degrees"),))
    second = await provider.reply(
        msgspec.structs.replace(WITH_TOOL, messages=(*ASK.messages, first.message, results)), on_text
    )
    assert (second.stop, second.message.calls) == ("end", ())


@pytest.mark.parametrize("streamed", [False, True])
async def test_parallel_calls_come_in_order(provider: Provider, llmock: LLMock, streamed: bool) -> None:
    calls = tuple(Scripted("weather", {"city": city}) for city in ("Paris", "Rome", "Oslo"))
    llmock.add(Reply(tool_calls=calls))
    reply = await provider.reply(WITH_TOOL, deaf if streamed else None)
    assert [call.arguments for call in reply.message.calls] == [{"city": "Paris"}, {"city": "Rome"}, {"city": "Oslo"}]
    assert len({call.id for call in reply.message.calls}) == 3


async def test_arguments_that_are_no_json_are_kept_as_they_were_written(provider: Provider, llmock: LLMock) -> None:
    llmock.call_tool("weather", {"city": "Paris"}).break_tool_call("malformed_arguments")
    reply = await provider.reply(WITH_TOOL, deaf)
    [call] = reply.message.calls
    assert (call.arguments, call.written[:1]) == (None, "{")
    told = Message("user", results=(ToolResult(call.id, "no JSON", failed=True),))
    answered = await provider.reply(
        msgspec.structs.replace(WITH_TOOL, messages=(*ASK.messages, reply.message, told)), None
    )
    assert answered.stop == "end"


@pytest.mark.parametrize("flavour", ["chat", "anthropic"], indirect=True)  # the double of Responses always completes
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("finish", "stop"), [("length", "length"), ("content_filter", "refused")])
async def test_a_reply_says_why_it_ended(
    provider: Provider, llmock: LLMock, streamed: bool, finish: str, stop: str
) -> None:
    llmock.add(Reply(text="Well", finish_reason=finish))
    reply = await provider.reply(ASK, deaf if streamed else None)
    assert reply.stop == stop


async def test_a_reply_can_be_journaled(provider: Provider, llmock: LLMock) -> None:
    llmock.call_tool("weather", {"city": "Paris"})
    reply = await provider.reply(WITH_TOOL)
    assert msgspec.json.decode(msgspec.json.encode(reply), type=ModelReply) == reply


async def test_many_requests_share_one_client(provider: Provider) -> None:
    replies = await asyncio.gather(*(provider.reply(ASK) for _ in range(50)))
    assert {reply.stop for reply in replies} == {"end"}


async def test_a_provider_that_was_closed_opens_again(provider: Provider) -> None:
    await provider.reply(ASK)
    await provider.close()
    assert (await provider.reply(ASK)).stop == "end"


async def test_the_same_turn_carries_the_same_key_and_no_names(wired: Provider, wire: Wire) -> None:
    for key in ("tâsk/draft/1/turn-1", "tâsk/draft/1/turn-1", "tâsk/draft/1/turn-2"):
        wire.answer({}, 400)
        await refusal(wired, msgspec.structs.replace(ASK, key=key))
    sent = [request.headers["idempotency-key"] for request in wire.requests]
    assert sent[0] == sent[1] != sent[2]
    assert not any("draft" in key for key in sent)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
async def test_what_may_pass_is_transient(wired: Provider, wire: Wire, status: int) -> None:
    wire.answer({"error": {"type": "x", "message": "Oh"}}, status)
    failure = await refusal(wired)
    assert isinstance(failure, TransientFailure)
    assert failure.retry_after is None
    assert f"({status})" in str(failure)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 422])
async def test_what_will_not_pass_is_permanent(wired: Provider, wire: Wire, status: int) -> None:
    wire.answer({"error": {"type": "x", "message": "Oh"}}, status)
    failure = await refusal(wired)
    assert isinstance(failure, PermanentFailure)
    assert f"({status}): Oh" in str(failure)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "300"}, 300.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
async def test_a_server_says_when_to_come_again(
    wired: Provider, wire: Wire, headers: dict[str, str], seconds: float | None
) -> None:
    wire.answer({"error": {"message": "slower"}}, 429, headers)
    failure = await refusal(wired)
    assert isinstance(failure, TransientFailure)
    assert failure.retry_after == seconds


async def test_a_request_is_made_once_whatever_comes(provider: Provider, llmock: LLMock) -> None:
    llmock.rate_limit(times=None, retry_after=0.0)
    await refusal(provider)
    assert len(llmock.requests) == 1


async def test_a_conversation_that_is_too_long_says_what_to_do(provider: Provider, llmock: LLMock) -> None:
    llmock.context_overflow()
    failure = await refusal(provider)
    assert isinstance(failure, PermanentFailure)
    assert str(failure).endswith("longer than the model can read: give it less, or use a model with a larger context")


async def test_a_content_filter_says_what_to_do(wired: Provider, wire: Wire) -> None:
    message = "The response was filtered due to the prompt triggering our content management policy."
    wire.answer({"error": {"code": "content_filter", "type": "invalid_request_error", "message": message}}, 400)
    failure = await refusal(wired)
    assert isinstance(failure, PermanentFailure)
    assert str(failure).endswith("a content filter objects: change the prompt")


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt"])
@pytest.mark.parametrize("after", [1, 3])
async def test_a_broken_stream_is_transient(provider: Provider, llmock: LLMock, fault: str, after: int) -> None:
    getattr(llmock, fault)(after_chunks=after)
    failure = await refusal(provider, streamed=True)
    assert isinstance(failure, TransientFailure)
    assert (await provider.reply(ASK, deaf)).stop == "end"


async def test_a_stream_that_stalls_is_given_up(flavour: str, llmock: LLMock) -> None:
    name, make = MAKERS[flavour]
    llmock.stall(seconds=2.0)  # after which it would go on
    stalled = make(api_key=SECRET, base_url=llmock.base_url(name), timeout=0.2)
    failure = await refusal(stalled, streamed=True)
    assert isinstance(failure, TransientFailure)
    assert str(failure).endswith("did not come in time")
    await stalled.close()


async def test_a_server_that_says_nothing_is_given_up(flavour: str, llmock: LLMock) -> None:
    name, make = MAKERS[flavour]
    llmock.delay(2.0)
    slow = make(api_key=SECRET, base_url=llmock.base_url(name), timeout=0.2)
    assert isinstance(await refusal(slow), TransientFailure)
    await slow.close()


async def test_a_reply_that_is_no_json_is_transient(wired: Provider, wire: Wire) -> None:
    wire.answer(b"<html>Bad gateway</html>", headers={"content-type": "text/html"})
    failure = await refusal(wired)
    assert isinstance(failure, TransientFailure)
    assert str(failure).endswith("is malformed")


async def test_a_server_that_hangs_up_is_transient(wired: Provider, wire: Wire) -> None:
    wire.answer({}, headers={"content-length": "100"})
    assert isinstance(await refusal(wired), TransientFailure)


async def test_a_server_that_is_not_there_is_transient(flavour: str) -> None:
    async with serving() as gone:
        url = gone.url
    provider = MAKERS[flavour][1](api_key=SECRET, base_url=url)
    failure = await refusal(provider)
    assert isinstance(failure, TransientFailure)
    assert "cannot be reached at 127.0.0.1" in str(failure)
    await provider.close()


async def test_an_address_that_is_none_is_permanent(flavour: str) -> None:
    provider = MAKERS[flavour][1](api_key=SECRET, base_url="nonsense")
    failure = await refusal(provider)
    assert isinstance(failure, PermanentFailure)
    assert "check the base URL" in str(failure)
    await provider.close()


async def test_failures_survive_pickling(provider: Provider, llmock: LLMock) -> None:
    llmock.rate_limit(retry_after=3.0)
    failure = await refusal(provider)
    again = pickle.loads(pickle.dumps(failure))
    assert (str(again), again.retry_after) == (str(failure), 3.0)


# ---------------------------------------------------------------- keys


async def test_a_wrong_key_says_which_variable_to_set(flavour: str, provider: Provider, llmock: LLMock) -> None:
    llmock.fail(401)
    assert f"set {MAKERS[flavour][0].upper()}_API_KEY to a key that is valid" in str(await refusal(provider))


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_a_missing_key_lets_the_run_wait_and_says_what_to_set(
    flavour: str, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    name, make = MAKERS[flavour]
    variable = f"{name.upper()}_API_KEY"
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv(f"{name.upper()}_BASE_URL", raising=False)
    if key is not None:
        monkeypatch.setenv(variable, key)
    with pytest.raises(Missing) as caught:
        await make().reply(ASK)
    assert f"set {variable} in the environment of the engine" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


async def test_a_key_that_turns_up_is_used(flavour: str, llmock: LLMock, monkeypatch: pytest.MonkeyPatch) -> None:
    name, make = MAKERS[flavour]
    monkeypatch.delenv(f"{name.upper()}_API_KEY")
    monkeypatch.delenv(f"{name.upper()}_BASE_URL")
    provider = make()
    with pytest.raises(Missing):
        await provider.reply(ASK)
    for variable, value in llmock.env().items():
        monkeypatch.setenv(variable, value)
    assert (await provider.reply(ASK)).stop == "end"
    await provider.close()


async def test_a_server_on_this_machine_needs_no_key(
    flavour: str, llmock: LLMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, make = MAKERS[flavour]
    monkeypatch.delenv(f"{name.upper()}_API_KEY")
    provider = make(base_url=llmock.base_url(name))
    assert (await provider.reply(ASK)).stop == "end"
    await provider.close()


async def test_a_key_is_never_shown(wired: Provider, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(wired), repr(vars(wired))]
    for status in (400, 401, 429, 500):
        wire.answer({"error": {"type": "x", "message": f"Incorrect API key provided: {SECRET}. Oh."}}, status)
        failure = await refusal(wired)
        shown += [str(failure), repr(failure), repr(failure.__cause__)]
    assert SECRET in str(wire.requests[0].headers)
    assert "provided: ***" in shown[2]
    assert SECRET not in "".join(shown) + caplog.text


@pytest.mark.parametrize("key", ["schlüssel-to-the-door", "sk-two\nlines-of-key"])
async def test_a_key_that_can_be_none_is_refused_without_showing_it(flavour: str, wire: Wire, key: str) -> None:
    failure = await refusal(MAKERS[flavour][1](api_key=key, base_url=wire.url))
    assert isinstance(failure, PermanentFailure)
    assert key not in str(failure)


# ---------------------------------------------------------------- batches


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[float], None]]:
    """Forget the batches of other tests, and let those of this one take so many seconds."""
    batch_support._batches.clear()  # pyright: ignore[reportPrivateUsage] - the double has no setting for it
    yield lambda seconds: monkeypatch.setattr(batch_support, "_BATCH_DELAY", seconds)
    gc.collect()  # what the double has left open is to be found here, where it is forgiven


def asked(provider: Provider) -> BatchProvider:
    batching: BatchProvider = provider
    assert isinstance(batching, BatchProvider)  # as the engine sees it
    return batching


REQUESTS: Final = [(f"turn-{number}", ASK) for number in range(3)]


@pytest.mark.parametrize("flavour", ["chat", "anthropic"], indirect=True)  # the double has no batches of Responses
async def test_a_batch_is_sent_found_and_read(provider: Provider, batches: Callable[[float], None]) -> None:
    batches(0.0)
    began = time.time()
    batch = await asked(provider).send_batch(REQUESTS, "label-1")
    state = await asked(provider).batch(batch)
    assert (state.id, state.state, state.error) == (batch, "ended", None)
    assert began - 1 <= state.created <= time.time() + 1
    assert await asked(provider).batches(began - 1) == [state]
    assert await asked(provider).batches(time.time() + 100) == []
    assert await asked(provider).batch_ids(batch) == ["turn-0", "turn-1", "turn-2"]
    items = await asked(provider).batch_items(batch)
    assert [(item.id, item.error, item.permanent) for item in items] == [(key, None, False) for key, _ in REQUESTS]
    replies = [item.reply for item in items if item.reply is not None]
    assert [(reply.stop, reply.model, reply.usage.output > 0) for reply in replies] == [("end", MODEL, True)] * 3


async def test_a_batch_is_open_until_it_ends_and_can_be_cancelled(
    provider: Provider, batches: Callable[[float], None]
) -> None:
    batches(60.0)
    batch = await asked(provider).send_batch(REQUESTS, "label-1")
    assert (await asked(provider).batch(batch)).state == "open"
    await asked(provider).cancel_batch(batch)
    assert (await asked(provider).batch(batch)).state == "ended"


async def test_batches_beyond_one_page_are_found(wired: Provider, wire: Wire, flavour: str) -> None:
    pages = [_page(flavour, ["b3", "b2"], True), _page(flavour, ["b1"], False)]
    for page in pages:
        wire.answer(page)
    assert [state.id for state in await asked(wired).batches(0.0)] == ["b3", "b2", "b1"]


async def test_a_batch_that_there_is_not_is_permanent(provider: Provider) -> None:
    with pytest.raises(PermanentFailure, match="404"):
        await asked(provider).batch("batch_nobody_knows")


def _page(flavour: str, ids: list[str], more: bool) -> dict[str, Any]:
    if flavour == "anthropic":
        created: dict[str, Any] = {"created_at": "2026-01-01T00:00:00Z", "processing_status": "in_progress"}
    else:
        created = {"created_at": 1_767_225_600, "status": "in_progress"}
    data = [{"id": one, **created} for one in ids]
    return {"object": "list", "data": data, "has_more": more, "first_id": ids[0], "last_id": ids[-1]}
