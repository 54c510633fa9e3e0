"""Agents that programs register by hand: with the limits, prices and tools of their engine, or with their own."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from workflow_engine.agents.agent import AgentAdapter, Caller, Toolbox
from workflow_engine.agents.caller import LimitedCaller
from workflow_engine.agents.prices import Prices
from workflow_engine.agents.provider import ModelProvider
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class Means(NamedTuple):
    """What an agent works with.

    Attributes:
        caller: asks the provider.
        toolbox: where tools are found.
    """

    caller: Caller
    toolbox: Toolbox


@runtime_checkable
class Lends(Protocol):
    """An adapter of agentic phases whose means the one that takes its place may use."""

    def means(self) -> Means:
        """Return what it works with."""
        ...


class RegisteredAgent(AgentAdapter):
    """Carries agentic phases out with one provider; the base of `OpenAIAgentAdapter` and its like.

    Args:
        provider: who runs the models.
        model: the model for phases that name none.
        caller: asks the provider; that of the engine unless given.
        toolbox: where tools are found; that of the engine unless given.
    """

    def __init__(self, provider: ModelProvider, model: str, caller: Caller | None, toolbox: Toolbox | None) -> None:
        self._prices = Prices()
        self._given = (caller, toolbox)
        own = LimitedCaller(AgentSettings(), self._prices)
        super().__init__(provider, model, caller or own, toolbox or _NoTools())

    def take(self, means: Means) -> None:
        """Work with these means, as far as others were not given."""
        caller, toolbox = self._given
        self.caller, self.toolbox = caller or means.caller, toolbox or means.toolbox

    def means(self) -> Means:
        """See `Lends`."""
        return Means(self.caller, self.toolbox)

    async def start(self) -> None:
        """Load the prices of models, and begin to answer turns in batch mode."""
        await self._prices.load()
        await super().start()

    async def close(self) -> None:
        """Stop answering turns, let go of the connections to the provider and to tools, and forget who waits."""
        await super().close()
        if isinstance(self.caller, LimitedCaller):
            self.caller.close()


class _NoTools:
    """Has no tools, until the adapter is registered."""

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        if phase.tools:
            raise PermanentFailure(
                f"phase {phase.id!r} names tools, and its adapter has none; register it, or pass it a toolbox"
            )
        return {}
