"""The agentic adapter of an engine that has no other: the registered handler is the agent."""

from workflow_engine.adapter import Output, Suspend
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class HandlerAgentAdapter:
    """Calls the handler that is registered for the phase's classification."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        return await self._handlers.call(task)
