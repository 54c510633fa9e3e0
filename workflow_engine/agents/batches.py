"""Batches: the service of an agentic adapter that has turns answered in batches, of whatever providers they ask."""

import functools
from collections.abc import Awaitable, Callable

from workflow_engine.adapter import Inbox
from workflow_engine.agents.batch_queue import Outstanding
from workflow_engine.agents.batch_turn import provider_of
from workflow_engine.agents.batching import Batching
from workflow_engine.agents.messages import ModelReply
from workflow_engine.agents.provider import ModelProvider
from workflow_engine.core.components import Question


class Batches:
    """Answers the questions of turns that wait for a batch.  See `workflow_engine.agents.batching`.

    Args:
        find: returns a provider by its name; raises `EngineError` where there is none now.
        priced: returns the reply of a batch with what it cost, as far as that is known; it is passed the names of the
            provider and of the model that was asked.
    """

    def __init__(
        self,
        find: Callable[[str], Awaitable[ModelProvider]],
        priced: Callable[[str, str, ModelReply], ModelReply],
    ) -> None:
        self._find = find
        self._priced = priced
        self._inbox: Inbox | None = None
        self._of: dict[str, Batching] = {}

    def take_inbox(self, inbox: Inbox) -> None:
        """See `workflow_engine.adapter.TakesInbox`."""
        self._inbox = inbox

    async def start(self) -> None:
        """Begin with what waits.  No provider is made before a turn waits for it."""
        inbox = self._inbox
        if inbox is not None:
            inbox.watch(functools.partial(self._take, inbox, doubted=False))
            for question in sorted(inbox.open(), key=lambda question: question.asked_at):
                self._take(inbox, question, doubted=True)

    async def close(self) -> None:
        """Stop; batches that are under way are found again."""
        self._inbox = None
        batchings, self._of = list(self._of.values()), {}
        for batching in batchings:
            await batching.close()

    def outstanding(self) -> dict[str, list[Outstanding]]:
        """Return by provider the batches whose results have not been taken yet, the oldest first."""
        return {name: self._of[name].outstanding() for name in sorted(self._of)}

    def troubles(self) -> dict[str, str]:
        """Return by provider why its batches do not go on at the moment."""
        return {name: one.trouble for name, one in sorted(self._of.items()) if one.trouble is not None}

    def about(self, question: Question) -> str | None:
        """See `workflow_engine.adapter.Explains`."""
        batching = self._of.get(provider_of(question) or "")
        return batching.about(question) if batching is not None else None

    def _take(self, inbox: Inbox, question: Question, *, doubted: bool) -> None:
        name = provider_of(question)
        if name is None or inbox is not self._inbox:
            return
        batching = self._of.get(name)
        if batching is None:
            find, priced = functools.partial(self._find, name), functools.partial(self._priced, name)
            batching = self._of[name] = Batching(name, find, priced, inbox)
        batching.take(question, doubted=doubted)
