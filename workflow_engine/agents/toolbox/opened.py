"""Tools that are open: each is made and started once for an engine, when it is needed first, and closed with it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from workflow_engine.adapter import Closes, Starts
from workflow_engine.agents.tools import Tool
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.parts import ToolDeclaration
from workflow_engine.spec.problems import did_you_mean

LOG: Final = logging.getLogger("workflow_engine")

BUILTIN: Final = ("filesystem", "http", "subprocess")
"""Ids of the built-in tools."""


class OpenedTools:
    """Makes, starts and closes tools.

    Args:
        data_dir: the engine's data directory.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._tools: dict[str, Tool] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def declared(self, declaration: ToolDeclaration) -> Tool:
        """Return the tool of a declaration; declarations that say the same have the same.

        Raises:
            PermanentFailure: it cannot be made or started.
            TransientFailure: it does not start just now.
        """
        key = declaration.model_copy(update={"policy": None}).model_dump_json()
        return await self._opened(key, lambda: _made(declaration, self._data_dir))

    async def registered(self, name: str, tool: Tool) -> Tool:
        """Return a registered tool, started."""
        return await self._opened(f"{name} {id(tool)}", lambda: tool)

    async def close(self) -> None:
        """Close what is open; a tool that fails is logged and does not keep the others from it."""
        tools, self._tools = list(self._tools.values()), {}
        self._turns.clear()
        for tool in reversed(tools):
            if isinstance(tool, Closes):
                try:
                    await tool.close()
                except Exception:
                    LOG.exception("%s failed to close", type(tool).__name__)

    async def _opened(self, key: str, make: Callable[[], Tool]) -> Tool:
        async with self._turns[key]:
            found = self._tools.get(key)
            if found is None:
                found = make()
                if isinstance(found, Starts):
                    await found.start()
                self._tools[key] = found
            return found


def _made(declaration: ToolDeclaration, data_dir: Path) -> Tool:
    if declaration.type == "plugin":
        from workflow_engine.agents.toolbox.plugins import plugin_tool

        return plugin_tool(declaration)
    if declaration.type == "mcp":
        from workflow_engine.agents.toolbox.mcp import McpTool

        return McpTool(declaration)
    match declaration.id:
        case "filesystem":
            from workflow_engine.agents.toolbox.filesystem import filesystem_tool

            return filesystem_tool(declaration.config, data_dir)
        case "http":
            from workflow_engine.agents.toolbox.http import http_tool

            return http_tool(declaration.config)
        case "subprocess":
            from workflow_engine.agents.toolbox.subprocess import subprocess_tool

            return subprocess_tool(declaration.config, data_dir)
        case unknown:
            raise PermanentFailure(
                f"there is no built-in tool {unknown!r}; there are {', '.join(BUILTIN)}{did_you_mean(unknown, BUILTIN)}"
            )
