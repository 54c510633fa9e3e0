"""The Messages API of Anthropic: requests and replies."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from workflow_engine.adapters.model_faults import Faults
from workflow_engine.adapters.model_json import raw_turn, tool_call
from workflow_engine.adapters.model_schema import ANTHROPIC, shape
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolCall, Usage

RAW: Final = "anthropic"
"""Name of the API in `Message.raw`."""


def body(request: ModelRequest) -> dict[str, Any]:
    """Return the arguments of a request; its temperature is none of them any more."""
    shaped = shape(request.schema, ANTHROPIC)
    given: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [said for message in request.messages if (said := _said(message))["content"]],
    }
    if system := shaped.system(request.system):
        given["system"] = system
    if request.tools:
        given["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
    if shaped.enforced is not None:
        given["output_config"] = {"format": {"type": "json_schema", "schema": shaped.enforced}}
    return given


class WireUsage(msgspec.Struct):
    """Tokens, of which `input_tokens` are those without the cache."""

    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cache_read_input_tokens: int | None = 0
    cache_creation_input_tokens: int | None = 0


class WireMessage(msgspec.Struct):
    """A message as Anthropic writes it; the input of a tool use is a text where it is no JSON object."""

    content: list[dict[str, Any]]
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: WireUsage = msgspec.field(default_factory=WireUsage)


def understood(message: WireMessage, faults: Faults) -> ModelReply:
    """Return a message as a reply.

    Raises:
        TransientFailure: it has no end.
    """
    if not message.stop_reason:
        raise faults.broken("was cut off before its end")
    blocks = message.content
    calls = tuple(_call(block) for block in blocks if block.get("type") == "tool_use")
    text = "".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")
    # What is more than words and calls (signed thinking, tools that run at Anthropic) goes back word for word.
    plain = all(block.get("type") in ("text", "tool_use") and not block.get("citations") for block in blocks)
    turn = Message("assistant", text, calls, raw=None if plain else {RAW: blocks})
    stop = _STOPS.get(message.stop_reason) or ("tools" if calls else "end")
    full = message.stop_reason == _FULL
    return ModelReply(turn, stop, _usage(message.usage), message.model or "", message.id, full=full)


_FULL: Final = "model_context_window_exceeded"
_STOPS: Final[dict[str, Literal["end", "tools", "length", "refused", "pause"]]] = {
    "max_tokens": "length",
    _FULL: "length",
    "refusal": "refused",
    "pause_turn": "pause",
}


def _usage(usage: WireUsage) -> Usage:
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    return Usage(
        (usage.input_tokens or 0) + read + written, usage.output_tokens or 0, cached=read, cache_written=written
    )


def _call(block: dict[str, Any]) -> ToolCall:
    given = block.get("input")
    if isinstance(given, dict):
        return ToolCall(str(block.get("id")), str(block.get("name")), given)  # pyright: ignore[reportUnknownArgumentType] - of JSON
    return tool_call(str(block.get("id")), str(block.get("name")), given if isinstance(given, str) else "")


def _said(message: Message) -> dict[str, Any]:
    raw = raw_turn(message, RAW)
    blocks = list(_blocks(message)) if raw is None else [_sendable(block) for block in raw if not _is_blank(block)]
    return {"role": message.role, "content": blocks}


def _is_blank(block: dict[str, Any]) -> bool:
    """Return whether a block is a text that says nothing; models write such, and are refused them."""
    return block.get("type") == "text" and not str(block.get("text", "")).strip()


def _sendable(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block that can be sent back: the input of a call that was no object can only be left out."""
    return {**block, "input": {}} if isinstance(block.get("input"), str) else block


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    for result in message.results:
        block = {"type": "tool_result", "tool_use_id": result.call, "content": result.content}
        yield {**block, "is_error": True} if result.failed else block
    if message.text.strip():  # empty texts are refused
        yield {"type": "text", "text": message.text}
    for call in message.calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments or {}}
