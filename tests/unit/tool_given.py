"""What tests of tools share: a call of nobody in particular."""

from workflow_engine.agents.tools import Policy, Tool, ToolContext
from workflow_engine.core.components import Identity
from workflow_engine.task import Task


def call(task: str = "t1", key: str = "t1/draft/1/0.0/c1") -> ToolContext:
    """Return a call, as a tool is told of it."""
    return ToolContext(Task({"identity": Identity(task, "w", "0" * 16, 0.0)}), key, key.rpartition("/")[2])


def offers(tool: Tool) -> dict[str, Policy]:
    """Return what a tool offers, with the policy of each."""
    return {spec.name: tool.policy(spec.name) for spec in tool.specs}
