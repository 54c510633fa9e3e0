"""A turn in a batch: what is asked and what comes of it, as the question of the task that waits holds them."""

import hashlib
from typing import Any, Final

import msgspec

from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.core.components import Question


class QueuedTurn(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked: the ``show`` of the question.

    Attributes:
        request: for the model.
        size: see `workflow_engine.spec.parts.Batch`.
        wait: see there.
        max_wait: see there.
    """

    request: ModelRequest
    size: int
    wait: float
    max_wait: float


class BatchedTurn(msgspec.Struct, frozen=True, omit_defaults=True):
    """What comes of it, the answer to the question: one of these.

    Attributes:
        reply: of the model, with what it cost.
        failed: why there will never be one.
        live: why the model is to be asked live instead.
    """

    reply: ModelReply | None = None
    failed: str | None = None
    live: str | None = None


FORM: Final[dict[str, Any]] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "reply": {"type": "object", "required": ["message", "stop"]},
        "failed": {"type": "string"},
        "live": {"type": "string"},
    },
}
"""What an answer looks like, for people who want to answer in the place of a batch: ``{"live": "too slow"}``."""


def batch_of(provider: str) -> str:
    """Return how questions name who is to answer: the batches of this provider."""
    return f"a batch of {provider}"


def request_id(question: Question) -> str:
    """Return the id of a turn's request in a batch: the same for ever, and never that of another question.

    Ids of tasks may be used again, after a purge or in another engine with the same account; hence the moment.
    """
    named = f"{question.id}\n{question.asked_at!r}".encode()
    return f"turn-{hashlib.sha256(named).hexdigest()[:48]}"  # providers allow 64 characters


_read: Final = msgspec.json.Decoder(QueuedTurn).decode


def queued_turn(question: Question) -> QueuedTurn:
    """Return what a question asks, which must be of a turn."""
    assert isinstance(question.show, msgspec.Raw)
    return _read(question.show)
