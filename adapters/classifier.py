"""The classifier adapter: finds out what an unclassified task is."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final

from workflow_engine.adapter import Output, Suspend
from workflow_engine.errors import SpecError
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task

CLASSIFIER: Final = "classifier"
"""Task type of the phase that finds out what an unclassified task is."""

Classifier = Callable[[Task], str | Awaitable[str]]
"""Returns the name of a workflow, or a classification; async, or plain, which is run in a thread."""


class ClassifierAdapter:
    """Calls the registered classifier."""

    def __init__(self, classifier: Classifier) -> None:
        if not callable(classifier):
            raise SpecError(f"the classifier is a {type(classifier).__name__}; pass a function of one task")
        self._classifier = classifier

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        if inspect.iscoroutinefunction(self._classifier):
            return Output(await self._classifier(task))
        word = await asyncio.to_thread(self._classifier, task)
        return Output(await word if inspect.isawaitable(word) else word)
