"""Models: all that an engine needs to have agentic phases carried out by models."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from workflow_engine.adapter import Closes, Starts
from workflow_engine.agents.agent import AgentAdapter, Toolbox
from workflow_engine.agents.batches import Batches
from workflow_engine.agents.caller import LimitedCaller
from workflow_engine.agents.prices import FREE, Prices
from workflow_engine.agents.provider import ModelProvider, Phased
from workflow_engine.agents.providers import Choice, Providers
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase

LOG: Final = logging.getLogger("workflow_engine")


class Models:
    """The providers of an engine, how one of them is chosen for a phase, and who asks it.

    Args:
        settings: what holds for phases that leave it open.

    Attributes:
        providers: by name.
        prices: of models.
        caller: asks the providers.
        batches: answers the turns of phases in batch mode.
        announce: is told who replies, and why, before it first does for this reason.
    """

    def __init__(self, settings: AgentSettings | None = None) -> None:
        self.providers = Providers(settings)
        self.prices = Prices()
        self.caller = LimitedCaller(self.providers.settings, self.prices)
        self.batches = Batches(self._provider, self.caller.priced)
        self.announce: Callable[[Choice], None] = log_choice
        self._announced: set[str] = set()
        self._started: dict[str, ModelProvider] = {}
        self._replaced: list[ModelProvider] = []
        self._priced = False
        self._turn: asyncio.Lock | None = None

    async def agent(self, phase: Phase, toolbox: Toolbox) -> AgentAdapter:
        """Return the adapter that carries *phase* out.

        Raises:
            Missing: there is no such provider, or no key for it.
            PermanentFailure: nothing says which model to ask.
        """
        choice = self.providers.choose(phase)
        provider = await self._provider(choice.provider)
        if not choice.model:
            raise PermanentFailure(
                f"phase {phase.id!r} names no model, and {choice.provider} has no default; write `model: ...` into the "
                f'phase, or {choice.provider} = "..." into [agents.default_models] of the settings'
            )
        if str(choice) not in self._announced:
            self._announced.add(str(choice))
            self.announce(choice)
        bound = provider.of(phase) if isinstance(provider, Phased) else provider
        return AgentAdapter(bound, choice.model, self.caller, toolbox, batched=True)

    async def close(self) -> None:
        """Let go of connections; the next phase has them made anew."""
        await self.batches.close()
        started, self._started, self._turn = [*self._started.values(), *self._replaced], {}, None
        self._replaced.clear()
        self.caller.close()
        for provider in started:
            if isinstance(provider, Closes):
                try:
                    await provider.close()
                except Exception:  # of theirs; the others are to be closed as well
                    LOG.exception("the provider of models %r failed to close", provider.name)

    def register(self, provider: ModelProvider) -> None:
        """See `Providers.register`; what is under way with the one before stays with it."""
        self.providers.register(provider)
        before = self._started.pop(provider.name, None)
        if before is not None:
            self._replaced.append(before)

    async def _provider(self, name: str) -> ModelProvider:
        return self._started.get(name) or await self._start(name)

    async def _start(self, name: str) -> ModelProvider:
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            if name in self._started:
                return self._started[name]
            provider = await asyncio.to_thread(self.providers.provider, name)
            if isinstance(provider, Starts):
                await provider.start()
            if not self._priced and name not in FREE:
                await self.prices.load()
                self._priced = True
            self._started[name] = provider
            return provider


def log_choice(choice: Choice) -> None:
    """Say in the log who replies: a warning where that is not who the workflow asks for."""
    LOG.log(logging.WARNING if choice.lacks is not None else logging.INFO, "%s", choice)
