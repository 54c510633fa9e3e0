"""What is Anthropic's own: its wire format, thinking, stop reasons, streams, batches, its agent."""

import json
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from llmock.pytest_plugin import LLMock

from tests.contract.engine_helpers import done, engine_on
from tests.contract.wire import Wire
from workflow_engine.adapters import anthropic as module
from workflow_engine.adapters.anthropic import AnthropicAgentAdapter, AnthropicProvider
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolCall, ToolResult, ToolSpec, Usage
from workflow_engine.agents.provider import BatchItem
from workflow_engine.ecs_workflow import Phase, TaskType
from workflow_engine.errors import PermanentFailure, TransientFailure

ASK: Final = ModelRequest("claude-x", (Message("user", "Hello"),), system="Be short.", max_tokens=100)
TOOL: Final = ToolSpec("weather", "Say how it is.", {"type": "object", "properties": {"city": {"type": "string"}}})
SCORE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["score"],
    "properties": {"score": {"type": "integer", "minimum": 0}, "remark": {"type": "string"}},
}
ENFORCED: Final = {
    "type": "object",
    "required": ["score"],
    "properties": {"score": {"type": "integer"}, "remark": {"type": "string"}},
    "additionalProperties": False,
}
THINKING: Final[list[dict[str, Any]]] = [
    {"type": "thinking", "thinking": "Hm, hm.", "signature": "c2lnbmVk"},
    {"type": "redacted_thinking", "data": "ZGF0YQ=="},
    {"type": "text", "text": "Let me see."},
    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
]


@pytest.fixture
async def provider(wire: Wire) -> AsyncGenerator[AnthropicProvider]:
    made = AnthropicProvider(api_key="key-of-test", base_url=wire.url)
    yield made
    await made.close()


