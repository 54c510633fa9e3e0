"""The Batch API of OpenAI: many requests in a file, answered within a day at half the price."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import msgspec

from workflow_engine.adapters.model_client import idempotency
from workflow_engine.adapters.model_faults import Fault, Faults
from workflow_engine.agents.messages import ModelReply
from workflow_engine.agents.provider import BatchItem, BatchState
from workflow_engine.errors import AdapterFailure, PermanentFailure

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

T = TypeVar("T")

LABEL: Final = "workflow_engine"
"""Key of our label in the metadata of a batch."""

Endpoint = Literal["/v1/chat/completions", "/v1/responses"]


async def send(client: "AsyncOpenAI", bodies: Iterable[tuple[str, dict[str, Any]]], label: str, path: Endpoint) -> str:
    """Send requests, by id; return the id of the batch.

    A crash between the upload and the batch leaves a file behind that nothing uses, and nothing that is paid for.
    """
    lines = [{"custom_id": key, "method": "POST", "url": path, "body": body} for key, body in bodies]
    content = b"\n".join(msgspec.json.encode(line) for line in lines)
    file = await client.files.create(file=(f"{label}.jsonl", content), purpose="batch")
    batch = await client.batches.create(
        input_file_id=file.id,
        endpoint=path,
        completion_window="24h",
        metadata={LABEL: label},
        extra_headers=idempotency("batch", label),
    )
    return batch.id


async def since(client: "AsyncOpenAI", moment: float) -> list[BatchState]:
    """Return the batches that were made since a moment, the newest first."""
    found: list[BatchState] = []
    async for batch in client.batches.list(limit=100):
        if batch.created_at < int(moment):  # they come newest first, and in whole seconds
            break
        found.append(state(batch))
    return found


def state(batch: "Batch") -> BatchState:
    """Return where a batch stands; one that expired or was cancelled has ended, with results for what was done."""
    label = (batch.metadata or {}).get(LABEL)
    match batch.status:
        case "completed" | "expired" | "cancelled":
            return BatchState(batch.id, "ended", label, float(batch.created_at))
        case "failed":
            said = [error.message or error.code or "" for error in (batch.errors.data if batch.errors else None) or ()]
            return BatchState(batch.id, "failed", label, float(batch.created_at), "; ".join(said) or "no reason given")
        case _:
            return BatchState(batch.id, "open", label, float(batch.created_at))


async def ids(client: "AsyncOpenAI", batch: "Batch") -> list[str]:
    """Return the ids of the requests in the file that a batch was made of."""
    return [line.custom_id for line in await _lines(client, batch.input_file_id, _Named)]


async def items(
    client: "AsyncOpenAI", batch: "Batch", understood: Callable[[bytes, Faults], ModelReply], faults: Faults
) -> list[BatchItem]:
    """Return what came of the requests, those that were not got round to included."""
    files = [file for file in (batch.output_file_id, batch.error_file_id) if file]
    lines = [line for file in files for line in await _lines(client, file, _Line)]
    found = {line.custom_id: _item(line, understood, faults) for line in lines}
    left = f"the batch is {batch.status}, and has no result for this request"
    sent: Sequence[str] = await ids(client, batch)
    return [found.get(key) or BatchItem(key, None, left) for key in sent]


class _Named(msgspec.Struct):
    custom_id: str


class _Response(msgspec.Struct):
    status_code: int
    body: msgspec.Raw = msgspec.Raw(b"{}")


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    type: str | None = None


class _Failed(msgspec.Struct):
    error: _Error | None = None


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: _Error | None = None


def _item(line: _Line, understood: Callable[[bytes, Faults], ModelReply], faults: Faults) -> BatchItem:
    response = line.response
    try:
        if response is not None and response.status_code < 400 and line.error is None:
            return BatchItem(line.custom_id, understood(bytes(response.body), faults))
        raise _failure(line, faults)
    except AdapterFailure as failure:
        return BatchItem(line.custom_id, None, str(failure), isinstance(failure, PermanentFailure))


def _failure(line: _Line, faults: Faults) -> AdapterFailure:
    error, status = line.error, None
    if error is None and line.response is not None:
        status = line.response.status_code
        error = msgspec.json.decode(line.response.body, type=_Failed).error
    error = error or _Error()
    code = " ".join(part for part in (error.type, error.code) if part)
    return faults.failure(Fault(status, code, error.message or ""))


async def _lines(client: "AsyncOpenAI", file: str, kind: type[T]) -> list[T]:
    content = await client.files.content(file)
    return [msgspec.json.decode(line, type=kind) for line in content.text.splitlines() if line.strip()]
