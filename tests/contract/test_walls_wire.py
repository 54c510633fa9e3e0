"""The walls towards the network: sizes, slow and odd requests, hosts, paths, methods, redirects, headers, traversal."""

import contextlib
import json
import logging
import socket
import threading
import time
import urllib.parse
from collections.abc import Generator
from typing import Final

import pytest

from tests.contract.walls_given import PEOPLE, Reply, World, quoted, request_of, standing, walled
from tests.contract.walls_looking import complaints
from tests.contract.walls_table import ROUTES, Route, named
from tests.unit.hostile_strings import TRAVERSAL
from workflow_engine.ui.security.headers import HEADERS
from workflow_engine.ui.security.roles import Role

CANARY: Final = "the canary that nobody may see"
WITHIN: Final = 20.0
FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    folder = tmp_path_factory.mktemp("wire")
    (folder / "canary.txt").write_text(CANARY)
    with walled(folder / "data", body_max_mib=1) as found:
        standing(found)
        for name in ("canary.txt", "canary.yaml", "1-1.log", "print-1-1.log"):
            (found.desk.data_dir / name).write_text(CANARY)
        yield found


@pytest.fixture(autouse=True)
def _log_without_failures(caplog: pytest.LogCaptureFixture) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    with caplog.at_level(logging.INFO):
        yield
    for record in caplog.records:
        assert record.levelno < logging.ERROR, record.getMessage()
        assert record.exc_info is None, record.getMessage()
        assert record.getMessage().isprintable(), f"a log of several lines: {record.getMessage()!r}"


