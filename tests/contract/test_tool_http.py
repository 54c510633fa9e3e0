"""The HTTP tool against a real server: what it fetches, and where it does not go."""

import asyncio
import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.tool_given import call, offers
from workflow_engine.agents.toolbox.http import http_tool
from workflow_engine.agents.tools import ToolError
from workflow_engine.errors import PermanentFailure


class Pages(BaseHTTPRequestHandler):
    """Serves what the tests ask for."""

    seen: list[tuple[str, str, str]]

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer by the path."""
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.seen.append((self.command, self.path, self.headers["Host"]))
        match url.path:
            case "/to":
                self.answer(302, headers={"Location": query["url"]})
            case "/round":
                self.answer(302, headers={"Location": "/round"})
            case "/large":
                self.answer(200, b"x" * 3_000_000)
            case "/zip":
                self.answer(200, b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
            case "/png":
                self.answer(200, b"\x89PNG", "image/png")
            case "/drip":
                self.drip()
            case "/missing":
                self.answer(404, b"not here")
            case _:
                self.answer(200, b"<h1>Tides</h1><p>rise</p>", "text/html")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Send back what came."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/to"):
            self.answer(307, headers={"Location": "/elsewhere"})
        else:
            self.answer(200, b"|".join([body, self.headers["Content-Type"].encode(),
                                        self.headers["Idempotency-Key"].encode()]))  # fmt: skip

    def answer(
        self, status: int, body: bytes = b"", kind: str = "text/plain", headers: dict[str, str] | None = None
    ) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def drip(self) -> None:
        """Send headers one by one, for ever."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000):
            try:
                self.wfile.write(f"X-{number}: 1\r\n".encode())
            except OSError:
                return
            time.sleep(0.02)


class Server:
    """A server on a port of its own.

    Attributes:
        port: the port.
        seen: method, path and ``Host`` of what was asked, in order.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Pages", (Pages,), {"seen": self.seen}))
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Return where a path is."""
        return f"http://{host}:{self.port}{path}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


LOCAL = {"private_hosts": ["127.0.0.1"]}


async def fetch(url: str, config: dict[str, Any] | None = None, **more: Any) -> Any:
    """Return what a model is told of *url*."""
    tool = http_tool(LOCAL if config is None else config)
    return await tool.call("http_fetch", {"url": url, **more}, call())


async def refused(url: str, config: dict[str, Any] | None = None) -> str:
    """Return why a URL is not fetched."""
    with pytest.raises(ToolError) as caught:
        await fetch(url, config)
    return str(caught.value)


# ---------------------------------------------------------------- what it does


def test_reading_asks_unless_the_hosts_are_listed_and_sending_always_asks() -> None:
    assert offers(http_tool({})) == {"http_fetch": "ask"}
    assert offers(http_tool({"allow_hosts": ["*.example.com"]})) == {"http_fetch": "allow"}
    assert offers(http_tool({"post": True, "allow_hosts": ["a"]})) == {"http_fetch": "allow", "http_post": "ask"}


async def test_a_page_is_told_as_text(server: Server) -> None:
    url = server.url("/a?b=c")
    assert await fetch(f"{url}#part") == {
        "url": url, "status": 200, "content_type": "text/html", "text": "Tides\n\nrise", "cut_off": False
    }  # fmt: skip
    assert server.seen == [("GET", "/a?b=c", f"127.0.0.1:{server.port}")]


async def test_headers_alone_can_be_fetched(server: Server) -> None:
    told = await fetch(server.url(), head=True)
    assert (told["status"], told["headers"]["content-type"], server.seen[0][0]) == (200, "text/html", "HEAD")


async def test_an_error_of_the_server_is_told(server: Server) -> None:
    told = await fetch(server.url("/missing"))
    assert (told["status"], told["text"]) == (404, "not here")


async def test_a_redirect_is_followed(server: Server) -> None:
    told = await fetch(server.url("/to?url=/there"))
    assert (told["url"], told["text"]) == (server.url("/there"), "Tides\n\nrise")


async def test_of_a_large_page_the_beginning_is_read(server: Server) -> None:
    told = await fetch(server.url("/large"), {**LOCAL, "size_bytes": 1_000})
    assert (len(told["text"]), told["cut_off"]) == (1_000, True)
    told = await fetch(server.url("/large"), {**LOCAL, "size_bytes": 4_000_000})
    assert (len(told["text"]), told["cut_off"]) == (200_000, True)


async def test_what_is_no_text_is_not_read(server: Server) -> None:
    assert await refused(server.url("/png")) == "that is image/png, 4 bytes, and no text"
    assert "sent something compressed" in await refused(server.url("/zip"))


async def test_something_is_sent_with_the_key_of_the_call(server: Server) -> None:
    tool = http_tool({**LOCAL, "post": True})
    told = await tool.call("http_post", {"url": server.url(), "body": "{}"}, call(key="t/ü/c1"))
    assert told["text"] == "{}|application/json|t/_/c1"


