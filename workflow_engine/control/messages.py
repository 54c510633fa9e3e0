"""What goes over the control socket: lines of JSON, one request and one reply at a time.

{"call": "cancel", "arguments": {"task": "t7"}}
{"result": {"id": "t7", "status": "cancelled", ...}}
{"error": {"kind": "IllegalTransition", "message": "task t7 is completed and does not accept cancel", ...}}
"""

from typing import Any, Final

import msgspec

from workflow_engine import errors
from workflow_engine.errors import EngineError

LINE_BYTES_MAX: Final = 8 * 1024 * 1024
"""Longest request, in bytes: twice what a task's data may have."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call by name, with its arguments as a JSON object."""

    call: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error.

    Attributes:
        kind: name of its class.
        message: its sentence.
        arguments: what it was made of, where that is plain JSON.
    """

    kind: str
    message: str
    arguments: tuple[Any, ...] = ()


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of a call, or what refused it."""

    result: Any = msgspec.UNSET
    error: Refusal | msgspec.UnsetType = msgspec.UNSET


def refusal(error: EngineError | TimeoutError) -> Refusal:
    """Return *error* as it is sent."""
    try:
        plain = all(map(_is_plain, error.args))
    except RecursionError:
        plain = False
    return Refusal(type(error).__name__, str(error), error.args if plain else ())


def _is_plain(argument: Any) -> bool:
    """Return whether JSON gives *argument* back as it is."""
    if isinstance(argument, dict):
        return all(isinstance(key, str) and _is_plain(value) for key, value in argument.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - of anything
    if isinstance(argument, list):
        return all(map(_is_plain, argument))  # pyright: ignore[reportUnknownArgumentType] - of anything
    return isinstance(argument, str | int | float | None)


def error_of(sent: Refusal) -> EngineError | TimeoutError:
    """Return the error that was sent: of the class of our tree with its name, or else an `EngineError`."""
    if sent.kind == TimeoutError.__name__:
        return TimeoutError(sent.message)
    kind = getattr(errors, sent.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, EngineError)):
        return EngineError(sent.message)
    try:
        error = kind(*sent.arguments)
    except TypeError:  # of another version, whose errors are made of other things
        return EngineError(sent.message)
    return error if str(error) == sent.message else EngineError(sent.message)


encode: Final = msgspec.json.Encoder().encode
decode_request: Final = msgspec.json.Decoder(Request).decode
decode_reply: Final = msgspec.json.Decoder(Reply).decode