def deaf(_: str) -> None:
    """Listen to a stream without hearing."""


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def message(*blocks: dict[str, Any], stop: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    given = {"id": "m-1", "model": "claude-x-1", "type": "message", "role": "assistant", "stop_sequence": None}
    return {
        **given,
        "content": [*blocks],
        "stop_reason": stop,
        "usage": {"input_tokens": 5, "output_tokens": 3},
        **more,
    }


def streamed(*blocks: dict[str, Any], stop: str = "end_turn") -> list[dict[str, Any]]:
    """Return the events of a message of *blocks*, each text in two pieces."""
    start = {"type": "message_start", "message": message(stop=None, usage={"input_tokens": 5, "output_tokens": 1})}
    events: list[dict[str, Any]] = [start, {"type": "ping"}]
    for index, block in enumerate(blocks):
        empty, deltas = _pieces(block)
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": stop, "stop_sequence": None}
    usage = {"input_tokens": None, "output_tokens": 3}
    return [*events, {"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]


def _pieces(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "text":
            halves = (block["text"][:3], block["text"][3:])
            return text(""), [{"type": "text_delta", "text": half} for half in halves]
        case "thinking":
            halves = (block["thinking"][:3], block["thinking"][3:])
            deltas = [{"type": "thinking_delta", "thinking": half} for half in halves]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signed]
        case "tool_use":
            written = json.dumps(block["input"]) if isinstance(block["input"], dict) else block["input"]
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in ("", written[:4], written[4:])]
            return {**block, "input": {}}, deltas
        case _:
            return block, []


# ---------------------------------------------------------------- requests


async def test_a_conversation_is_written_as_messages_want_it(wire: Wire, provider: AnthropicProvider) -> None:
    wire.answer(message(text("Cold.")))
    calls = (ToolCall("t1", "weather", {"city": "Oslo"}), ToolCall("t2", "x", None, "{"))
    talk = (
        Message("user", "Hello"),
        Message("assistant", "Let me see.", calls),
        Message("user", results=(ToolResult("t1", "cold"), ToolResult("t2", "no JSON", failed=True))),
        Message("assistant", ""),
        Message("user", "Go on"),
    )
    await provider.reply(msgspec.structs.replace(ASK, messages=talk, tools=(TOOL,)))
    [request] = wire.requests
    assert request.path == "POST /v1/messages"
    assert "key-of-test" in (request.headers.get("x-api-key"), request.headers.get("authorization", "")[7:])
    assert request.json == {
        "model": "claude-x",
        "max_tokens": 100,
        "system": "Be short.",
        "messages": [
            {"role": "user", "content": [text("Hello")]},
            {
                "role": "assistant",
                "content": [
                    text("Let me see."),
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
                    {"type": "tool_use", "id": "t2", "name": "x", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "cold"},
                    {"type": "tool_result", "tool_use_id": "t2", "content": "no JSON", "is_error": True},
                ],
            },
            {"role": "user", "content": [text("Go on")]},
        ],
        "tools": [{"name": "weather", "description": "Say how it is.", "input_schema": TOOL.parameters}],
    }


@pytest.mark.parametrize(
    ("schema", "enforced", "told"),
    [
        (None, None, False),
        (SCORE, ENFORCED, True),
        (ENFORCED, ENFORCED, False),
        ({"type": "object"}, None, True),
        ({}, None, True),
    ],
)
async def test_a_schema_is_enforced_where_it_can_be_and_told_where_not(
    wire: Wire, provider: AnthropicProvider, schema: dict[str, Any] | None, enforced: Any, told: bool
) -> None:
    wire.answer(message(text("{}")))
    await provider.reply(msgspec.structs.replace(ASK, schema=schema))
    body = wire.requests[0].json
    expected = None if enforced is None else {"format": {"type": "json_schema", "schema": enforced}}
    assert body.get("output_config") == expected
    assert ("Reply with JSON alone" in body["system"]) is told


async def test_structured_output_comes_from_the_server(llmock: LLMock) -> None:
    llmock.reply('{"score": 3}')
    provider = AnthropicProvider()
    reply = await provider.reply(msgspec.structs.replace(ASK, schema=SCORE))
    assert json.loads(reply.message.text) == {"score": 3}
    await provider.close()


async def test_a_temperature_is_ignored_with_one_warning(
    wire: Wire, provider: AnthropicProvider, caplog: pytest.LogCaptureFixture
) -> None:
    module._say_temperature_is_ignored.cache_clear()  # pyright: ignore[reportPrivateUsage] - once per process
    for _ in range(2):
        wire.answer(message(text("Hi")))
        await provider.reply(msgspec.structs.replace(ASK, temperature=0.5))
    assert "temperature" not in wire.requests[0].json
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == ["Anthropic takes no temperature any more: it is ignored; leave it out of the phase"]


async def test_options_are_sent_as_they_are(wire: Wire) -> None:
    provider = AnthropicProvider(base_url=wire.url, options={"thinking": {"type": "adaptive"}})
    wire.answer(message(text("Hi")))
    await provider.reply(ASK)
    assert wire.requests[0].json["thinking"] == {"type": "adaptive"}
    await provider.close()


@pytest.mark.parametrize(("tokens", "stream"), [(21_333, None), (21_334, True)])
async def test_a_long_reply_is_streamed_though_nobody_listens(
    wire: Wire, provider: AnthropicProvider, tokens: int, stream: bool | None
) -> None:
    wire.stream(*streamed(text("Hello")), named=True) if stream else wire.answer(message(text("Hello")))
    reply = await provider.reply(msgspec.structs.replace(ASK, max_tokens=tokens))
    assert reply.message.text == "Hello"
    assert wire.requests[0].json.get("stream") is stream


# ---------------------------------------------------------------- replies


@pytest.mark.parametrize("listens", [False, True])
async def test_thinking_goes_back_word_for_word(wire: Wire, provider: AnthropicProvider, listens: bool) -> None:
    on_text = deaf if listens else None
    if listens:
        wire.stream(*streamed(*THINKING, stop="tool_use"), named=True)
        wire.stream(*streamed(text("Cold.")), named=True)
    else:
        wire.answer(message(*THINKING, stop="tool_use"))
        wire.answer(message(text("Cold.")))
    first = await provider.reply(ASK, on_text)
    calls = (ToolCall("t1", "weather", {"city": "Oslo"}),)
    turn = Message("assistant", "Let me see.", calls, raw={"anthropic": THINKING})
    assert first == ModelReply(turn, "tools", Usage(5, 3), "claude-x-1", "m-1")
    kept = msgspec.json.decode(msgspec.json.encode(first), type=ModelReply).message
    results = Message("user", results=(ToolResult("t1", "cold"),))
    second = await provider.reply(msgspec.structs.replace(ASK, messages=(*ASK.messages, kept, results)), on_text)
    assert wire.requests[1].json["messages"][1] == {"role": "assistant", "content": THINKING}
    assert second.message == Message("assistant", "Cold.")


async def test_the_thinking_of_another_provider_is_not_sent(wire: Wire, provider: AnthropicProvider) -> None:
    wire.answer(message(text("Hi")))
    turn = Message("assistant", "Hm", raw={"responses": [{"type": "reasoning"}]})
    await provider.reply(msgspec.structs.replace(ASK, messages=(*ASK.messages, turn)))
    assert wire.requests[0].json["messages"][1] == {"role": "assistant", "content": [text("Hm")]}


async def test_a_blank_text_beside_thinking_is_not_sent_back(wire: Wire, provider: AnthropicProvider) -> None:
    wire.answer(message(THINKING[0], text("\n\n"), THINKING[3], stop="tool_use"))
    wire.answer(message(text("Cold.")))
    first = await provider.reply(ASK)
    await provider.reply(msgspec.structs.replace(ASK, messages=(*ASK.messages, first.message)))
    assert wire.requests[1].json["messages"][1]["content"] == [THINKING[0], THINKING[3]]


async def test_broken_arguments_beside_thinking_can_be_sent_back(wire: Wire, provider: AnthropicProvider) -> None:
    broken = {"type": "tool_use", "id": "t1", "name": "weather", "input": '{"city": '}
    wire.stream(*streamed(THINKING[0], broken, stop="tool_use"), named=True)
    wire.answer(message(text("Sorry.")))
    first = await provider.reply(ASK, deaf)
    assert first.message.calls == (ToolCall("t1", "weather", None, '{"city": '),)
    await provider.reply(msgspec.structs.replace(ASK, messages=(*ASK.messages, first.message)))
    assert wire.requests[1].json["messages"][1]["content"] == [THINKING[0], {**broken, "input": {}}]


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("end_turn", "end"),
        ("stop_sequence", "end"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refused"),
        ("pause_turn", "pause"),
        ("a_new_reason", "end"),
        ("tool_use", "end"),  # without a call there is nothing to wait for
    ],
)
async def test_a_reply_says_why_it_ended(
    wire: Wire, provider: AnthropicProvider, listens: bool, reason: str, stop: str
) -> None:
    wire.stream(*streamed(text("Well"), stop=reason), named=True) if listens else wire.answer(
        message(text("Well"), stop=reason)
    )
    assert (await provider.reply(ASK, deaf if listens else None)).stop == stop


async def test_a_pause_goes_on_with_what_the_server_did(wire: Wire, provider: AnthropicProvider) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
    ]
    wire.answer(message(*blocks, stop="pause_turn"))
    wire.answer(message(text("Found.")))
    first = await provider.reply(ASK)
    assert (first.stop, first.message.calls) == ("pause", ())
    await provider.reply(msgspec.structs.replace(ASK, messages=(*ASK.messages, first.message)))
    assert wire.requests[1].json["messages"][-1] == {"role": "assistant", "content": blocks}


