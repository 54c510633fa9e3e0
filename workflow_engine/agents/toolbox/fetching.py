"""One request over HTTP, to an address that was judged, within bounds of time and size.  Blocks: for a thread.

The standard library does it: its connection can be given a socket that is connected already, so that nothing looks the
name up again, and it follows no redirect and reads no proxy from the environment.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from workflow_engine.agents.toolbox.addresses import Address, Hosts
from workflow_engine.agents.tools import ToolError

_PORTS: Final = {"http": 80, "https": 443}
_PIECE: Final = 64 << 10


class Target(NamedTuple):
    """Where a request goes.

    Attributes:
        scheme: "http" or "https".
        host: in lower case, without brackets.
        port: a number.
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str


class Fetched(NamedTuple):
    """What a server sent.

    Attributes:
        status: such as 200.
        headers: by their names in lower case.
        content: its beginning, up to what was asked for.
        cut: whether there is more.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    cut: bool


class Request:
    """A request under way in a thread.

    Args:
        target: where it goes.
        method: such as "GET".
        hosts: which addresses may be connected to.
        seconds: how long it may take in all.
    """

    def __init__(self, target: Target, method: str, hosts: Hosts, seconds: float) -> None:
        self._target = target
        self._method = method
        self._hosts = hosts
        self._until = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._stopped = False

    def fetch(self, most: int, body: bytes | None, headers: Mapping[str, str]) -> Fetched:
        """Send it, and return the answer, of its content at most *most* bytes.

        Raises:
            ToolError: there is none, or it is no HTTP.
        """
        target = self._target
        kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
        connection = kind(target.host, target.port)
        try:
            connection.sock = self._connected()  # so that it does not look the name up itself
            self._left()
            connection.request(self._method, target.path, body=body, headers=dict(headers))
            return self._read(connection.getresponse(), most)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self._stopped:
                raise ToolError(f"{target.host} took too long") from error
            raise ToolError(f"{target.host} cannot be read: {type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def stop(self) -> None:
        """Have `fetch` end soon, from any thread."""
        self._stopped = True
        held = self._socket
        if held is not None:
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError:  # it is closed already
                return

    def _connected(self) -> socket.socket:
        """Return a socket that is connected to an address that was judged, and speaks TLS where the scheme does."""
        target = self._target
        failure: OSError | None = None
        for address in self._hosts.resolved(target.host, target.port)[:4]:
            try:
                return self._connect(address)
            except OSError as error:
                failure = error
        raise failure or OSError("it has no address")

    def _connect(self, address: Address) -> socket.socket:
        target = self._target
        connected = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket = connected
            connected.settimeout(self._left())
            connected.connect((str(address), target.port))
            if target.scheme == "https":
                context = ssl.create_default_context()
                self._socket = connected = context.wrap_socket(
                    connected, server_hostname=target.host, do_handshake_on_connect=False
                )
                connected.do_handshake()
        except BaseException:
            connected.close()
            raise
        return connected

    def _read(self, response: http.client.HTTPResponse, most: int) -> Fetched:
        content = bytearray()
        while len(content) <= most and (piece := response.read(_PIECE)):
            content += piece
            self._left()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Fetched(response.status, headers, bytes(content[:most]), len(content) > most)

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0 or self._stopped:
            self._stopped = True
            raise TimeoutError("it took too long")
        return left


def target_of(url: str) -> Target:
    """Return where *url* leads.

    Raises:
        ToolError: it is no URL that is fetched.
    """
    if any(ord(character) <= 32 or ord(character) == 127 for character in url) or "\\" in url:
        raise ToolError("a URL holds no blanks, control characters or backslashes; quote them")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ToolError(f"{url[:200]!r} is no URL: {error}") from error
    if parts.scheme not in _PORTS or not host:
        raise ToolError(f"{url[:200]!r} is not fetched; write a URL with http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise ToolError("a URL with a user name or password is not fetched")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise ToolError("a URL is ASCII; quote everything else")
    return Target(parts.scheme, _ascii(host).rstrip("."), _PORTS[parts.scheme] if port is None else port, path)


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode().lower() if not host.isascii() else host.lower()
    except UnicodeError as error:
        raise ToolError(f"{host!r} is no name of a host") from error
