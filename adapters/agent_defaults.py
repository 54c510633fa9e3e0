"""What an agent that is registered by hand asks with and finds its tools in, unless it is told."""

from collections.abc import Mapping

from workflow_engine.agents.agent import Caller, Toolbox
from workflow_engine.agents.messages import ModelReply, ModelRequest
from workflow_engine.agents.provider import ModelProvider, OnText
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.core.components import Cost
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


def default_caller() -> Caller:
    """Return what asks providers."""
    return _PlainCaller()


def default_toolbox() -> Toolbox:
    """Return where tools are found."""
    return _NoTools()


class _PlainCaller:
    """Asks without limits, and knows no prices."""

    async def reply(self, provider: ModelProvider, request: ModelRequest, on_text: OnText | None) -> ModelReply:
        return await provider.reply(request, on_text)

    def most(self, provider: ModelProvider, request: ModelRequest) -> Cost:
        return Cost(request.max_tokens, 0.0, 1)


class _NoTools:
    """Has no tools."""

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        if phase.tools:
            raise PermanentFailure(f"phase {phase.id!r} names tools, and there are none; pass a toolbox to the adapter")
        return {}