async def test_usage_counts_the_cache_as_input(wire: Wire, provider: AnthropicProvider) -> None:
    usage = {
        "input_tokens": 5,
        "output_tokens": 3,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "service_tier": "standard",
    }
    wire.answer(message(text("Hi"), usage=usage))
    assert (await provider.reply(ASK)).usage == Usage(125, 3, cached=100, cache_written=20)


# ---------------------------------------------------------------- faults


async def test_a_reply_without_a_stop_reason_is_transient(wire: Wire, provider: AnthropicProvider) -> None:
    wire.answer(message(text("We"), stop=None))
    with pytest.raises(TransientFailure, match="was cut off before its end"):
        await provider.reply(ASK)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("overloaded_error", TransientFailure),
        ("api_error", TransientFailure),
        ("rate_limit_error", TransientFailure),
        ("timeout_error", TransientFailure),
        ("an_error_to_come", TransientFailure),
        ("invalid_request_error", PermanentFailure),
        ("authentication_error", PermanentFailure),
        ("billing_error", PermanentFailure),
        ("permission_error", PermanentFailure),
        ("not_found_error", PermanentFailure),
        ("request_too_large", PermanentFailure),
    ],
)
async def test_an_error_inside_a_stream_is_what_its_type_says(
    wire: Wire, provider: AnthropicProvider, kind: str, failure: type[Exception]
) -> None:
    error = {"type": "error", "error": {"type": kind, "message": "Oh"}}
    wire.stream(*streamed(text("Hello"))[:4], error, named=True)
    with pytest.raises(failure, match="Oh"):
        await provider.reply(ASK, deaf)


@pytest.mark.parametrize("damaged", ["{not json", "[]", '{"type": "content_block_delta", "index": 7, "delta": {}}'])
async def test_a_damaged_event_is_not_passed_over(wire: Wire, provider: AnthropicProvider, damaged: str) -> None:
    events = streamed(text("Hello"))
    wire.stream(*events[:4], damaged, *events[4:])
    with pytest.raises(TransientFailure, match="is malformed"):
        await provider.reply(ASK, deaf)


