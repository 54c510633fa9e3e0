"""JSON of providers, as values of ours."""

from typing import Any, cast

import msgspec

from workflow_engine.agents.messages import Message, ToolCall


def tool_call(identity: str, name: str, written: str) -> ToolCall:
    """Return a call whose arguments came as text, which may be anything."""
    try:
        return ToolCall(identity, name, msgspec.json.decode(written or "{}", type=dict[str, Any]))
    except (msgspec.DecodeError, RecursionError):
        return ToolCall(identity, name, None, written)


def raw_turn(message: Message, api: str) -> list[dict[str, Any]] | None:
    """Return what an API said in a turn, word for word; None where another said it, or it does not matter.

    It stands under the name of the API in `Message.raw`, since a conversation may go on with another provider.
    """
    raw: Any = message.raw
    return cast("dict[str, list[dict[str, Any]]]", raw).get(api) if isinstance(raw, dict) else None


def arguments_text(call: ToolCall) -> str:
    """Return the arguments of a call as the model wrote them, or as good as."""
    return call.written if call.arguments is None else msgspec.json.encode(call.arguments).decode()
