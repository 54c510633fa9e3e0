"""A toolbox with nothing in it."""

from collections.abc import Mapping

from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.spec.problems import listed
from workflow_engine.task import Task


class NoTools:
    """Finds no tools."""

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """See `workflow_engine.agents.agent.Toolbox`."""
        if phase.tools:
            raise PermanentFailure(
                f"phase {phase.id!r} names the tools {listed(phase.tools)}, and its adapter has none; register the "
                "provider with engine.register_provider, which leaves the engine's tools in place"
            )
        return {}
