"""Sets of tools: several that are one, and one under other names."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.tools import Policy, Tool, ToolContext


class ToolSet:
    """Several tools as one.

    Args:
        tools: those that it is made of; no two of them offer the same name.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {spec.name: (spec, tool) for tool in tools for spec in tool.specs}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `workflow_engine.agents.tools.Tool`."""
        return tuple(spec for spec, _ in self._tools.values())

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `workflow_engine.agents.tools.Tool`."""
        return await self._tools[name][1].call(name, arguments, context)

    def policy(self, name: str) -> Policy:
        """See `workflow_engine.agents.tools.Tool`."""
        return self._tools[name][1].policy(name)


class Renamed:
    """A tool whose names are others for the model.

    Args:
        tool: the tool.
        names: its own names by those that the model sees; what is not among them is not offered.
    """

    def __init__(self, tool: Tool, names: Mapping[str, str]) -> None:
        self._tool = tool
        self._names = dict(names)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `workflow_engine.agents.tools.Tool`."""
        own = {spec.name: spec for spec in self._tool.specs}
        return tuple(
            msgspec.structs.replace(own[name], name=shown) for shown, name in self._names.items() if name in own
        )

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `workflow_engine.agents.tools.Tool`."""
        return await self._tool.call(self._names[name], arguments, context)

    def policy(self, name: str) -> Policy:
        """See `workflow_engine.agents.tools.Tool`."""
        return self._tool.policy(self._names[name])
