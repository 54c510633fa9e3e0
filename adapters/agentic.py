"""The agentic adapter of an engine that has no other: the registered handler is the agent, else the offline model."""

import functools
import logging
from typing import Final

from workflow_engine.adapter import Output, Suspend
from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task

LOG: Final = logging.getLogger("workflow_engine")


class DefaultAgentAdapter:
    """Calls the handler that is registered for the phase's classification, or has the offline model reply.

    Args:
        handlers: the registered handlers.
        model: what replies to the prompts of phases without a handler.
    """

    def __init__(self, handlers: Handlers, model: OfflineModel | None = None) -> None:
        self._handlers = handlers
        self._model = model or OfflineModel()

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        registered = (task.classification or "") in self._handlers
        if registered or not (phase.prompt or phase.system):
            return await self._handlers.call(task)
        _say_who_replies()
        return await self._model.execute(task, phase)


@functools.cache  # once per process
def _say_who_replies() -> None:
    LOG.info("no provider of models is configured: the offline model replies; register an agentic adapter for another")
