"""The inbox of an adapter, on a host: the open questions of the runs that it carries out."""

from collections.abc import Callable, Mapping
from typing import Any

from workflow_engine.adapter import Adapter
from workflow_engine.core.components import Cost, Question, WaitKind
from workflow_engine.core.events import QuestionAsked
from workflow_engine.core.inputs import Answer
from workflow_engine.runtime.local import Committed, LocalHost
from workflow_engine.values import to_json


class HostInbox:
    """See `workflow_engine.adapter.Inbox`.

    Args:
        host: which decides and commits.
        adapters: by task type, as they are registered at each moment.
        adapter: whose inbox it is.
    """

    def __init__(self, host: LocalHost, adapters: Mapping[str, Adapter], adapter: object) -> None:
        self._host = host
        self._adapters = adapters
        self._adapter = adapter

    def now(self) -> float:
        """Return engine time, in seconds since the epoch."""
        return self._host.now()

    def open(self, kind: WaitKind) -> list[Question]:
        """Return the open questions of a kind, in no order."""
        return [question for question in self._host.core.questions(kind) if self._mine(question.id)]

    def find(self, question: str) -> Question | None:
        """Return a question by its id, None where it is not open."""
        return self._host.core.question(question)

    def watch(self, watcher: Callable[[Question], None]) -> None:
        """Have *watcher* called with each question that is asked from now on."""

        def look(committed: Committed) -> None:
            for event in committed.events:
                if isinstance(event, QuestionAsked) and self._mine(event.question):
                    question = self.find(event.question)
                    if question is not None:
                        watcher(question)

        self._host.watchers.append(look)

    async def answer(self, question: str, value: Any, cost: Cost | None = None) -> None:
        """Answer a question, and book what the answer did cost."""
        raw = to_json(value, "the answer")
        await self._host.ask(lambda ticket: Answer(question, raw, ticket=ticket, cost=cost))

    def _mine(self, question: str) -> bool:
        kind = self._host.core.adapter(question.rpartition("/")[0])
        return kind is not None and self._adapters.get(kind) is self._adapter
