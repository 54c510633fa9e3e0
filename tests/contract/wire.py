"""A server on a real socket that answers with what it is given, for replies that the double cannot be made to give."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple


class Received(NamedTuple):
    """One request.

    Attributes:
        path: with the method before it: "POST /v1/messages".
        headers: by name, in small letters.
        body: as it was sent.
    """

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Wire:
    """Answers each request with the next of its answers.

    Attributes:
        url: of the server.
        requests: that came.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Received] = []
        self._answers: list[bytes] = []

    def answer(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer one request with *body*: bytes as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = {"content-type": "application/json", "content-length": str(len(content)), "connection": "close"}
        lines |= headers or {}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._answers.append(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)

    def stream(self, *events: Any, named: bool = False) -> None:
        """Answer one request with server-sent events: of JSON, named by their ``type`` where that is wanted."""
        lines = [
            (f"event: {event['type']}\n" if named else "")
            + f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n"
            for event in events
        ]
        self.answer("".join(lines).encode(), headers={"content-type": "text/event-stream"})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append(Received(head[0].rpartition(" ")[0], headers, body))
        writer.write(self._answers.pop(0))
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving() -> AsyncGenerator[Wire]:
    """Yield a server that has no answers yet."""
    wire = Wire()
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield wire
