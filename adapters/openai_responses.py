"""Responses, OpenAI's newer API, which keeps the reasoning of a model between the turns of a conversation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from workflow_engine.adapters.model_faults import Fault, Faults
from workflow_engine.adapters.model_json import arguments_text, raw_turn, tool_call
from workflow_engine.adapters.model_schema import OPENAI, shape
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, Usage
from workflow_engine.agents.provider import OnText

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PATH: Final = "/v1/responses"
"""What batches call it."""

_PATH: Final = "/responses"

RAW: Final = "responses"
"""Name of the API in `Message.raw`."""

_TOKENS_MIN: Final = 16
"""The smallest bound that the API takes."""


def body(request: ModelRequest) -> dict[str, Any]:
    """Return the arguments of a request."""
    shaped = shape(request.schema, OPENAI)
    given: dict[str, Any] = {
        "model": request.model,
        "input": list(_items(request, shaped.system(request.system))),
        "max_output_tokens": max(request.max_tokens, _TOKENS_MIN),
    }
    if request.temperature is not None:
        given["temperature"] = request.temperature
    if request.tools:  # strict is what this API takes for granted; our schemas are not made for it
        given["tools"] = [{"type": "function", **msgspec.to_builtins(tool), "strict": False} for tool in request.tools]
    if shaped.enforced is not None:
        enforced = {"type": "json_schema", "name": "output", "schema": shaped.enforced, "strict": True}
        given["text"] = {"format": enforced}
    elif shaped.object:
        given["text"] = {"format": {"type": "json_object"}}
    return given


async def ask(
    client: "AsyncOpenAI", given: dict[str, Any], headers: dict[str, str], faults: Faults, on_text: OnText | None
) -> ModelReply:
    """Ask once, in a stream where somebody listens.

    Raises:
        TransientFailure: the reply is not whole.
        PermanentFailure: there will be none.
    """
    import httpx2
    from openai import AsyncStream
    from openai.types.responses import Response, ResponseStreamEvent

    if on_text is None:
        whole = await client.post(_PATH, cast_to=httpx2.Response, body=given, options={"headers": headers})
        return understood(whole.content, faults)
    events = await client.post(
        _PATH,
        cast_to=Response,
        body={**given, "stream": True},
        options={"headers": headers},
        stream=True,
        stream_cls=AsyncStream[ResponseStreamEvent],
    )
    async with events:
        async for event in events:
            match event.type:
                case "response.output_text.delta":
                    on_text(event.delta)
                case "response.completed" | "response.incomplete" | "response.failed":
                    return _reply(msgspec.convert(event.response.to_dict(), _Response), faults)
                case "error":
                    raise faults.failure(Fault(None, event.code or "", event.message))
                case _:
                    pass
    raise faults.broken("was cut off before its end")


def understood(content: bytes, faults: Faults) -> ModelReply:
    """Return the reply in the body of a response.

    Raises:
        TransientFailure: it is not whole.
        PermanentFailure: there will be none.
    """
    try:
        return _reply(msgspec.json.decode(content, type=_Response), faults)
    except msgspec.DecodeError:
        raise faults.broken("is malformed") from None


def _items(request: ModelRequest, system: str | None) -> Iterator[dict[str, Any]]:
    if system:  # not as `instructions`: JSON is only given where the input itself asks for it
        yield {"role": "system", "content": system}
    for message in request.messages:
        yield from _said(message)


def _said(message: Message) -> Iterator[dict[str, Any]]:
    raw = raw_turn(message, RAW)
    if raw is not None:
        yield from raw
        return
    for result in message.results:
        yield {"type": "function_call_output", "call_id": result.call, "output": result.content}
    if message.text or not (message.results or message.calls):
        yield {"role": message.role, "content": message.text}
    for call in message.calls:
        yield {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": arguments_text(call),
        }


class _Reason(msgspec.Struct):
    reason: str | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = 0


class _Usage(msgspec.Struct):
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    input_tokens_details: _Details | None = None


class _Response(msgspec.Struct):
    output: list[dict[str, Any]]
    id: str | None = None
    model: str | None = None
    status: str | None = None
    incomplete_details: _Reason | None = None
    error: _Error | None = None
    usage: _Usage | None = None


def _reply(response: _Response, faults: Faults) -> ModelReply:
    """Return a response as a reply; one without an end is none."""
    if response.status == "failed":
        error = response.error or _Error()
        raise faults.failure(Fault(None, error.code or "", error.message or ""))
    if response.status not in ("completed", "incomplete"):
        raise faults.broken("was cut off before its end")
    calls = tuple(
        tool_call(str(item.get("call_id")), str(item.get("name")), str(item.get("arguments") or ""))
        for item in response.output
        if item.get("type") == "function_call"
    )
    refusal = "".join(_parts(response.output, "refusal"))
    text = refusal or "".join(_parts(response.output, "text"))
    known = all(item.get("type") in ("message", "function_call") for item in response.output)
    message = Message("assistant", text, calls, raw=None if known else {RAW: response.output})
    stop: Literal["end", "tools", "length", "refused"]
    if response.status == "incomplete":
        reason = (response.incomplete_details or _Reason()).reason
        stop = "refused" if reason == "content_filter" else "length"
    else:
        stop = "refused" if refusal else "tools" if calls else "end"
    return ModelReply(message, stop, _usage(response.usage), response.model or "", response.id)


def _parts(output: list[dict[str, Any]], what: str) -> Iterator[str]:
    """Yield what the messages of an output say: their "text", or their "refusal"."""
    for item in output:
        if item.get("type") == "message":
            yield from (part[what] for part in item.get("content") or () if part.get(what))


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.input_tokens_details or _Details()
    return Usage(usage.input_tokens or 0, usage.output_tokens or 0, cached=details.cached_tokens or 0)
