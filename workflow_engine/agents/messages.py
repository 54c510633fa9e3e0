"""Messages: what is said in a conversation with a model, in no provider's words.  Frozen data that is journaled."""

from typing import Any, Literal

import msgspec


class ToolCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model wants a tool to be called.

    Attributes:
        id: the model's name for the call; its result names it.
        name: of the tool.
        arguments: by name; None where the model's words are no JSON object.
        written: the arguments as the model wrote them, where they are none.
    """

    id: str
    name: str
    arguments: dict[str, Any] | None
    written: str = ""


class ToolResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a tool call.

    Attributes:
        call: id of the call.
        content: what the model is told.
        failed: whether that is an error.
    """

    call: str
    content: str
    failed: bool = False


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One turn of a conversation.

    Attributes:
        role: "user" for what we say and for results of tools, "assistant" for the model.
        text: its words.
        calls: what the model wants to be called.
        results: what came of the calls of the turn before.
        raw: the turn as the provider gave it, JSON to be sent back word for word where that matters (signed
            reasoning); None where it does not.
    """

    role: Literal["user", "assistant"]
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    raw: Any = None


class ToolSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool as a model sees it.

    Attributes:
        name: letters, digits, ``_`` and ``-``, at most 64.
        description: what it does and when to use it.
        parameters: JSON Schema of the arguments, an object.
    """

    name: str
    description: str
    parameters: dict[str, Any]


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a turn used.

    Attributes:
        input: tokens that were read, those from and to a cache included.
        output: tokens that were written, reasoning included.
        cached: of the input, those read from a cache.
        cache_written: of the input, those written to a cache.
        cost: in US dollars; None where the price of the model is not known.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_written: int = 0
    cost: float | None = None

    @property
    def tokens(self) -> int:
        """Tokens in all, read and written."""
        return self.input + self.output


class ModelRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model is asked.

    Attributes:
        model: its name.
        messages: the conversation so far; the last is ours.
        system: what it is told beforehand.
        tools: what it may have called.
        schema: JSON Schema that its final words have to satisfy, or None for text.
        temperature: how freely it chooses its words, or None.
        max_tokens: the longest reply.
        key: idempotency key of this turn: the same when it is asked again after a crash.
    """

    model: str
    messages: tuple[Message, ...]
    system: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    schema: dict[str, Any] | None = None
    temperature: float | None = None
    max_tokens: int = 4096
    key: str = ""


class ModelReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model replied.

    Attributes:
        message: its turn.
        stop: why it ended: "end", "tools" (it waits for results), "length" (cut off at `max_tokens`), "refused", or
            "pause" (it wants to go on with the same conversation).
        usage: what that used.
        model: the model that replied, as the provider names it.
        id: the provider's name for the reply, or None.
        seconds: how long it took; the conversation says so, not the provider.
        full: of what was cut off, whether the model can take in no more, so that a larger `max_tokens` is of no use.
    """

    message: Message
    stop: Literal["end", "tools", "length", "refused", "pause"]
    usage: Usage = Usage()
    model: str = ""
    id: str | None = None
    seconds: float = 0.0
    full: bool = False
