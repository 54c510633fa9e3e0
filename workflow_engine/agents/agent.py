"""The agent: carries an agentic phase out in a conversation, of which every turn and every tool call is durable."""

from collections.abc import Mapping
from typing import Protocol

from workflow_engine.adapter import Output, Suspend
from workflow_engine.agents.conversation import Conversation
from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.agents.provider import ModelProvider, OnText
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.core.components import Cost
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class Caller(Protocol):
    """Asks a provider, within its limits, and says what that costs."""

    async def reply(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None) -> ModelReply:
        """Ask once; raises as `ModelProvider.reply`.  The usage of the reply has its cost, where that is known."""
        ...

    def most(self, provider: ModelProvider, request: ModelRequest) -> Cost:
        """Return what a request may cost at most."""
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

    Args:
        provider: who runs the models.
        model: the model for phases that name none.
        caller: asks the provider.
        toolbox: where tools are found.
        batched: whether somebody answers turns in batches, see `workflow_engine.agents.batches`; without it, phases in
            batch mode are asked live.
    """

    def __init__(
        self, provider: ModelProvider, model: str, caller: Caller, toolbox: Toolbox, *, batched: bool = False
    ) -> None:
        self.provider = provider
        self.model = model
        self.caller = caller
        self.toolbox = toolbox
        self.batched = batched

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        tools = await self.toolbox.tools(phase, task)
        return await Conversation(self, task, phase, tools).hold()