def asked(world: World, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
    """Return the answer to what an admin sends from a page of ours."""
    admin = world.browsers[Role.ADMIN]
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.send(method, path, browser=admin, body=body, headers={"X-CSRF-Token": world.csrf(admin), **names})


# ---------------------------------------------------------------- traversal

WAYS: Final = {
    "plain": "../canary.txt",
    "deep": "../../../../../../../../etc/passwd",
    "from data": "../../../canary.txt",
    "encoded": "%2e%2e%2fcanary.txt",
    "encoded twice": "%252e%252e%252fcanary.txt",
    "half encoded": "..%2fcanary.txt",
    "overlong": "%c0%ae%c0%ae%c0%afcanary.txt",
    "back slashes": "..%5c..%5ccanary.txt",
    "absolute": "/etc/passwd",
    "absolute, encoded": "%2fetc%2fpasswd",
    "drive": "C:%5cWindows%5cwin.ini",
    "NUL": "canary.txt%00.css",
    "dots": "....//....//canary.txt",
    "a point": "./canary.txt",
    "only dots": "..",
    "users": "../users.json",
    "key": "../ui/key",
    "long": "x" * 5_000,
    "long parts": "../" * 2_000 + "canary.txt",
    "semicolon": "..;/canary.txt",
    "unicode dots": "%e2%80%a5/%ef%bc%8e%ef%bc%8e/canary.txt",
    "line end": "canary.txt%0d%0aX-Evil:%201",
    "surrogate": "%ed%a0%80canary.txt",
}
PLACES: Final = (
    *("/static/{}", "/tasks/{}", "/tasks/logged/logs/{}", "/tasks/logged/logs/{}/1/1", "/tasks/logged/logs/print/{}/1"),
    *("/tasks/{}/logs/print/1/1", "/tasks/logged?tab=logs&log={}", "/tasks/logged?tab=logs&log={}/1/1"),
    *("/tasks/ended/artifacts/$sha/{}", "/tasks/ended/artifacts/{}/notes.txt", "/tasks/{}/artifacts/$sha/notes.txt"),
    *("/tasks/ended?tab=artifacts&artifact={}", "/tasks/talked?tab=transcript&transcript={}", "/live/logs/{}/print/1/1"),
    *("/live/logs/logged/{}/1/1", "/live/tasks/{}", "/inbox/{}", "/inbox/{}/a/1/1q0", "/workflows/{}", "/failures?group={}"),
    *("/workflows/{}/source", "/workflows/{}/edit", "/workflows/{}/submit", "/workflows/new?ready={}"),
    *("/workflows/new?copied={}", "/workflows/saved?before={}&after={}", "/tasks/bulk/done/{}", "/{}"),
    *("/api/v1/tasks/{}", "/api/v1/tasks/ended/artifacts/{}", "/api/v1/workflows/{}", "/api/v1/workflows/{}/graph"),
    *("/api/v1/questions/{}", "/api/v1/tasks/{}/events"),
)


@pytest.mark.parametrize("way", WAYS)
def test_no_address_leads_to_a_file_outside(world: World, way: str) -> None:
    before = world.state()
    for place in PLACES:
        path = world.filled(place).replace("{}", WAYS[way])
        found = asked(world, "GET", path)
        assert found.status < 500, path
        # A page whose parameter names nothing shows what it shows without it.
        assert found.status in (400, 404, 409, 414, 422) or "?" in path or found.status in (301, 302, 303, 308), path
        for secret in (CANARY, "root:x:", "scrypt", '"users":'):
            assert secret not in found.text, path
        assert complaints(found) == [], path
    assert world.state() == before


@pytest.mark.parametrize("name", TRAVERSAL)
def test_no_name_that_is_sent_is_written_outside(world: World, name: str) -> None:
    text = TRAVERSAL[name].replace("\ud800", "")
    outside = set(world.desk.data_dir.parent.iterdir())
    about = f"/inbox/{world.filled('$asking')}/approve/1/1q0"
    for path, fields in {
        f"/inbox/draft/{quoted(text) or 'x'}/a/1/1q0": {"/comment": "x"},
        about.replace("/inbox/", "/inbox/draft/"): {text: text, "/comment": text},
        "/workflows/asks/submit/draft": {"~root": text, "task_id": text},
        "/workflows/new": {"text": f"name: {json.dumps(text)}\nphases:\n  - id: a\n    wait: 1\n", "do": "save"},
        "/workflows/saved/edit": {"text": f"name: {json.dumps(text)}\nphases: []", "began": text, "do": "save"},
        f"/account/tokens/{quoted(text) or 'x'}/revoke": {},
    }.items():
        found = asked(world, "POST", path, urllib.parse.urlencode(fields).encode(), Content_Type=FORM)
        assert found.status < 500, (path, found.status)
        assert complaints(found) == []
    put = asked(world, "PUT", f"/api/v1/tasks/asking/artifacts/{urllib.parse.quote(text)}", b"x", Content_Type="text/plain")
    assert put.status in (200, 404, 405, 422, 308, 414), put.status
    part = f'--b\r\nContent-Disposition: form-data; name="/comment"; filename="{text[:500]}"\r\n\r\nx\r\n--b--\r\n'
    sent = asked(world, "POST", about, part.encode("utf-8", "replace"), Content_Type="multipart/form-data; boundary=b")
    assert sent.status in (400, 409, 422), sent.page.words[:200]
    assert set(world.desk.data_dir.parent.iterdir()) == outside
    for path in world.desk.data_dir.rglob("*"):
        assert path.resolve().is_relative_to(world.desk.data_dir.resolve()), path
    for place in world.desk.data_dir.glob("workflows/*"):
        assert place.is_dir(), place


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize("route", [route for route in ROUTES if route.unsafe], ids=named)
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
        assert answer.split(b" ")[1] in (b"400", b"401", b"403", b"411", b"413", b"501"), (head, answer[:100])


def test_a_hundred_thousand_fields_are_read_or_refused_soon(world: World) -> None:
    for fields in ("&".join(f"a{number}=" for number in range(100_000)), "a&" * 400_000, "%" * 1_000_000):
        begun = time.monotonic()
        found = asked(world, "POST", "/inbox/asking/approve/1/1q0", fields.encode()[: 1 << 20], Content_Type=FORM)
        assert found.status in (400, 409, 413, 422), found.status
        assert time.monotonic() - begun < WITHIN
    parts = b"".join(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(15_000)) + b"--b--\r\n"
    found = asked(world, "POST", "/inbox/asking/approve/1/1q0", parts, Content_Type="multipart/form-data; boundary=b")
    assert found.status in (400, 413, 422)


@pytest.mark.parametrize("body", [b"[" * 500_000, b'{"a":' * 100_000, b"[" * 200 + b"]" * 200, b"1" * 900_000, b"\xff" * 99])
def test_json_of_any_depth_is_refused_where_it_is_taken(world: World, body: bytes) -> None:
    before = world.state()
    for path in ("/api/v1/tasks", "/api/v1/tasks/import", "/api/v1/tasks/bulk", "/api/v1/tasks/ended/cancel"):
        found = asked(world, "POST", path, body, Content_Type="application/json")
        assert found.status in (400, 409, 413, 422), (path, found.status)
    assert world.state() == before
    fields = urllib.parse.urlencode({"~root": body[:200_000].decode("latin-1"), "data": "[" * 100_000}).encode()
    for path in ("/workflows/asks/submit", "/tasks/ended/fork"):
        found = asked(world, "POST", path, b"do=fork&" + fields, Content_Type=FORM)
        assert found.status in (200, 413, 422), (path, found.status)
    deep = asked(world, "POST", "/workflows/check", body, Content_Type="application/json")
    assert deep.status in (200, 400, 413, 422)


def test_an_address_or_a_header_that_is_too_long_is_refused(world: World) -> None:
    host = f"Host: 127.0.0.1:{world.site.browser.port}\r\n"
    for head in (f"GET /tasks?text={'x' * 20_000} HTTP/1.1\r\n{host}\r\n", f"GET /{'a/' * 9_000} HTTP/1.1\r\n{host}\r\n"):
        assert world.raw(head.encode()).split(b" ")[1] == b"414"
    for head in (f"GET / HTTP/1.1\r\n{host}X-Long: {'x' * 10_000_000}\r\n\r\n", f"GET /?{'x' * 10_000_000} HTTP/1.1\r\n{host}\r\n"):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            answer = world.raw(head.encode())
            assert not answer or answer.split(b" ")[1] in (b"400", b"414", b"431")
    many = "".join(f"X-{number}: 1\r\n" for number in range(2_000))
    assert world.raw(f"GET /health HTTP/1.1\r\n{host}Connection: close\r\n{many}\r\n".encode()).split(b" ")[1] in (b"200", b"431")


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
    threads = [
        threading.Thread(target=lambda path=path: found.append(asked(world, "GET", path).status)) for path in paths * 25
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN * 2)
    assert found == [200] * 200


# ---------------------------------------------------------------- hosts, paths, redirects

HOSTS: Final = (
    *("evil.example", "127.0.0.1.evil.example", "localhost.", "localhost@evil.example", "127.0.0.2", "0.0.0.0", "[::]"),
    *("localhost, evil.example", "localhost/evil", "evil.example#localhost", "2130706433", "", "localhost:0"),
    *("localhost:99999", "localhost:x", "LOCALHOST.EVIL.EXAMPLE", "localhost\\evil.example", "\u0131ocalhost"),
)


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused_on_the_real_server(world: World, host: str) -> None:
    for path in ("/", "/login", "/health", "/static/style.css", "/api/v1/tasks", "/nothing"):
        answer = world.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.split(b" ")[1] in (b"400", b"421"), (path, answer[:200])
        assert b"evil" not in answer.lower()
    twice = world.raw(f"GET / HTTP/1.1\r\nHost: localhost\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert twice.split(b" ")[1] in (b"400", b"421")
    absolute = world.raw(f"GET http://{host or 'x'}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert absolute.split(b" ")[1] in (b"400", b"421")


PATHS: Final = (
    *("//evil.example", "//evil.example/..", "/\\evil.example", "/%5cevil.example", "/%2f%2fevil.example/", "///evil.example"),
    *("/tasks//evil.example", "/tasks/", "/inbox/", "/tasks;x=1", "/tasks/%00", "/%00", "/tasks/%0d%0aX-Evil:1", "/./tasks"),
    *("/tasks/../inbox", "/%", "/%zz", "/\xc3\xa9", "/%ff%fe", "/tasks/%f0%9f%92%a9", "/TASKS", "/tasks%20", "/?x=%00", "*"),
    *("/static", "/static/", "/static//style.css", "/api", "/api/v1", "/api/v1/", "/api/v1//tasks", "/login/", "/api/v2/x"),
    *("http://evil.example/", "http://127.0.0.1//evil.example", "/tasks/bulk", "/live/", "/.git/config", "/wp-login.php"),
)


@pytest.mark.parametrize("path", PATHS)
def test_odd_paths_are_pages_or_refused_and_lead_nowhere_else(world: World, path: str) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in world.browsers[Role.ADMIN].cookies.items())
    host = f"127.0.0.1:{world.site.browser.port}"
    for cookie in ("", f"Cookie: {cookies}\r\n"):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}Connection: close\r\n\r\n".encode("latin-1")
        head, _, _ = world.raw(request).decode("latin-1").partition("\r\n\r\n")
        lines = head.split("\r\n")
        status = int(lines[0].split(" ")[1])
        assert status < 500, head
        assert not [line for line in lines if line.lower().startswith("x-evil")], head
        for line in lines:
            if line.lower().startswith("location:"):
                leads_here(line.partition(":")[2].strip(), host)


def leads_here(location: str, host: str) -> None:
    """Check that a redirect stays on this site, however a browser reads it."""
    bare = location.removeprefix(f"http://{host}")
    assert bare.startswith("/"), location
    assert not bare.startswith(("//", "/\\", "/%5c", "/%2f", "/\t")), location
    assert bare.isprintable(), location
    following = urllib.parse.parse_qs(urllib.parse.urlsplit(bare).query).get("next", [])
    for one in following:
        assert one.startswith("/"), location
        assert not one.startswith(("//", "/\\")), location


ELSEWHERE: Final = (
    *("https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example"),
    *("/%2fevil.example", "/%5cevil.example", "%2f%2fevil.example", "javascript:alert(1)", "data:text/html,x", "/\n/evil.example"),
    *("http:evil.example", "evil.example", " //evil.example", "/.//evil.example", "/x\r\nX-Evil: 1", "/\u2028", "/..//evil.example"),
    *("https:/evil.example", "//evil.example@127.0.0.1/", "/login?next=//evil.example", "/logout", "\x00//evil.example"),
)


@pytest.mark.parametrize("after", ELSEWHERE)
def test_logging_in_leads_nowhere_else(world: World, after: str) -> None:
    host = f"127.0.0.1:{world.site.browser.port}"
    stranger = world.site.another()
    page = stranger.get(f"/login?next={quoted(after)}")
    fields = [("name", PEOPLE[Role.VIEWER] + "-too"), ("password", "seven grey herons"), ("next", after)]
    token = world.csrf(stranger)
    done = stranger.post("/login", [*fields, ("csrf_token", token)], follow=False)
    assert done.status == 303, done.words
    leads_here(done.headers["location"], host)
    again = stranger.get(f"/login?next={quoted(after)}", follow=False)
    leads_here(again.headers["location"], host)
    assert ("next", after) not in page.form("/login").fields or after in ("/..//evil.example", "/.//evil.example")


def test_no_form_or_parameter_of_ours_leads_elsewhere(world: World) -> None:
    host = f"127.0.0.1:{world.site.browser.port}"
    for after in ELSEWHERE:
        for name in ("next", "back", "return", "url", "redirect", "filter", "to"):
            found = asked(world, "GET", f"/tasks?{name}={quoted(after)}&text=")
            if found.status in (301, 302, 303, 307, 308):
                leads_here(found.header("location"), host)
        fields = urllib.parse.urlencode({"action": "cancel", "back": after, "filter": after, "next": after}).encode()
        found = asked(world, "POST", "/tasks/bulk/preview", fields, Content_Type=FORM)
        if found.status in (301, 302, 303, 307, 308):
            leads_here(found.header("location"), host)


# ---------------------------------------------------------------- headers


def guarded(found: Reply, path: str) -> None:
    """Check that an answer tells browsers what they have to know."""
    for name, value in HEADERS.items():
        given = found.header(name)
        if name == "Content-Security-Policy":
            assert given == value or ("sandbox" in given.split("; ") and "default-src 'none'" in given), (path, given)
        elif name == "Referrer-Policy":
            assert given in (value, "no-referrer"), (path, given)
        else:
            assert given == value, (path, name, given)
    assert found.header("cache-control"), path
    assert not found.header("server"), path
    assert not found.header("access-control-allow-origin"), path


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.unsafe], ids=named)
def test_every_answer_has_the_headers_that_protect_it(world: World, route: Route) -> None:
    path, _, headers = request_of(world, route, fresh=False)
    for method in ("GET", "HEAD", "OPTIONS", "PATCH", "TRACE"):
        guarded(asked(world, method, path), f"{method} {path}")
        guarded(world.send(method, path, headers=headers), f"{method} {path} of a stranger")
    guarded(world.send("GET", path, headers={"Host": "evil.example"}), f"{path} of another host")