async def test_unknown_events_and_pieces_add_nothing(wire: Wire, provider: AnthropicProvider) -> None:
    events = streamed(text("Hello"))
    new = [{"type": "news"}, {"type": "content_block_delta", "index": 0, "delta": {"type": "news_delta", "news": 1}}]
    wire.stream(*events[:4], *new, *events[4:], named=True)
    assert (await provider.reply(ASK, deaf)).message == Message("assistant", "Hello")


async def test_a_spent_budget_is_no_rate_limit(wire: Wire, provider: AnthropicProvider) -> None:
    details = {"error_code": "enforced_spend_limit_reached"}
    wire.answer({"type": "error", "error": {"type": "rate_limit_error", "message": "No.", "details": details}}, 429)
    with pytest.raises(PermanentFailure, match="nothing left to spend"):
        await provider.reply(ASK)


async def test_a_prompt_that_is_too_long_says_so(wire: Wire, provider: AnthropicProvider) -> None:
    said = "prompt is too long: 210000 tokens > 200000 maximum"
    wire.answer({"type": "error", "error": {"type": "invalid_request_error", "message": said}}, 400)
    with pytest.raises(PermanentFailure, match="longer than the model can read"):
        await provider.reply(ASK)


# ---------------------------------------------------------------- batches


def batch(status: str) -> dict[str, Any]:
    return {"id": "b-1", "created_at": "1970-01-01T00:00:05Z", "processing_status": status}


async def test_a_batch_is_sent_with_our_ids(wire: Wire, provider: AnthropicProvider) -> None:
    wire.answer(batch("in_progress"))
    assert await provider.send_batch([("turn-1", ASK), ("turn-2", ASK)], "label-1") == "b-1"
    sent = wire.requests[0].json["requests"]
    assert [(one["custom_id"], one["params"]["model"]) for one in sent] == [
        ("turn-1", "claude-x"),
        ("turn-2", "claude-x"),
    ]


@pytest.mark.parametrize(("status", "state"), [("in_progress", "open"), ("canceling", "open"), ("ended", "ended")])
async def test_a_batch_tells_where_it_stands(wire: Wire, provider: AnthropicProvider, status: str, state: str) -> None:
    wire.answer(batch(status))
    found = await provider.batch("b-1")
    assert (found.state, found.label, found.created) == (state, None, 5.0)


async def test_the_ids_of_a_batch_are_not_known_before_it_ends(wire: Wire, provider: AnthropicProvider) -> None:
    wire.answer(batch("in_progress"))
    assert await provider.batch_ids("b-1") is None


async def test_every_request_of_a_batch_has_its_own_end(wire: Wire, provider: AnthropicProvider) -> None:
    def errored(kind: str) -> dict[str, Any]:
        return {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": "Oh."}}}

    results = {
        "a": {"type": "succeeded", "message": message(text("Hi"))},
        "b": errored("invalid_request_error"),
        "c": errored("overloaded_error"),
        "d": {"type": "expired"},
        "e": {"type": "canceled"},
        "f": {"type": "succeeded", "message": message(text("H"), stop=None)},
    }
    lines = [json.dumps({"custom_id": key, "result": result}) for key, result in results.items()]
    wire.answer("\n".join(lines).encode())
    assert await provider.batch_items("b-1") == [
        BatchItem("a", ModelReply(Message("assistant", "Hi"), "end", Usage(5, 3), "claude-x-1", "m-1")),
        BatchItem("b", None, "Anthropic refuses the request: Oh", True),
        BatchItem("c", None, "Anthropic is overloaded: Oh"),
        BatchItem("d", None, "the request was expired before it was got round to"),
        BatchItem("e", None, "the request was canceled before it was got round to"),
        BatchItem("f", None, "the reply of Anthropic was cut off before its end"),
    ]
    assert wire.requests[0].path == "GET /v1/messages/batches/b-1/results"


# ---------------------------------------------------------------- the agent


async def test_the_agent_is_registered_by_hand_and_carries_phases_out(llmock: LLMock, tmp_path: Path) -> None:
    llmock.reply("Hello, Ann.")
    async with engine_on(tmp_path) as engine:
        engine.register_adapter(TaskType.AGENTIC, AnthropicAgentAdapter())
        engine.register_workflow("w", [Phase(id="greet", assigned_to="ai", prompt="Say hello to Ann")])
        ended = await done(engine, await engine.submit_task({}, "w"))
    assert ended.output == "Hello, Ann."
    assert [request.path for request in llmock.requests] == ["/anthropic/v1/messages"]
