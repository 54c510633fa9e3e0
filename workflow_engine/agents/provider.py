"""The provider port: whoever runs models."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.spec.model import Phase

OnText = Callable[[str], None]
"""Is told the words of a reply as they come; they may be told anew where a stream breaks off and is retried."""


class ModelProvider(Protocol):
    """Asks models of one provider.  It translates; it never retries.

    It may also have ``async def start(self)`` and ``async def close(self)``.
    """

    @property
    def name(self) -> str:
        """What phases call it: "openai", "anthropic"."""
        ...

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """Ask a model once.  Without *on_text* it need not stream.

        Raises:
            TransientFailure: it may work later: rate limits (with the server's ``retry_after``), overload, timeouts,
                broken or truncated streams.
            PermanentFailure: it will not: wrong keys, unknown models, requests that are refused as they are.
            Missing: there is no key; the message says how to give one.
        """
        ...


@runtime_checkable
class Phased(Protocol):
    """A provider that wants to know more of a phase than its requests say."""

    def of(self, phase: Phase) -> ModelProvider:
        """Return the provider for the requests of *phase*, whose texts are rendered."""
        ...


class BatchItem(msgspec.Struct, frozen=True):
    """What came of one request of a batch.

    Attributes:
        id: of the request, as it was sent.
        reply: the model's reply, or None.
        error: why there is none, or None.
        permanent: whether asking again is pointless.
    """

    id: str
    reply: ModelReply | None
    error: str | None = None
    permanent: bool = False


class BatchState(msgspec.Struct, frozen=True):
    """Where a batch stands.

    Attributes:
        id: the provider's name for it.
        state: "open" while it is worked on, "ended" when its results can be read, "failed" when there are none.
        label: what it was sent under; see `BatchProvider.send_batch`.
        created: seconds since the epoch.
        error: why it failed, or None.
    """

    id: str
    state: Literal["open", "ended", "failed"]
    label: str | None
    created: float
    error: str | None = None


@runtime_checkable
class BatchProvider(Protocol):
    """A provider that also answers many requests at half the price, some time later."""

    async def send_batch(self, requests: Sequence[tuple[str, ModelRequest]], label: str) -> str:
        """Send requests, each under an id of ours (at most 64 characters); return the provider's name for the batch.

        Args:
            requests: ids and requests.
            label: ours for the batch, so that it is found again by `batches` after a crash.
        """
        ...

    async def batches(self, since: float) -> list[BatchState]:
        """Return the batches that were sent since a moment, in seconds since the epoch, by whomever."""
        ...

    async def batch(self, batch: str) -> BatchState:
        """Return where a batch stands."""
        ...

    async def batch_items(self, batch: str) -> list[BatchItem]:
        """Return the results of a batch that has ended."""
        ...

    async def batch_ids(self, batch: str) -> list[str] | None:
        """Return the ids of the requests of a batch; None where the provider does not tell before it has ended."""
        ...

    async def cancel_batch(self, batch: str) -> None:
        """Stop a batch; what is done of it can be read."""
        ...
