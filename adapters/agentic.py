"""The agentic adapter of an engine that has no other: the registered handler is the agent, else a model."""

from workflow_engine.adapter import Closes, Output, Suspend
from workflow_engine.agents.agent import Toolbox
from workflow_engine.agents.models import Models
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class DefaultAgentAdapter:
    """Calls the handler that is registered for the phase's classification, or has a model carry the phase out.

    Args:
        handlers: the registered handlers.
        models: who runs the models.
        toolbox: where tools are found.
    """

    def __init__(self, handlers: Handlers, models: Models, toolbox: Toolbox) -> None:
        self._handlers = handlers
        self._models = models
        self._toolbox = toolbox

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        registered = (task.classification or "") in self._handlers
        if registered or not (phase.prompt or phase.system):
            return await self._handlers.call(task)
        agent = await self._models.agent(phase, self._toolbox)
        return await agent.execute(task, phase)

    async def close(self) -> None:
        """Let go of the connections to providers and tools."""
        await self._models.close()
        if isinstance(self._toolbox, Closes):
            await self._toolbox.close()
