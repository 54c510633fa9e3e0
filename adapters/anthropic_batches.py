"""Message Batches of Anthropic: many requests answered within a day at half the price.

A batch there has no room for a label of ours, and its requests are not told before it has ended.  What is ours of a
batch can then be seen by the ids of the requests, which come back with the results; until then nobody can say.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from workflow_engine.adapters.anthropic_messages import WireMessage, understood
from workflow_engine.adapters.model_client import idempotency
from workflow_engine.adapters.model_faults import Fault, Faults
from workflow_engine.agents.provider import BatchItem, BatchState
from workflow_engine.errors import AdapterFailure, PermanentFailure

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types.messages import MessageBatch

_PATH = "/v1/messages/batches"


async def send(client: "AsyncAnthropic", bodies: Iterable[tuple[str, dict[str, Any]]], label: str) -> str:
    """Send requests, by id; return the id of the batch."""
    from anthropic.types.messages import MessageBatch

    requests = [{"custom_id": key, "params": body} for key, body in bodies]
    options: Any = {"headers": idempotency("batch", label)}
    batch = await client.post(_PATH, cast_to=MessageBatch, body={"requests": requests}, options=options)
    return batch.id


async def since(client: "AsyncAnthropic", moment: float) -> list[BatchState]:
    """Return the batches that were made since a moment, the newest first."""
    found: list[BatchState] = []
    async for batch in client.messages.batches.list(limit=100):
        if batch.created_at.timestamp() < int(moment):  # they come newest first, and perhaps in whole seconds
            break
        found.append(state(batch))
    return found


def state(batch: "MessageBatch") -> BatchState:
    """Return where a batch stands; its label is not known."""
    ended = batch.processing_status == "ended"
    return BatchState(batch.id, "ended" if ended else "open", None, batch.created_at.timestamp())


async def ids(client: "AsyncAnthropic", batch: "MessageBatch") -> list[str] | None:
    """Return the ids of the requests of a batch, or None before it has ended."""
    if batch.processing_status != "ended":
        return None
    return [line.custom_id for line in await _lines(client, batch.id)]


async def items(client: "AsyncAnthropic", batch: str, faults: Faults) -> list[BatchItem]:
    """Return what came of the requests."""
    return [_item(line, faults) for line in await _lines(client, batch)]


class _Error(msgspec.Struct):
    type: str = ""
    message: str = ""


class _ErrorResponse(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class _Result(msgspec.Struct):
    type: str
    message: WireMessage | None = None
    error: _ErrorResponse | None = None


class _Line(msgspec.Struct):
    custom_id: str
    result: _Result


def _item(line: _Line, faults: Faults) -> BatchItem:
    result = line.result
    if result.type in ("canceled", "expired"):
        return BatchItem(line.custom_id, None, f"the request was {result.type} before it was got round to")
    try:
        if result.message is not None:
            return BatchItem(line.custom_id, understood(result.message, faults))
        error = (result.error or _ErrorResponse()).error
        raise faults.failure(Fault(None, error.type, error.message))
    except AdapterFailure as failure:
        return BatchItem(line.custom_id, None, str(failure), isinstance(failure, PermanentFailure))


async def _lines(client: "AsyncAnthropic", batch: str) -> list[_Line]:
    """Return the results of a batch that has ended.

    They are asked for at our base URL, not at the ``results_url`` of the batch, which leads around a gateway.
    """
    import httpx2

    response = await client.get(f"{_PATH}/{batch}/results", cast_to=httpx2.Response)
    return [msgspec.json.decode(line, type=_Line) for line in response.text.splitlines() if line.strip()]
