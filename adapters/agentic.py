"""The agentic adapter of an engine that has no other: the registered handler is the agent, else a model."""

from workflow_engine.adapter import Closes, Inbox, Output, Suspend
from workflow_engine.adapters.agent_defaults import Means
from workflow_engine.agents.agent import Toolbox
from workflow_engine.agents.models import Models
from workflow_engine.core.components import Question
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

    def means(self) -> Means:
        """See `workflow_engine.adapters.agent_defaults.Lends`."""
        return Means(self._models.caller, self._toolbox)

    def take_inbox(self, inbox: Inbox) -> None:
        """See `workflow_engine.adapter.TakesInbox`."""
        self._models.batches.take_inbox(inbox)

    async def start(self) -> None:
        """Begin to answer the turns of phases in batch mode."""
        await self._models.batches.start()

    def about(self, question: Question) -> str | None:
        """See `workflow_engine.adapter.Explains`."""
        return self._models.batches.about(question)

    async def close(self) -> None:
        """Let go of the connections to providers and tools."""
        await self._models.close()
        if isinstance(self._toolbox, Closes):
            await self._toolbox.close()
