"""Chat Completions, the API that every OpenAI-compatible server speaks: requests, replies and streams."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from workflow_engine.adapters.model_faults import Faults
from workflow_engine.adapters.model_json import arguments_text, tool_call
from workflow_engine.adapters.model_schema import OPENAI, shape
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, Usage
from workflow_engine.agents.provider import OnText

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionChunk

PATH: Final = "/v1/chat/completions"
"""What batches call it."""

_PATH: Final = "/chat/completions"


def body(request: ModelRequest, base_url: str) -> dict[str, Any]:
    """Return the arguments of a request to the server at *base_url*."""
    shaped = shape(request.schema, OPENAI)
    given: dict[str, Any] = {
        "model": request.model,
        "messages": list(_messages(request, shaped.system(request.system))),
    }
    given[_limit(base_url, request.model)] = request.max_tokens
    if request.temperature is not None:
        given["temperature"] = request.temperature
    if request.tools:
        given["tools"] = [{"type": "function", "function": msgspec.to_builtins(tool)} for tool in request.tools]
    if shaped.enforced is not None:
        enforced = {"name": "output", "schema": shaped.enforced, "strict": True}
        given["response_format"] = {"type": "json_schema", "json_schema": enforced}
    elif shaped.object:
        given["response_format"] = {"type": "json_object"}
    return given


async def ask(
    client: "AsyncOpenAI", given: dict[str, Any], headers: dict[str, str], faults: Faults, on_text: OnText | None
) -> ModelReply:
    """Ask once, in a stream where somebody listens.

    Raises:
        TransientFailure: the reply is not whole.
    """
    import httpx2
    from openai import AsyncStream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

    # `post` instead of `create`: compatible servers take arguments that the SDK does not know.
    if on_text is None:
        whole = await client.post(_PATH, cast_to=httpx2.Response, body=given, options={"headers": headers})
        return understood(whole.content, faults)
    streamed = {**given, "stream": True, "stream_options": {"include_usage": True}}
    chunks = await client.post(
        _PATH,
        cast_to=ChatCompletion,
        body=streamed,
        options={"headers": headers},
        stream=True,
        stream_cls=AsyncStream[ChatCompletionChunk],
    )
    async with chunks:
        return _reply(await _collected(chunks, on_text), faults)


def understood(content: bytes, faults: Faults) -> ModelReply:
    """Return the reply in the body of a response.

    Raises:
        TransientFailure: it is not whole.
    """
    try:
        return _reply(msgspec.json.decode(content, type=_Completion), faults)
    except msgspec.DecodeError:
        raise faults.broken("is malformed") from None


def _messages(request: ModelRequest, system: str | None) -> Iterator[dict[str, Any]]:
    if system:
        yield {"role": "system", "content": system}
    for message in request.messages:
        yield from _said(message)


def _said(message: Message) -> Iterator[dict[str, Any]]:
    for result in message.results:
        yield {"role": "tool", "tool_call_id": result.call, "content": result.content}
    if message.calls:
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments_text(call)}}
            for call in message.calls
        ]
        yield {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    elif message.text or not message.results:
        yield {"role": message.role, "content": message.text}


def _limit(base_url: str, model: str) -> str:
    """Return the name of the argument that bounds a reply.

    OpenAI's reasoning models refuse ``max_tokens``; many compatible servers know nothing else.
    """
    host = urlsplit(base_url).hostname or ""
    theirs = host.endswith(_OPENAI_HOSTS) or _OPENAI_MODELS.match(model.rpartition("/")[2])
    return "max_completion_tokens" if theirs else "max_tokens"


_OPENAI_HOSTS: Final = (".openai.com", ".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
_OPENAI_MODELS: Final = re.compile(r"(chat)?gpt-|o\d")


class _Part(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Function(msgspec.Struct):
    name: str = ""
    arguments: str | None = ""


class _Call(msgspec.Struct):
    function: _Function
    id: str | None = ""


class _Said(msgspec.Struct):
    content: Any = None  # a text, or parts
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = 0


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    prompt_tokens_details: _Details | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    usage: _Usage | None = None


def _reply(completion: _Completion, faults: Faults) -> ModelReply:
    """Return a completion as a reply; one without an end is none."""
    if not completion.choices or not completion.choices[0].finish_reason:
        raise faults.broken("was cut off before its end")
    choice = completion.choices[0]
    said = choice.message
    calls = tuple(
        tool_call(call.id or f"{completion.id or 'call'}-{place}", call.function.name, call.function.arguments or "")
        for place, call in enumerate(said.tool_calls or ())
    )
    message = Message("assistant", said.refusal or _words(said.content), calls)
    stop: Literal["end", "tools", "length", "refused"]
    match choice.finish_reason:
        case "length":
            stop = "length"
        case "content_filter":
            stop = "refused"
        case _:
            stop = "refused" if said.refusal else "tools" if calls else "end"
    return ModelReply(message, stop, _usage(completion.usage), completion.model or "", completion.id)


def _words(content: Any) -> str:
    """Return what is said in a content, which some servers give in parts."""
    if isinstance(content, str):
        return content
    try:
        return "".join(part.text for part in msgspec.convert(content or [], list[_Part]) if part.type == "text")
    except msgspec.ValidationError:
        return ""


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details or _Details()
    return Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0, cached=details.cached_tokens or 0)


async def _collected(chunks: AsyncIterator["ChatCompletionChunk"], on_text: OnText) -> _Completion:
    """Return what a stream tells as if it had come at once."""
    said = _Said("")
    whole = _Completion([choice := _Choice(said)])
    async for chunk in chunks:
        whole.id, whole.model = whole.id or chunk.id, whole.model or chunk.model
        if chunk.usage is not None:
            whole.usage = msgspec.convert(chunk.usage.to_dict(), _Usage)
        for one in chunk.choices or ():
            if one.index:  # another choice than the first; nobody asked for it
                continue
            choice.finish_reason = one.finish_reason or choice.finish_reason
            _add(said, msgspec.convert(one.delta.to_dict() if one.delta else {}, _Delta), on_text)
    return whole


class _CallDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: Any = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None


def _add(said: _Said, delta: _Delta, on_text: OnText) -> None:
    if text := _words(delta.content):
        said.content += text
        on_text(text)
    if delta.refusal:
        said.refusal = (said.refusal or "") + delta.refusal
    for one in delta.tool_calls or ():
        said.tool_calls = said.tool_calls or []
        _add_call(said.tool_calls, one)


def _add_call(calls: list[_Call], delta: _CallDelta) -> None:
    """Add a piece of a call: to the one at its index, unless it names another; some servers count badly."""
    place = delta.index if delta.index is not None else len(calls) - 1
    if not 0 <= place < len(calls) or (delta.id and calls[place].id and delta.id != calls[place].id):
        found = [call for call in calls if delta.id and call.id == delta.id]
        call = found[0] if found else _Call(_Function())
        calls.extend([] if found else [call])
    else:
        call = calls[place]
    call.id = call.id or delta.id
    if delta.function is not None:
        call.function.name = call.function.name or delta.function.name
        call.function.arguments = (call.function.arguments or "") + (delta.function.arguments or "")
