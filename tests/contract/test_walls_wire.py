"""The walls towards the network: hosts, odd paths, redirects, the headers of every answer, cookies."""

import logging
import urllib.parse
from collections.abc import Generator
from typing import Final

import pytest

from tests.contract.walls_given import (
    PASSWORD,
    PEOPLE,
    Reply,
    World,
    asked,
    logged_well,
    quoted,
    request_of,
    standing,
    walled,
)
from tests.contract.walls_table import SAFE, Route, named
from workflow_engine.ui.security.headers import HEADERS
from workflow_engine.ui.security.roles import Role

FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with walled(tmp_path_factory.mktemp("wire"), body_max_mib=1) as found:
        standing(found)
        yield found


@pytest.fixture(autouse=True)
def _log_without_failures(caplog: pytest.LogCaptureFixture) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    with caplog.at_level(logging.INFO):
        yield
    logged_well(caplog.records)


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
    *(
        "//evil.example",
        "//evil.example/..",
        "/\\evil.example",
        "/%5cevil.example",
        "/%2f%2fevil.example/",
        "///evil.example",
    ),
    *(
        "/tasks//evil.example",
        "/tasks/",
        "/inbox/",
        "/tasks;x=1",
        "/tasks/%00",
        "/%00",
        "/tasks/%0d%0aX-Evil:1",
        "/./tasks",
    ),
    *(
        "/tasks/../inbox",
        "/%",
        "/%zz",
        "/\xc3\xa9",
        "/%ff%fe",
        "/tasks/%f0%9f%92%a9",
        "/TASKS",
        "/tasks%20",
        "/?x=%00",
        "*",
    ),
    *(
        "/static",
        "/static/",
        "/static//style.css",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1//tasks",
        "/login/",
        "/api/v2/x",
    ),
    *(
        "http://evil.example/",
        "http://127.0.0.1//evil.example",
        "/tasks/bulk",
        "/live/",
        "/.git/config",
        "/wp-login.php",
    ),
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
    *(
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
    ),
    *(
        "/%2fevil.example",
        "/%5cevil.example",
        "%2f%2fevil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\n/evil.example",
    ),
    *(
        "http:evil.example",
        "evil.example",
        " //evil.example",
        "/.//evil.example",
        "/x\r\nX-Evil: 1",
        "/\u2028",
        "/..//evil.example",
    ),
    *(
        "https:/evil.example",
        "//evil.example@127.0.0.1/",
        "/login?next=//evil.example",
        "/logout",
        "\x00//evil.example",
    ),
)


@pytest.mark.parametrize("after", ELSEWHERE)
def test_logging_in_leads_nowhere_else(world: World, after: str) -> None:
    host = f"127.0.0.1:{world.site.browser.port}"
    stranger = world.site.another()
    page = stranger.get(f"/login?next={quoted(after)}")
    fields = [("name", PEOPLE[Role.VIEWER] + "-too"), ("password", PASSWORD), ("next", after)]
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


@pytest.mark.parametrize("route", SAFE, ids=named)
def test_every_answer_has_the_headers_that_protect_it(world: World, route: Route) -> None:
    path, _, headers = request_of(world, route, fresh=False)
    for method in ("GET", "HEAD", "OPTIONS", "PATCH", "TRACE"):
        guarded(asked(world, method, path), f"{method} {path}")
        guarded(world.send(method, path, headers=headers), f"{method} {path} of a stranger")
    guarded(world.send("GET", path, headers={"Host": "evil.example"}), f"{path} of another host")


ERRORS: Final = (
    *("/nothing", "/tasks/nobody", "/api/v1/tasks/nobody", "/inbox/a/b/1/1q0", "/static/none.css", "/tasks?after=x"),
    *("/workflows/none", "/live/tasks/none", f"/tasks?text={'x' * 17_000}"),
)


@pytest.mark.parametrize("path", ERRORS)
def test_errors_have_them_too(world: World, path: str) -> None:
    guarded(asked(world, "GET", path), path)
    guarded(asked(world, "POST", path, b"x=1"), path)


def test_what_the_server_itself_refuses_is_plain_text_and_guarded_as_well(world: World) -> None:
    for request in (
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nX<y: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: <b>\r\n\r\n",
    ):
        head, _, body = world.raw(request).partition(b"\r\n\r\n")
        assert head.split(b" ")[1] == b"400"
        assert b"Content-Type: text/plain" in head
        for name, value in HEADERS.items():
            assert f"{name}: {value}".encode() in head
        assert b"Cache-Control: no-store" in head
        assert b"waitress" not in head + body


def test_cookies_are_for_this_site_alone_and_no_script_reads_them(world: World) -> None:
    stranger = world.site.another()
    page = stranger.get("/login")
    fields = [("name", PEOPLE[Role.VIEWER] + "-too"), ("password", PASSWORD)]
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
