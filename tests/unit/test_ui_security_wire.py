"""The guard behind the server that we ship, byte by byte: what no test client would send."""

import contextlib
import importlib
import logging
import socket
import threading
from collections.abc import Generator
from typing import Any

import pytest

from tests.unit.ui_security_given import given
from workflow_engine.ui_settings import UiSettings


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Generator[int]:
    """The port of a server without login on loopback, which takes 1 MiB a request."""
    site = given(tmp_path_factory.mktemp("wire"), UiSettings(port=0, body_max_mib=1), ())
    logging.getLogger("waitress").setLevel(logging.ERROR)
    waitress: Any = importlib.import_module("waitress")  # it has no types
    server = waitress.create_server(site.app, host="127.0.0.1", port=0, threads=2, clear_untrusted_proxy_headers=False)

    def serve() -> None:
        with contextlib.suppress(OSError):  # its sockets are closed under it
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.effective_port
    server.close()
    server.task_dispatcher.shutdown(timeout=1.0)
    thread.join(5)


def sent(port: int, request: bytes) -> tuple[int, str]:
    """Send bytes, and return the status and the rest of what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        content = b""
        with contextlib.suppress(ConnectionError):  # the server has said its word and hears no more of ours
            while part := connection.recv(65_536):
                content += part
    return int(content.split(b" ", 2)[1]), content.decode("latin-1")


def get(port: int, *headers: str, target: str = "/look", version: str = "1.1") -> int:
    """Send a GET with these headers, and return the status."""
    lines = [f"GET {target} HTTP/{version}", *headers, "Connection: close", "", ""]
    return sent(port, "\r\n".join(lines).encode("latin-1"))[0]


def test_this_machine_is_answered(port: int) -> None:
    assert get(port, f"Host: 127.0.0.1:{port}") == 200


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Host:",),
        ("Host: evil.example",),
        ("Host: evil.example", "Host: localhost"),
        ("Host: localhost", "Host: evil.example"),
        ("Host: localhost, evil.example",),
        ("Host : localhost",),
        ("Host: localhost", "Host : evil.example"),
        ("host: evil.example", "X-Forwarded-Host: localhost"),
        ("Host_: localhost",),
    ],
)
def test_a_host_that_is_not_ours_or_not_clear_is_refused(port: int, headers: tuple[str, ...]) -> None:
    assert get(port, *headers) in (400, 421)


def test_a_request_of_an_old_protocol_without_a_host_is_refused(port: int) -> None:
    assert get(port, version="1.0") == 421


def test_an_address_with_a_host_of_its_own_changes_nothing(port: int) -> None:
    assert get(port, "Host: evil.example", target="http://localhost/look") == 421


def test_a_header_with_an_underscore_passes_for_no_other(port: int) -> None:
    assert get(port, "Host: localhost", "X_Forwarded_For: 1.1.1.1") == 200
    assert get(port, "Host: localhost", "X-Forwarded-For: 1.1.1.1") == 403


def test_a_body_without_a_length_is_bounded_too(port: int) -> None:
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    request = head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunk * 20 + b"0\r\n\r\n"
    assert sent(port, request)[0] == 413


def test_a_post_of_a_foreign_page_is_refused(port: int) -> None:
    head = f"POST /do HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n"
    status, text = sent(port, (head + "Connection: close\r\n\r\n").encode())
    assert (status, "came from another site" in text) == (403, True)
