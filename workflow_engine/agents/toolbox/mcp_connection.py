"""One connection to an MCP server, held by an asyncio task of its own: what opened it has to be what closes it."""

import asyncio
import os
import re
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from workflow_engine.adapters.process import allowed_environment
from workflow_engine.agents.toolbox.settings import read_settings
from workflow_engine.errors import PermanentFailure, TransientFailure
from workflow_engine.spec.durations import Seconds
from workflow_engine.spec.parts import ToolDeclaration
from workflow_engine.spec.strict import Strict

if TYPE_CHECKING:
    from mcp import Client

START_SECONDS: Final = 60.0
"""Longest time until a server answers; one that is fetched first takes a while."""

WORDS_MAX: Final = 2_000
"""Most bytes of what a server wrote to stderr last, for messages."""

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class McpSettings(Strict):
    """Settings of an MCP server.

    Attributes:
        timeout: seconds that a call may take.
        cwd: where a server that is a program runs.
        headers: HTTP headers for one that has a URL; ``${NAME}`` in them is a variable that the declaration's
            ``environment`` names.
    """

    timeout: Annotated[Seconds, Field(gt=0)] = 300.0
    cwd: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class McpConnection:
    """A connection.

    Args:
        declaration: says how the server is reached.

    Raises:
        PermanentFailure: its config cannot be used.
    """

    def __init__(self, declaration: ToolDeclaration) -> None:
        self._declaration = declaration
        self._settings = read_settings(McpSettings, declaration.config, declaration.id)
        self._client: Client | None = None
        self._holder: asyncio.Task[None] | None = None
        self._enough = asyncio.Event()
        self._words = _LastWords()

    @property
    def client(self) -> "Client":
        """The client, once it is open."""
        assert self._client is not None
        return self._client

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return self._holder is None or self._holder.done()

    async def open(self) -> None:
        """Start the server and greet it.

        Raises:
            PermanentFailure: it cannot be started.
            TransientFailure: it does not answer.
        """
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._holder = asyncio.create_task(self._hold(ready))
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.shield(ready)
        except TimeoutError as error:
            await self.close()
            fact = f"does not answer within {START_SECONDS:g} seconds{self.last_words()}"
            raise TransientFailure(f"{self._named} {fact}") from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End it, and the server."""
        holder = self._holder
        if holder is None:
            return
        self._enough.set()
        if self._client is None:
            holder.cancel()
        await asyncio.wait([holder])

    def last_words(self) -> str:
        """Return what the server wrote to stderr last, as the end of a sentence."""
        return self._words.told()

    async def _hold(self, ready: "asyncio.Future[None]") -> None:
        try:
            async with AsyncExitStack() as stack:
                self._client = await stack.enter_async_context(await self._made(stack))
                ready.set_result(None)
                await self._enough.wait()
        except Exception as error:  # from the client, which raises groups of errors
            if not ready.done():
                ready.set_exception(self._failure(error))
                ready.exception()  # somebody may have gone away meanwhile
        finally:
            self._words.close()

    async def _made(self, stack: AsyncExitStack) -> "Client":
        import httpx2
        from mcp import Client, StdioServerParameters
        from mcp.client.stdio import stdio_client
        from mcp.client.streamable_http import streamable_http_client

        declared, timeout = self._declaration, self._settings.timeout
        if declared.command:
            server = StdioServerParameters(
                command=declared.command[0],
                args=list(declared.command[1:]),
                env=allowed_environment(declared.environment),
                cwd=self._settings.cwd,
            )
            errors = stack.enter_context(os.fdopen(self._words.open(), "w"))
            return Client(stdio_client(server, errlog=errors), read_timeout_seconds=timeout)
        if declared.url is None:
            raise PermanentFailure(f"{self._named} has neither command nor url; say how it is reached")
        limits = httpx2.Timeout(30.0, read=timeout)
        http = await stack.enter_async_context(httpx2.AsyncClient(headers=self._headers(), timeout=limits))
        return Client(streamable_http_client(declared.url, http_client=http), read_timeout_seconds=timeout)

    def _headers(self) -> dict[str, str]:
        """Return the headers of the config; ``${NAME}`` is a variable that the declaration's environment names."""
        return {name: _VARIABLE.sub(self._variable, value) for name, value in self._settings.headers.items()}

    def _variable(self, match: re.Match[str]) -> str:
        name = match[1]
        if name not in self._declaration.environment or name not in os.environ:
            raise PermanentFailure(
                f"{self._named} needs ${{{name}}}, which is not set, or not named in its environment; set and name it"
            )
        return os.environ[name]

    def _failure(self, error: BaseException) -> PermanentFailure | TransientFailure:
        """Return what a failed start is for the engine."""
        causes = _leaves(error)
        told = next((cause for cause in causes if isinstance(cause, PermanentFailure)), None)
        if told is not None:
            return told
        command = self._declaration.command
        if command and any(isinstance(cause, FileNotFoundError | PermissionError) for cause in causes):
            return PermanentFailure(
                f"{self._named} cannot be started: there is no program {command[0]!r} that can be run; install it"
            )
        what = "ended at its start" if command else f"cannot be reached at {self._declaration.url}"
        return TransientFailure(f"{self._named} {what}: {causes[0]}{self.last_words()}")

    @property
    def _named(self) -> str:
        return f"the MCP server of tool {self._declaration.id!r}"


class _LastWords:
    """Reads what a server writes to stderr, and keeps the end of it."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._reading: int | None = None

    def open(self) -> int:
        """Return what the server writes into; it is the caller's to close."""
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        asyncio.get_running_loop().add_reader(self._reading, self._read)
        return writing

    def close(self) -> None:
        if self._reading is not None:
            self._read()
        if self._reading is not None:
            self._end(self._reading)

    def told(self) -> str:
        if self._reading is not None:
            self._read()
        text = bytes(self._kept).decode(errors="replace").strip()
        return f"; its last words: {text}" if text else ""

    def _read(self) -> None:
        reading = self._reading
        if reading is None:
            return
        try:
            piece = os.read(reading, 65_536)
        except BlockingIOError:
            return
        if not piece:
            self._end(reading)
        self._kept += piece
        del self._kept[:-WORDS_MAX]

    def _end(self, reading: int) -> None:
        asyncio.get_running_loop().remove_reader(reading)
        os.close(reading)
        self._reading = None


def _leaves(error: BaseException) -> list[BaseException]:
    """Return the errors in a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        inner: tuple[BaseException, ...] = error.exceptions  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - of anything
        return [leaf for one in inner for leaf in _leaves(one)]
    return [error]
