"""JSON of providers, as values of ours."""

from typing import Any

import msgspec

from workflow_engine.agents.messages import ToolCall


def tool_call(identity: str, name: str, written: str) -> ToolCall:
    """Return a call whose arguments came as text, which may be anything."""
    try:
        return ToolCall(identity, name, msgspec.json.decode(written or "{}", type=dict[str, Any]))
    except (msgspec.DecodeError, RecursionError):
        return ToolCall(identity, name, None, written)


def arguments_text(call: ToolCall) -> str:
    """Return the arguments of a call as the model wrote them, or as good as."""
    return call.written if call.arguments is None else msgspec.json.encode(call.arguments).decode()
