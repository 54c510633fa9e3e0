"""Streams of the Messages API, put together by ourselves: the SDK passes over a damaged event without a word."""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from workflow_engine.adapters.anthropic_messages import WireMessage
from workflow_engine.adapters.model_faults import Fault, Faults
from workflow_engine.agents.provider import OnText

if TYPE_CHECKING:
    import httpx2


async def collected(response: "httpx2.Response", on_text: OnText, faults: Faults) -> WireMessage:
    """Return the message that a stream tells.

    Raises:
        TransientFailure: the server has trouble, or the stream is damaged.
        PermanentFailure: the server refuses the request after all.
    """
    from anthropic import AsyncStream

    gathering = _Gathering(on_text)
    async for sent in AsyncStream[Any].raw_events(response):
        if not sent.data:
            continue
        event = msgspec.json.decode(sent.data, type=dict[str, Any])
        if event.get("type") == "error":
            error: dict[str, Any] = event.get("error") or {}
            raise faults.failure(Fault(None, str(error.get("type", "")), str(error.get("message", ""))))
        try:
            gathering.take(event)
        except (KeyError, TypeError):
            raise faults.broken("is malformed") from None
    return gathering.message()


class _Gathering:
    """Gathers the events of one stream."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._message: dict[str, Any] = {"content": []}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._written: dict[int, str] = {}

    def take(self, event: dict[str, Any]) -> None:
        """Take in one event; unknown ones add nothing, as the API's promise on versions asks of us."""
        match event.get("type"):
            case "message_start":
                self._message = {**event["message"]}
            case "content_block_start":
                self._blocks[event["index"]] = {**event["content_block"]}
            case "content_block_delta":
                self._add(event["index"], event["delta"])
            case "message_delta":
                told: dict[str, Any] = event.get("usage") or {}
                known = {key: value for key, value in told.items() if value is not None}
                self._message["usage"] = {**(self._message.get("usage") or {}), **known}
                self._message.update(event["delta"])
            case _:
                pass

    def message(self) -> WireMessage:
        """Return what was gathered; without a stop reason where the stream ended early."""
        for index, written in self._written.items():
            self._blocks[index]["input"] = _input(written)
        content = [self._blocks[index] for index in sorted(self._blocks)]
        return msgspec.convert({**self._message, "content": content}, WireMessage)

    def _add(self, index: int, delta: dict[str, Any]) -> None:
        block = self._blocks[index]
        match delta["type"]:
            case "input_json_delta":
                self._written[index] = self._written.get(index, "") + delta["partial_json"]
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
            case kind if kind in _TEXTS:
                name = _TEXTS[kind]
                block[name] = (block.get(name) or "") + delta[name]
                if name == "text":
                    self._on_text(delta[name])
            case _:
                pass


_TEXTS: Final = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


def _input(written: str) -> Any:
    """Return the input of a tool use, as it was written where it is no JSON object."""
    try:
        return msgspec.json.decode(written or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return written
