"""OpenAI, and every server that speaks its API: a provider of models, and the agent that uses it."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import SecretStr

from workflow_engine.adapters import openai_batches, openai_chat, openai_responses
from workflow_engine.adapters.agent_defaults import RegisteredAgent
from workflow_engine.adapters.model_client import Client, idempotency
from workflow_engine.adapters.model_faults import Faults
from workflow_engine.adapters.model_keys import find_key, secret
from workflow_engine.adapters.openai_errors import translated
from workflow_engine.agents.agent import Caller, Toolbox
from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.agents.provider import BatchItem, BatchState, OnText

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

KEY: Final = "OPENAI_API_KEY"
"""The environment variable of the key."""

BASE_URL: Final = "OPENAI_BASE_URL"
"""The environment variable of the address."""

TIMEOUT: Final = 600.0
"""Seconds without a sign of the server after which a request is given up; reasoning takes minutes."""

CONNECT_TIMEOUT: Final = 10.0
"""Seconds for a connection."""


class OpenAIProvider:
    """Models of OpenAI, of Azure OpenAI (its ``/openai/v1/`` address) and of any compatible server.

    A reply of a given JSON Schema is enforced by the server as far as it can; see `model_schema.shape`.

    Args:
        api_key: the key; from OPENAI_API_KEY unless given.  Servers on this machine need none.
        base_url: the address of the API; from OPENAI_BASE_URL unless given.
        api: "chat" for Chat Completions, which every compatible server speaks, or "responses".
        timeout: seconds to wait for a sign of the server.
        options: further arguments of every request, in OpenAI's words: ``{"reasoning_effort": "low"}``,
            ``{"store": False, "include": ["reasoning.encrypted_content"]}``.
        name: what phases call it, for a compatible server beside OpenAI itself.
        http_client: an ``httpx2.AsyncClient`` of one's own, which `close` closes.
    """

    def __init__(
        self,
        *,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        api: Literal["chat", "responses"] = "chat",
        timeout: float = TIMEOUT,
        options: Mapping[str, Any] | None = None,
        name: str = "openai",
        http_client: "httpx2.AsyncClient | None" = None,
    ) -> None:
        self._key = secret(api_key)
        self._base_url = base_url
        self._api: Literal["chat", "responses"] = api
        self._timeout = timeout
        self._options = dict(options or {})
        self._name = name
        self._http_client = http_client
        self._faults = Faults("OpenAI", KEY, "")
        self._client: Client[AsyncOpenAI] = Client(self._open)

    def __repr__(self) -> str:
        return f"OpenAIProvider(name={self._name!r}, base_url={self._base_url!r}, api={self._api!r})"

    @property
    def name(self) -> str:
        """See `ModelProvider.name`."""
        return self._name

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider.reply`."""
        client = await self._client.get()
        headers = idempotency(request.model, request.key)
        ask = openai_chat.ask if self._api == "chat" else openai_responses.ask
        with translated(self._faults):
            return await ask(client, self._body(request, client), headers, self._faults, on_text)

    async def close(self) -> None:
        """Let go of connections; the next request opens new ones."""
        await self._client.close()

    async def send_batch(self, requests: Sequence[tuple[str, ModelRequest]], label: str) -> str:
        """See `BatchProvider.send_batch`.  All requests of a batch have to name the same model."""
        client = await self._client.get()
        bodies = [(key, self._body(request, client)) for key, request in requests]
        path: openai_batches.Endpoint = openai_chat.PATH if self._api == "chat" else openai_responses.PATH
        with translated(self._faults):
            return await openai_batches.send(client, bodies, label, path)

    async def batches(self, since: float) -> list[BatchState]:
        """See `BatchProvider.batches`."""
        client = await self._client.get()
        with translated(self._faults):
            return await openai_batches.since(client, since)

    async def batch(self, batch: str) -> BatchState:
        """See `BatchProvider.batch`."""
        client = await self._client.get()
        with translated(self._faults):
            return openai_batches.state(await client.batches.retrieve(batch))

    async def batch_items(self, batch: str) -> list[BatchItem]:
        """See `BatchProvider.batch_items`."""
        client = await self._client.get()
        understood = openai_chat.understood if self._api == "chat" else openai_responses.understood
        with translated(self._faults):
            return await openai_batches.items(client, await client.batches.retrieve(batch), understood, self._faults)

    async def batch_ids(self, batch: str) -> list[str]:
        """See `BatchProvider.batch_ids`."""
        client = await self._client.get()
        with translated(self._faults):
            return await openai_batches.ids(client, await client.batches.retrieve(batch))

    async def cancel_batch(self, batch: str) -> None:
        """See `BatchProvider.cancel_batch`."""
        client = await self._client.get()
        with translated(self._faults):
            await client.batches.cancel(batch)

    def _body(self, request: ModelRequest, client: "AsyncOpenAI") -> dict[str, Any]:
        if self._api == "chat":
            return {**openai_chat.body(request, str(client.base_url)), **self._options}
        return {**openai_responses.body(request), **self._options}

    def _open(self) -> "AsyncOpenAI":
        """Load the SDK and make a client; retries are the engine's."""
        key = find_key(self._key, "OpenAI", KEY, self._base_url or os.environ.get(BASE_URL))
        import openai

        self._faults = Faults("OpenAI" if self._name == "openai" else self._name, KEY, key)
        timeout = openai.Timeout(self._timeout, connect=min(self._timeout, CONNECT_TIMEOUT))
        with translated(self._faults):
            return openai.AsyncOpenAI(
                api_key=key, base_url=self._base_url, timeout=timeout, max_retries=0, http_client=self._http_client
            )


class OpenAIAgentAdapter(RegisteredAgent):
    """Carries agentic phases out with models of OpenAI: ``register_adapter(TaskType.AGENTIC, OpenAIAgentAdapter())``.

    Args:
        model: the model for phases that name none.
        provider: who runs the models, with settings of its own; see `OpenAIProvider`.
        api_key: see `OpenAIProvider`; without a *provider*.
        base_url: see `OpenAIProvider`; without a *provider*.
        api: see `OpenAIProvider`; without a *provider*.
        caller: asks the provider; that of the engine unless given.
        toolbox: where tools are found; that of the engine unless given.
    """

    def __init__(
        self,
        model: str = "gpt-4o",
        *,
        provider: OpenAIProvider | None = None,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        api: Literal["chat", "responses"] = "chat",
        caller: Caller | None = None,
        toolbox: Toolbox | None = None,
    ) -> None:
        own = provider or OpenAIProvider(api_key=api_key, base_url=base_url, api=api)
        super().__init__(own, model, caller, toolbox)