@pytest.mark.parametrize("path", ["/nothing", "/tasks/nobody", "/api/v1/tasks/nobody", "/inbox/a/b/1/1q0", "/static/none.css",
                                  "/tasks?after=x", f"/tasks?text={'x' * 17_000}", "/workflows/none", "/live/tasks/none"])  # fmt: skip
def test_errors_have_them_too(world: World, path: str) -> None:
    guarded(asked(world, "GET", path), path)
    guarded(asked(world, "POST", path, b"x=1"), path)


def test_what_the_server_itself_refuses_is_plain_text_and_guarded_as_well(world: World) -> None:
    for request in (b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nX<y: 1\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: <b>\r\n\r\n"):
        head, _, body = world.raw(request).partition(b"\r\n\r\n")
        assert head.split(b" ")[1] == b"400"
        assert b"Content-Type: text/plain" in head
        assert b"X-Content-Type-Options: nosniff" in head
        assert b"waitress" not in head + body


def test_cookies_are_for_this_site_alone_and_no_script_reads_them(world: World) -> None:
    stranger = world.site.another()
    page = stranger.get("/login")
    fields = [("name", PEOPLE[Role.VIEWER] + "-too"), ("password", "seven grey herons")]
    given = [page.headers["set-cookie"], world.send(
        "POST", "/login", browser=stranger, headers={"Content-Type": FORM},
        body=urllib.parse.urlencode([*fields, ("csrf_token", world.csrf(stranger))]).encode(),
    ).header("set-cookie")]  # fmt: skip
    for cookie in given:
        flags = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite", "path"} <= flags, cookie
        assert "domain" not in flags, cookie
        assert "SameSite=Lax" in cookie
    assert given[0].partition(";")[0] != given[1].partition(";")[0]  # what a stranger planted is not what is logged in


def test_a_session_that_has_ended_is_none_any_more(world: World) -> None:
    browser = world.logged_in("vera-too")
    kept = dict(browser.cookies)
    token = world.csrf(browser)
    assert browser.post("/logout", [("csrf_token", token)], follow=False).status == 303
    browser.cookies = kept
    assert browser.get("/tasks", follow=False).status == 303
