"""Limits: bodies, fields, nesting and headers that are too large, slow requests, many at once."""

import contextlib
import logging
import socket
import threading
import time
import urllib.parse
from collections.abc import Generator
from typing import Final

import pytest

from tests.contract.walls_given import World, asked, logged_well, request_of, standing, walled
from tests.contract.walls_table import UNSAFE, Route, named
from workflow_engine.ui.security.roles import Role

WITHIN: Final = 20.0
"""Seconds that anything here may take."""

FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with walled(tmp_path_factory.mktemp("limits"), body_max_mib=1) as found:
        standing(found)
        yield found


@pytest.fixture(autouse=True)
def _log_without_failures(caplog: pytest.LogCaptureFixture) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    with caplog.at_level(logging.INFO):
        yield
    logged_well(caplog.records)


@pytest.mark.parametrize("route", UNSAFE, ids=named)
def test_a_body_that_is_too_large_is_refused(world: World, route: Route) -> None:
    before = world.state()
    path, _, headers = request_of(world, route, fresh=False)
    admin = world.browsers[Role.ADMIN]
    for token in (world.csrf(admin), ""):
        body = b"a=" + b"x" * (1 << 20)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            found = world.send(route.method, path, browser=admin, body=body, headers={**headers, "X-CSRF-Token": token})
            assert found.status == 413
    assert world.state() == before


def test_strangers_may_send_little_and_a_length_that_is_a_lie_helps_nobody(world: World) -> None:
    found = world.send("POST", "/login", body=b"name=" + b"x" * 70_000, headers={"Content-Type": FORM})
    assert found.status == 413
    host = f"Host: 127.0.0.1:{world.site.browser.port}\r\n"
    for head in ("Content-Length: -1", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: x",
                 "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
                 "Content-Length: 99999999999999999999"):  # fmt: skip
        answer = world.raw(f"POST /login HTTP/1.1\r\n{host}{head}\r\n\r\nname=x".encode())
        refusals = (b"400", b"401", b"403", b"411", b"413", b"501")
        assert not answer or answer.split(b" ")[1] in refusals, (head, answer[:100])


def test_a_hundred_thousand_fields_are_read_or_refused_soon(world: World) -> None:
    for fields in ("&".join(f"a{number}=" for number in range(100_000)), "a&" * 400_000, "%" * 1_000_000):
        begun = time.monotonic()
        found = asked(world, "POST", "/inbox/asking/approve/1/1q0", fields.encode()[: 1 << 20], Content_Type=FORM)
        assert found.status in (400, 409, 413, 422), found.status
        assert time.monotonic() - begun < WITHIN
    parts = (
        b"".join(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(15_000)) + b"--b--\r\n"
    )
    found = asked(world, "POST", "/inbox/asking/approve/1/1q0", parts, Content_Type="multipart/form-data; boundary=b")
    assert found.status in (400, 413, 422)


DEEP: Final = {
    "lists": b"[" * 500_000,
    "objects": b'{"a":' * 100_000,
    "200 lists": b"[" * 200 + b"]" * 200,
    "900 lists": b"[" * 900 + b"]" * 900,
    "digits": b"1" * 900_000,
    "no UTF-8": b"\xff" * 99,
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_json_of_any_depth_is_refused_where_it_is_taken(world: World, body: bytes) -> None:
    before = world.state()
    for path in ("/api/v1/tasks", "/api/v1/tasks/import", "/api/v1/tasks/bulk", "/api/v1/tasks/ended/cancel"):
        found = asked(world, "POST", path, body, Content_Type="application/json")
        assert found.status in (400, 409, 413, 422), (path, found.status)
    assert world.state() == before
    fields = urllib.parse.urlencode(
        {"~raw": "1", "~root": body[:200_000].decode("latin-1"), "data": "[" * 100_000}
    ).encode()
    for path in ("/workflows/asks/submit", "/tasks/ended/fork"):
        found = asked(world, "POST", path, b"do=fork&" + fields, Content_Type=FORM)
        assert found.status in (200, 303, 413, 422), (path, found.status)
        for tab in ("runs", "events", "input", "context") if found.status == 303 else ():
            assert asked(world, "GET", f"{found.header('location')}?tab={tab}").status == 200, tab
        if found.status == 303:
            assert asked(world, "GET", f"/api/v1{found.header('location')}").status == 200
            assert asked(world, "GET", f"{found.header('location')}/fork").status == 200
    deep = asked(world, "POST", "/workflows/check", body, Content_Type="application/json")
    assert deep.status in (200, 400, 413, 422)


def test_an_address_or_a_header_that_is_too_long_is_refused(world: World) -> None:
    host = f"Host: 127.0.0.1:{world.site.browser.port}\r\n"
    for head in (
        f"GET /tasks?text={'x' * 20_000} HTTP/1.1\r\n{host}\r\n",
        f"GET /{'a/' * 9_000} HTTP/1.1\r\n{host}\r\n",
    ):
        assert world.raw(head.encode()).split(b" ")[1] == b"414"
    for head in (
        f"GET / HTTP/1.1\r\n{host}X-Long: {'x' * 10_000_000}\r\n\r\n",
        f"GET /?{'x' * 10_000_000} HTTP/1.1\r\n{host}\r\n",
    ):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            answer = world.raw(head.encode())
            assert not answer or answer.split(b" ")[1] in (b"400", b"414", b"431")
    many = "".join(f"X-{number}: 1\r\n" for number in range(2_000))
    assert world.raw(f"GET /health HTTP/1.1\r\n{host}Connection: close\r\n{many}\r\n".encode()).split(b" ")[1] in (
        b"200",
        b"431",
    )


def test_bodies_that_never_come_keep_nobody_waiting(world: World) -> None:
    host = f"Host: 127.0.0.1:{world.site.browser.port}\r\n"
    begun = [
        f"POST /login HTTP/1.1\r\n{host}Content-Length: 100\r\n\r\nname=".encode(),
        f"POST /login HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n5\r\nna".encode(),
        f"GET /tasks HTTP/1.1\r\n{host}X-Slow: ".encode(),
        b"G",
        b"",
    ]
    with contextlib.ExitStack() as opened:
        for number in range(200):
            connection = socket.create_connection((world.site.browser.host, world.site.browser.port), timeout=WITHIN)
            opened.callback(connection.close)
            connection.sendall(begun[number % len(begun)])
        since = time.monotonic()
        for path in ("/", "/inbox", "/tasks", "/health", "/workflows"):
            assert asked(world, "GET", path).status == 200
        assert time.monotonic() - since < WITHIN


def test_two_hundred_requests_at_once_are_all_answered(world: World) -> None:
    paths = ["/", "/inbox", "/tasks", "/tasks/ended", "/workflows", "/failures", "/static/style.css", "/api/v1/tasks"]
    found: list[int] = []

    def look(path: str) -> None:
        found.append(asked(world, "GET", path).status)

    threads = [threading.Thread(target=look, args=(path,)) for path in paths * 25]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN * 2)
    assert found == [200] * 200
