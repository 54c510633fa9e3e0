"""The side of the engine: takes requests, has the engine do them, and replies.  Bad input never hurts the engine."""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

import workflow_engine
from workflow_engine.control.calls import CALLS, perform
from workflow_engine.control.messages import LINE_BYTES_MAX, Refusal, Reply, Request, decode_request, encode, refusal
from workflow_engine.control.place import Place
from workflow_engine.errors import EngineError, EngineStopped, InputRefused

if TYPE_CHECKING:
    from workflow_engine.face.moving import Moving

LOG: Final = logging.getLogger("workflow_engine")

CONNECTIONS_MAX: Final = 256
"""Callers at once; more are refused."""

LAST_REPLIES: Final = 1.0
"""Seconds that the replies under way have when the engine has stopped."""


class ControlServer:
    """Takes commands for one engine, on the loop it is started under.

    Args:
        engine: whom they are for.
        counts: gives what ``status`` says of the engine.
        place: the socket.
    """

    def __init__(self, engine: "Moving", counts: Callable[[], dict[str, Any]], place: Place) -> None:
        self._engine = engine
        self._counts = counts
        self._place = place
        self._since = time.time()
        self._server = asyncio.ensure_future(
            asyncio.start_unix_server(self._connected, sock=place.socket, limit=LINE_BYTES_MAX)
        )
        self._connections: set[asyncio.Task[None]] = set()
        self._calls: set[asyncio.Task[Reply]] = set()
        self._withdrawn = False

    @classmethod
    def start(cls, engine: "Moving", counts: Callable[[], dict[str, Any]], data_dir: Path) -> "ControlServer | None":
        """Take commands from now on; return None, and say so in the log, where this machine has no way for that.

        The lock of the journal in *data_dir* must be held.
        """
        if not hasattr(socket, "AF_UNIX"):
            LOG.info("this system has no Unix sockets, so the engine takes no commands from other processes")
            return None
        try:
            return cls(engine, counts, Place(data_dir))
        except OSError as error:
            LOG.warning("the engine takes no commands from other processes: no socket can be made: %s", error)
            return None

    def withdraw(self) -> None:
        """Take no more commands.  To be called while the lock is held: later, another engine may have the place."""
        if not self._withdrawn:
            self._withdrawn = True
            self._place.remove()
            self._server.add_done_callback(_close)

    async def finish(self) -> None:
        """Let the replies under way go out, then close all connections."""
        self.withdraw()
        await asyncio.wait([self._server])
        if self._calls:
            await asyncio.wait(self._calls, timeout=LAST_REPLIES)
            await asyncio.sleep(0)  # for what was replied to be written
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        try:
            if len(self._connections) > CONNECTIONS_MAX:
                await self._turn_away(reader, writer)
            else:
                await self._serve(reader, writer)
        except (ConnectionError, TimeoutError):
            pass  # the caller is gone, and what it asked for is done
        finally:
            self._connections.discard(connection)
            writer.close()

    async def _turn_away(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError):
            # Closing a socket with bytes that were not read would cost the caller the reply.
            await asyncio.wait_for(reader.readline(), LAST_REPLIES)
        await _send(writer, _refused(EngineStopped(f"{CONNECTIONS_MAX} callers are connected; ask again later")))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.ensure_future(reader.readline())
        try:
            while True:
                try:
                    request = await line
                except ValueError:  # longer than the limit: what follows cannot be told apart
                    await _send(writer, _refused(InputRefused(f"a request has {LINE_BYTES_MAX:,} bytes at most")))
                    return
                if not request:
                    return
                line = asyncio.ensure_future(reader.readline())
                reply = await self._reply(request, line)
                if reply is None:
                    return
                await _send(writer, reply)
        finally:
            line.cancel()

    async def _reply(self, line: bytes, following: "asyncio.Future[bytes]") -> Reply | None:
        """Return the reply to a request; None where the caller went away and the call only waited."""
        try:
            request = decode_request(line)
        except msgspec.DecodeError as error:
            return _refused(
                InputRefused(f'a request is a line such as {{"call": "status", "arguments": {{}}}}: {error}')
            )
        call = asyncio.ensure_future(self._performed(request))
        self._calls.add(call)
        try:
            if request.call in CALLS and CALLS[request.call].idle:
                either: set[asyncio.Future[Any]] = {call, following}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not call.done() and _ended(following):
                    return None
            return await call
        finally:
            self._calls.discard(call)
            call.cancel()

    async def _performed(self, request: Request) -> Reply:
        try:
            if self._withdrawn:
                raise EngineStopped(
                    "the engine is stopping; what it has accepted is kept, and goes on when it runs again"
                )
            if request.call in ("status", "ping"):
                return Reply(self._status())
            return Reply(await perform(self._engine, request.call, request.arguments))
        except (EngineError, TimeoutError) as error:
            return _refused(error)
        except Exception as error:  # a defect of ours, which must not end the connection without a word
            LOG.exception("the call %s failed", request.call)
            return Reply(
                error=Refusal("EngineError", f"the call {request.call} failed: {type(error).__name__}: {error}")
            )

    def _status(self) -> dict[str, Any]:
        about = {"pid": os.getpid(), "version": workflow_engine.__version__, "serving_since": self._since}
        return {**about, **self._counts()}


def _close(started: "asyncio.Future[asyncio.Server]") -> None:
    if not started.cancelled() and started.exception() is None:
        started.result().close()


def _refused(error: EngineError | TimeoutError) -> Reply:
    return Reply(error=refusal(error))


def _ended(line: "asyncio.Future[bytes]") -> bool:
    return line.done() and not line.cancelled() and line.exception() is None and not line.result()


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(encode(reply) + b"\n")
    await writer.drain()