# ---------------------------------------------------------------- where it does not go


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("file:///etc/passwd", "is not fetched"),
        ("ftp://example.com/x", "is not fetched"),
        ("gopher://127.0.0.1:6379/_x", "is not fetched"),
        ("data:text/plain,x", "is not fetched"),
        ("http:///x", "is not fetched"),
        ("example.com", "is not fetched"),
        ("http://user:pass@example.com/", "with a user name or password"),
        ("http://127.0.0.1@example.com/", "with a user name or password"),
        ("http://example.com\\@127.0.0.1/", "backslashes"),
        ("http://example.com/\r\nHost: x", "control characters"),
        ("http://example.com/a b", "no blanks"),
        ("http://example.com:99999/", "is no URL"),
        ("http://[::1/", "is no URL"),
        ("http://localhost/", "no public address"),
        ("http://169.254.169.254/latest/meta-data/", "no public address"),
        ("http://[::ffff:169.254.169.254]/", "no public address"),
        ("http://[fd00:ec2::254]/", "no public address"),
        ("http://2130706433/", "no public address"),
        ("http://0x7f.1/", "no public address"),
        ("http://0.0.0.0/", "no public address"),
        ("http://localhost./", "no public address"),
        ("http://no-such-host.invalid/", "cannot be found"),
    ],
)
async def test_a_place_that_is_out_of_bounds_is_refused(url: str, fact: str) -> None:
    assert fact in await refused(url, {})


@pytest.mark.parametrize(
    ("target", "fact"),
    [
        ("http://127.0.0.2/", "127.0.0.2, which is no public address"),
        ("http://[::1]/", "no public address"),
        ("http://169.254.169.254/latest", "no public address"),
        ("//10.0.0.1/x", "no public address"),
        ("file:///etc/passwd", "is not fetched"),
        ("http://a:b@127.0.0.1/", "with a user name or password"),
    ],
)
async def test_a_redirect_to_a_forbidden_place_is_not_followed(server: Server, target: str, fact: str) -> None:
    assert fact in await refused(server.url(f"/to?url={target}"))
    assert len(server.seen) == 1


async def test_redirects_come_to_an_end(server: Server) -> None:
    assert "there are more than 2 redirects" in await refused(server.url("/round"), {**LOCAL, "redirects": 2})
    assert len(server.seen) == 3


async def test_what_is_sent_does_not_follow_a_redirect(server: Server) -> None:
    tool = http_tool({**LOCAL, "post": True})
    with pytest.raises(ToolError, match="does not follow redirects"):
        await tool.call("http_post", {"url": server.url("/to"), "body": "secret"}, call())


async def test_hosts_can_be_listed(server: Server) -> None:
    assert "not among the hosts" in await refused(server.url(), {**LOCAL, "allow_hosts": ["*.example.com"]})
    assert "not among the hosts" in await refused(server.url(), {**LOCAL, "deny_hosts": ["127.*"]})


async def test_a_name_is_looked_up_once_and_that_address_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads somewhere else at the second look-up: here it would lead nowhere."""
    asked: list[str] = []

    def found(host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    told = await fetch(server.url(host="rebound.example"))
    assert (told["status"], asked) == (200, ["rebound.example"])
    assert server.seen == [("GET", "/", f"rebound.example:{server.port}")]
    assert "no public address" in await refused(server.url(host="rebound.example"))


async def test_no_proxy_of_the_environment_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert (await fetch(server.url()))["status"] == 200


async def test_a_server_that_takes_too_long_is_left(server: Server) -> None:
    begun = time.monotonic()
    assert "took more than 0.3 seconds" in await refused(server.url("/drip"), {**LOCAL, "timeout": 0.3})
    assert time.monotonic() - begun < 5


async def test_a_call_that_is_cancelled_leaves_no_thread_behind(server: Server) -> None:
    under_way = asyncio.create_task(fetch(server.url("/drip")))
    while not server.seen:
        await asyncio.sleep(0.01)
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    await asyncio.get_running_loop().shutdown_default_executor()  # waits for the thread


async def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot be read: ConnectionRefusedError" in await refused(f"http://127.0.0.1:{port}/")


# ---------------------------------------------------------------- TLS


def certificate(folder: Path, host: str) -> Path:
    """Make a certificate for *host* that vouches for itself; return the file with it and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


async def test_a_certificate_is_checked_for_the_name_though_the_address_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = Server(context)
    try:
        url = f"https://localhost:{server.port}/"
        config = {"private_hosts": ["127.0.0.1", "::1"]}
        assert "CERTIFICATE_VERIFY_FAILED" in await refused(url, config)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert (await fetch(url, config))["status"] == 200
        assert "CERTIFICATE_VERIFY_FAILED" in await refused(f"https://127.0.0.1:{server.port}/", config)
    finally:
        server.close()


# ---------------------------------------------------------------- what cannot be set up


@pytest.mark.parametrize("config", [{"hosts": []}, {"timeout": "soon"}, {"size_bytes": 0}, {"redirects": 100}])
def test_a_config_that_means_nothing_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(PermanentFailure, match="the config of tool 'http'"):
        http_tool(config)
