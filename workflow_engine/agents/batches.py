"""Batches: the service of an agentic adapter that has turns answered in batches, of whatever providers they ask."""

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from workflow_engine.adapter import Inbox
from workflow_engine.agents.batch_turn import provider_of
from workflow_engine.agents.messages import ModelReply
from workflow_engine.agents.provider import ModelProvider
from workflow_engine.core.components import Question, WaitKind

if TYPE_CHECKING:
    from workflow_engine.agents.batching import Batching


class BatchSent(msgspec.Struct, frozen=True):
    """A batch whose results have not been taken yet.

    Attributes:
        id: the provider's name for it.
        model: the model that is asked.
        requests: how many there are in it.
        sent: when, in seconds since the epoch.
    """

    id: str
    model: str
    requests: int
    sent: float


class BatchesState(msgspec.Struct, frozen=True):
    """How the batches of one provider stand with us.

    Attributes:
        provider: its name.
        waiting: turns that wait, those in batches included.
        batches: the outstanding ones, the oldest first.
        trouble: why nothing goes on at the moment, or None.
    """

    provider: str
    waiting: int
    batches: tuple[BatchSent, ...]
    trouble: str | None


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
            for question in sorted(inbox.open(WaitKind.IO), key=lambda question: question.asked_at):
                self._take(inbox, question, doubted=True)

    async def close(self) -> None:
        """Stop; batches that are under way are found again."""
        self._inbox = None
        batchings, self._of = list(self._of.values()), {}
        for batching in batchings:
            await batching.close()

    def states(self) -> list[BatchesState]:
        """Return how the batches stand, by provider."""
        return [
            BatchesState(
                name,
                one.waiting,
                tuple(BatchSent(sent.id, sent.line.model, sent.count, sent.sent) for sent in one.outstanding()),
                one.trouble,
            )
            for name, one in sorted(self._of.items())
        ]

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
            from workflow_engine.agents.batching import Batching  # only programs with batches wait for it

            find, priced = functools.partial(self._find, name), functools.partial(self._priced, name)
            batching = self._of[name] = Batching(name, find, priced, inbox)
        batching.take(question, doubted=doubted)
