"""A toolbox with nothing in it."""

from collections.abc import Mapping

from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class NoTools:
    """Finds no tools, whatever phases name: for models that are to get along without."""

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """See `workflow_engine.agents.agent.Toolbox`."""
        return {}
