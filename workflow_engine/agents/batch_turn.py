"""A turn in a batch: what is asked and what comes of it, as the question of the task that waits holds them."""

import hashlib
from typing import Any, Final

import msgspec

from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.core.components import Cost, Question, WaitKind
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import Batch
from workflow_engine.task import Task


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


BATCH_PRICE: Final = 0.5
"""What a turn costs in a batch, of what it costs live."""

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
    return f"{_BATCH_OF}{provider}"


def provider_of(question: Question) -> str | None:
    """Return the name of the provider whose batches are to answer a question; None for any other question."""
    whom = question.assignee or ""
    return whom.removeprefix(_BATCH_OF) if question.kind is WaitKind.IO and whom.startswith(_BATCH_OF) else None


def request_id(question: Question) -> str:
    """Return the id of a turn's request in a batch: the same for ever, and never that of another question.

    Ids of tasks may be used again, after a purge or in another engine with the same account; hence the moment.
    """
    named = f"{question.id}\n{question.asked_at!r}".encode()
    return f"turn-{hashlib.sha256(named).hexdigest()[:48]}"  # providers allow 64 characters


async def queue_turn(
    task: Task, phase: Phase, provider: str, request: ModelRequest, most: Cost | None
) -> dict[str, Any] | None:
    """Have a turn of a phase asked in a batch, and go on with its reply, or with what `Task.turn` says of the budget.

    Args:
        task: whose turn it is.
        phase: in which.
        provider: its name.
        request: for the model.
        most: what it may cost at most if it is asked live; in a batch that is half the price.

    Returns:
        None where it is to be asked live.

    Raises:
        PermanentFailure: it will never have a reply.
    """
    batch = phase.batch or Batch()
    said: dict[str, Any] = await task.queue(
        "batched turn",
        f"the next turn of {request.model}",
        # As plain JSON: that a structure comes back as it was would be checked value by value.
        msgspec.to_builtins(QueuedTurn(request, batch.size, batch.wait, batch.max_wait)),
        batch_of(provider),
        form=FORM,
        most=Cost(most.tokens, most.dollars * BATCH_PRICE, most.unpriced) if most is not None else None,
    )
    if "failed" in said:
        raise PermanentFailure(said["failed"])
    return None if "live" in said else said.get("reply", said)


_BATCH_OF: Final = "a batch of "
_read: Final = msgspec.json.Decoder(QueuedTurn).decode


def queued_turn(question: Question) -> QueuedTurn:
    """Return what a question asks, which must be of a turn."""
    assert isinstance(question.show, msgspec.Raw)
    return _read(question.show)
