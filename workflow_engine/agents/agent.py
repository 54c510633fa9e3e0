"""The agent: carries an agentic phase out in a conversation, of which every turn and every tool call is durable."""

from collections.abc import Mapping
from typing import Protocol

from workflow_engine.adapter import Closes, Inbox, Missing, Output, Starts, Suspend
from workflow_engine.agents.batches import Batches
from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.agents.provider import ModelProvider, OnText
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.core.components import Cost, Question
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class Caller(Protocol):
    """Asks a provider, within its limits, and says what that costs."""

    async def reply(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None) -> ModelReply:
        """Ask once; raises as `ModelProvider.reply`.  The usage of the reply has its cost, where that is known."""
        ...

    def most(self, provider: ModelProvider, request: ModelRequest) -> Cost:
        """Return what a request may cost at most, asked live."""
        ...

    def priced(self, provider: str, model: str, reply: ModelReply) -> ModelReply:
        """Return the reply of a batch with its cost, where that is known; *model* is the one that was asked."""
        ...


class Toolbox(Protocol):
    """Finds the tools that a phase names."""

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """Return tool and policy by the name that the model calls it.

        Raises:
            PermanentFailure: the phase names a tool that there is not.
        """
        ...


class AgentAdapter:
    """Carries agentic phases out with the models of one provider.

    Where it is registered with an engine, it answers the turns of phases in batch mode itself, starts its provider, and
    closes provider and toolbox.

    Args:
        provider: who runs the models.
        model: the model for phases that name none.
        caller: asks the provider.
        toolbox: where tools are found.
        batched: whether another adapter answers turns in batches; where nobody does, they are asked live.
    """

    def __init__(
        self, provider: ModelProvider, model: str, caller: Caller, toolbox: Toolbox, *, batched: bool = False
    ) -> None:
        self.provider = provider
        self.model = model
        self.caller = caller
        self.toolbox = toolbox
        self.batched = batched
        self._batches: Batches | None = None

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        from workflow_engine.agents.conversation import Conversation  # only programs that talk to models wait for it

        tools = await self.toolbox.tools(phase, task)
        return await Conversation(self, task, phase, tools).hold()

    def take_inbox(self, inbox: Inbox) -> None:
        """See `workflow_engine.adapter.TakesInbox`."""
        self.batched = True
        self._batches = self._batches or Batches(self._provider, self.caller.priced)
        self._batches.take_inbox(inbox)

    async def start(self) -> None:
        """Get the provider ready, and begin to answer the turns of phases in batch mode."""
        if isinstance(self.provider, Starts):
            await self.provider.start()
        if self._batches is not None:
            await self._batches.start()

    def about(self, question: Question) -> str | None:
        """See `workflow_engine.adapter.Explains`."""
        return self._batches.about(question) if self._batches is not None else None

    async def close(self) -> None:
        """Stop answering them, and let go of the connections to the provider and to tools."""
        if self._batches is not None:
            await self._batches.close()
        for held in (self.provider, self.toolbox):
            if isinstance(held, Closes):
                await held.close()

    async def _provider(self, name: str) -> ModelProvider:
        if name != self.provider.name:
            raise Missing(f"a provider of models {name!r}")
        return self.provider
