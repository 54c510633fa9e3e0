"""The tools of an MCP server, which is started on first use, shared by all tasks, and started anew when it died."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.toolbox.mcp_connection import McpConnection
from workflow_engine.agents.tools import Policy, ToolContext, ToolError
from workflow_engine.errors import TransientFailure
from workflow_engine.spec.parts import ToolDeclaration

if TYPE_CHECKING:
    from mcp_types import CallToolResult, RequestParamsMeta
    from mcp_types import Tool as Offered

TEXT_MAX: Final = 200_000
"""Most characters of a result that the model is told."""

PAGES_MAX: Final = 100
"""Most pages of a list of tools."""


class McpTool:
    """All tools of one MCP server, under the names that the server gives them.

    Args:
        declaration: says how it is reached: ``command`` or ``url``; ``environment`` names what it may see.
    """

    def __init__(self, declaration: ToolDeclaration) -> None:
        self._declaration = declaration
        self._connection: McpConnection | None = None
        self._opening = asyncio.Lock()
        self._specs: dict[str, tuple[ToolSpec, Policy]] = {}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `workflow_engine.agents.tools.Tool`; as of when the server was started last."""
        return tuple(spec for spec, _ in self._specs.values())

    async def start(self) -> None:
        """Start the server, and ask what it offers, unless it runs.

        Raises:
            PermanentFailure: it cannot be started.
            TransientFailure: it does not answer.
        """
        await self._connected()

    async def close(self) -> None:
        """Stop the server."""
        async with self._opening:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.close()

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `workflow_engine.agents.tools.Tool`."""
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT
        from pydantic import ValidationError

        connection = await self._connected()
        try:
            result = await connection.client.call_tool(name, arguments, meta=_meta(context))
        except MCPError as error:
            if error.code == CONNECTION_CLOSED or connection.is_closed:
                await self._drop(connection)
                raise TransientFailure(f"{self._named} ended during {name}{connection.last_words()}") from error
            if error.code == REQUEST_TIMEOUT:
                raise ToolError(f"{name} took too long, and may or may not have done its work") from error
            raise ToolError(f"{name} was refused: {error.message}") from error
        except ValidationError as error:
            raise ToolError(f"what {name} gave is no result of MCP") from error
        except Exception as error:  # of the transport: a broken stream, a refused connection
            await self._drop(connection)
            raise TransientFailure(f"{self._named} cannot be reached: {error!r}") from error
        return _told(name, result)

    def policy(self, name: str) -> Policy:
        """See `workflow_engine.agents.tools.Tool`: what only reads is allowed, for so much as the server says so."""
        return self._specs[name][1]

    @property
    def _named(self) -> str:
        return f"the MCP server of tool {self._declaration.id!r}"

    async def _connected(self) -> McpConnection:
        """Return the connection, made anew where there is none that lives."""
        async with self._opening:
            if self._connection is not None and not self._connection.is_closed:
                return self._connection
            if self._connection is not None:
                await self._connection.close()
            self._connection = None
            connection = McpConnection(self._declaration)
            await connection.open()
            try:
                # What a server does not offer any more stays: a conversation under way may know it.
                self._specs |= {tool.name: (_spec(tool), _policy(tool)) for tool in await self._offered(connection)}
            except BaseException:
                await connection.close()
                raise
            self._connection = connection
            return connection

    async def _offered(self, connection: McpConnection) -> "list[Offered]":
        from mcp import MCPError

        found: list[Offered] = []
        cursor: str | None = None
        try:
            for _ in range(PAGES_MAX):
                page = await connection.client.list_tools(cursor=cursor)
                found += page.tools
                cursor = page.next_cursor
                if cursor is None:
                    break
        except MCPError as error:
            raise TransientFailure(f"{self._named} does not say what it offers: {error}") from error
        return found

    async def _drop(self, connection: McpConnection) -> None:
        """Let go of a connection that does not work, if nobody else did."""
        async with self._opening:
            if self._connection is connection:
                self._connection = None
                await connection.close()


def _meta(context: ToolContext) -> "RequestParamsMeta":
    """Return what a server may know a repeated call by."""
    said: Any = {"workflow-engine/key": context.key}
    return cast("RequestParamsMeta", said)


def _spec(tool: "Offered") -> ToolSpec:
    return ToolSpec(tool.name, tool.description or tool.title or tool.name, dict(tool.input_schema))


def _policy(tool: "Offered") -> Policy:
    return "allow" if tool.annotations is not None and tool.annotations.read_only_hint is True else "ask"


def _told(name: str, result: "CallToolResult") -> str:
    """Return a result as a text.

    Raises:
        ToolError: it is an error.
    """
    text = "\n".join(_texts(result.content))
    if not text and result.structured_content is not None:
        text = msgspec.json.encode(result.structured_content).decode()
    if len(text) > TEXT_MAX:
        text = f"{text[:TEXT_MAX]}\n[cut off after {TEXT_MAX:,} characters of {len(text):,}]"
    if result.is_error:
        raise ToolError(text or f"{name} failed, and does not say why")
    return text


def _texts(content: Iterable[Any]) -> Iterable[str]:
    for block in content:
        plain: Mapping[str, Any] = block.model_dump(mode="json", exclude_none=True)
        match plain:
            case {"type": "text", "text": str(text)}:
                yield text
            case {"type": "resource", "resource": {"text": str(text)}}:
                yield text
            case {"type": "resource_link", "uri": str(uri)}:
                yield uri
            case _:
                yield f"[{plain.get('type', 'something')}, which is no text]"
