"""Anthropic: a provider of models, and the agent that uses it."""

import functools
import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from pydantic import SecretStr

from workflow_engine.adapters import anthropic_batches
from workflow_engine.adapters.agent_defaults import RegisteredAgent
from workflow_engine.adapters.anthropic_errors import translated
from workflow_engine.adapters.anthropic_messages import WireMessage, body, understood
from workflow_engine.adapters.anthropic_stream import collected
from workflow_engine.adapters.model_client import Client, idempotency
from workflow_engine.adapters.model_faults import Faults
from workflow_engine.adapters.model_keys import find_key, secret
from workflow_engine.agents.agent import Caller, Toolbox
from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.agents.provider import BatchItem, BatchState, OnText

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

LOG: Final = logging.getLogger("workflow_engine")

KEY: Final = "ANTHROPIC_API_KEY"
"""The environment variable of the key."""

BASE_URL: Final = "ANTHROPIC_BASE_URL"
"""The environment variable of the address."""

TIMEOUT: Final = 600.0
"""Seconds without a sign of the server after which a request is given up; thinking takes minutes."""

CONNECT_TIMEOUT: Final = 10.0
"""Seconds for a connection."""

WHOLE_MAX: Final = 21_333
"""Most tokens of a reply that comes in one piece: the SDK's bound, beyond which it may take over ten minutes."""

_PATH: Final = "/v1/messages"


class AnthropicProvider:
    """Models of Anthropic.

    A reply of a given JSON Schema is enforced by the server as far as it can; see `model_schema.shape`.  A temperature
    is not, since the API's current form has none: it is ignored with one warning.

    Args:
        api_key: the key; from ANTHROPIC_API_KEY unless given.
        base_url: the address of the API; from ANTHROPIC_BASE_URL unless given.
        timeout: seconds to wait for a sign of the server.
        options: further arguments of every request, in Anthropic's words: ``{"thinking": {"type": "adaptive"}}``.
        name: what phases call it.
        http_client: an ``httpx2.AsyncClient`` of one's own, which `close` closes.
    """

    def __init__(
        self,
        *,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        timeout: float = TIMEOUT,
        options: Mapping[str, Any] | None = None,
        name: str = "anthropic",
        http_client: "httpx2.AsyncClient | None" = None,
    ) -> None:
        self._key = secret(api_key)
        self._base_url = base_url
        self._timeout = timeout
        self._options = dict(options or {})
        self._name = name
        self._http_client = http_client
        self._faults = Faults("Anthropic", KEY, "")
        self._client: Client[AsyncAnthropic] = Client(self._open)

    def __repr__(self) -> str:
        return f"AnthropicProvider(name={self._name!r}, base_url={self._base_url!r})"

    @property
    def name(self) -> str:
        """See `ModelProvider.name`."""
        return self._name

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider.reply`."""
        client = await self._client.get()
        given = self._body(request)
        headers = idempotency(request.model, request.key)
        with translated(self._faults):
            if on_text is None and request.max_tokens <= WHOLE_MAX:
                message = await _whole(client, given, headers)
            else:
                message = await _streamed(client, given, headers, on_text or _ignore, self._faults)
        return understood(message, self._faults)

    async def close(self) -> None:
        """Let go of connections; the next request opens new ones."""
        await self._client.close()

    async def send_batch(self, requests: Sequence[tuple[str, ModelRequest]], label: str) -> str:
        """See `BatchProvider.send_batch`.

        Ids are of letters, digits, ``_`` and ``-``.  Batches have no room for the label: `batches` tells none.
        """
        client = await self._client.get()
        bodies = [(key, self._body(request)) for key, request in requests]
        with translated(self._faults):
            return await anthropic_batches.send(client, bodies, label)

    async def batches(self, since: float) -> list[BatchState]:
        """See `BatchProvider.batches`."""
        client = await self._client.get()
        with translated(self._faults):
            return await anthropic_batches.since(client, since)

    async def batch(self, batch: str) -> BatchState:
        """See `BatchProvider.batch`."""
        client = await self._client.get()
        with translated(self._faults):
            return anthropic_batches.state(await client.messages.batches.retrieve(batch))

    async def batch_items(self, batch: str) -> list[BatchItem]:
        """See `BatchProvider.batch_items`."""
        client = await self._client.get()
        with translated(self._faults):
            return await anthropic_batches.items(client, batch, self._faults)

    async def batch_ids(self, batch: str) -> list[str] | None:
        """See `BatchProvider.batch_ids`: None until it has ended."""
        client = await self._client.get()
        with translated(self._faults):
            return await anthropic_batches.ids(client, await client.messages.batches.retrieve(batch))

    async def cancel_batch(self, batch: str) -> None:
        """See `BatchProvider.cancel_batch`."""
        client = await self._client.get()
        with translated(self._faults):
            await client.messages.batches.cancel(batch)

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        if request.temperature is not None:
            _say_temperature_is_ignored()
        return {**body(request), **self._options}

    def _open(self) -> "AsyncAnthropic":
        """Load the SDK and make a client; retries are the engine's, and so are traces."""
        key = find_key(self._key, "Anthropic", KEY, self._base_url or os.environ.get(BASE_URL))
        import anthropic

        self._faults = Faults("Anthropic" if self._name == "anthropic" else self._name, KEY, key)
        with translated(self._faults):
            return anthropic.AsyncAnthropic(
                api_key=key,
                base_url=self._base_url,
                timeout=anthropic.Timeout(self._timeout, connect=min(self._timeout, CONNECT_TIMEOUT)),
                max_retries=0,
                open_telemetry=False,
                http_client=self._http_client,
            )


class AnthropicAgentAdapter(RegisteredAgent):
    """Carries agentic phases out with models of Anthropic.

    Args:
        model: the model for phases that name none.
        provider: who runs the models, with settings of its own; see `AnthropicProvider`.
        api_key: see `AnthropicProvider`; without a *provider*.
        base_url: see `AnthropicProvider`; without a *provider*.
        caller: asks the provider; that of the engine unless given.
        toolbox: where tools are found; that of the engine unless given.
    """

    def __init__(
        self,
        model: str = "claude-sonnet-4-6",
        *,
        provider: AnthropicProvider | None = None,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        caller: Caller | None = None,
        toolbox: Toolbox | None = None,
    ) -> None:
        own = provider or AnthropicProvider(api_key=api_key, base_url=base_url)
        super().__init__(own, model, caller, toolbox)


async def _whole(client: "AsyncAnthropic", given: dict[str, Any], headers: dict[str, str]) -> WireMessage:
    import httpx2

    response = await client.post(_PATH, cast_to=httpx2.Response, body=given, options={"headers": headers})
    return msgspec.json.decode(response.content, type=WireMessage)


async def _streamed(
    client: "AsyncAnthropic", given: dict[str, Any], headers: dict[str, str], on_text: OnText, faults: Faults
) -> WireMessage:
    from anthropic import AsyncStream
    from anthropic.types import Message, RawMessageStreamEvent

    stream = await client.post(
        _PATH,
        cast_to=Message,
        body={**given, "stream": True},
        options={"headers": headers},
        stream=True,
        stream_cls=AsyncStream[RawMessageStreamEvent],
    )
    async with stream:
        return await collected(stream.response, on_text, faults)


def _ignore(_: str) -> None:
    """Take words that nobody listens to."""


@functools.cache  # once per process
def _say_temperature_is_ignored() -> None:
    LOG.warning("Anthropic takes no temperature any more: it is ignored; leave it out of the phase")
