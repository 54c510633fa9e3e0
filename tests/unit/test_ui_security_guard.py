"""The guard: Host, size, who, role, and where what changes something comes from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.unit.ui_security_given import EVERYWHERE, Given, form_token, given, log_in, logged_in, token_in
from workflow_engine.ui.security.access import Access
from workflow_engine.ui.security.headers import POLICY
from workflow_engine.ui.security.installing import install_into
from workflow_engine.ui.security.person import local_person
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui_settings import UiSettings

LOOPBACK = UiSettings()


@pytest.fixture
def site(tmp_path: Path) -> Given:
    return given(tmp_path)


@pytest.fixture
def local(tmp_path: Path) -> Given:
    return given(tmp_path, LOOPBACK, ())


# ---------------------------------------------------------------- marks


def test_an_app_with_an_unmarked_route_does_not_start(tmp_path: Path) -> None:
    desk, app = given(tmp_path).desk, Flask("workflow_engine.ui")

    def forgotten() -> str:
        return "secret"

    app.add_url_rule("/forgotten", "pages.forgotten", forgotten)
    with pytest.raises(AssertionError, match=r"pages\.forgotten"):
        install_into(app, desk)


def test_a_route_that_is_added_later_without_a_mark_is_not_served(local: Given) -> None:
    local.app.add_url_rule("/late", "late", lambda: "secret")
    response = local.client().get("/late")
    assert (response.status_code, "secret" in response.text) == (500, False)


def test_a_view_that_is_called_static_is_no_static_file(tmp_path: Path) -> None:
    desk, app = given(tmp_path).desk, Flask("workflow_engine.ui", static_folder=None)
    app.add_url_rule("/static", "static", lambda: "secret")
    with pytest.raises(AssertionError, match="static"):
        install_into(app, desk)


# ---------------------------------------------------------------- Host


@pytest.mark.parametrize("host", ["localhost:5000", "LOCALHOST", "127.0.0.1:5000", "[::1]:5000", "localhost:8022"])
def test_this_machine_is_answered(local: Given, host: str) -> None:
    assert local.client().get("/look", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "evil.localhost"),
        *("localhost.", "127.0.0.2", "0.0.0.0:5000", "192.168.1.5:5000", "2130706433", "0x7f.1", "[::]:5000"),
        *("localhost:5000@evil.example", "localhost:5000/evil", "localhost, evil.example", "evil.example#localhost"),
        *("localhost:0", "localhost:99999", "localhost:", "[::1", "::1", " ", "", "user@localhost", "localhost\t"),
    ],
)
def test_another_host_is_refused(local: Given, host: str) -> None:
    response = local.client().get("/look", headers={"Host": host})
    assert (response.status_code, response.mimetype) == (421, "text/plain")
    assert "allowed_hosts" in response.text
    assert host.strip() not in ("",) or response.text


def test_a_request_without_a_host_is_refused(local: Given) -> None:
    response = local.client().get("/look", environ_overrides={"HTTP_HOST": None})
    assert response.status_code == 421


def test_not_even_public_pages_are_shown_to_another_host(local: Given) -> None:
    assert [local.client().get(path, headers={"Host": "evil.example"}).status_code for path in ("/open", "/login")] == [
        421,
        421,
    ]


def test_a_forwarded_host_is_not_believed(local: Given) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert local.client().get("/look", headers=headers).status_code == 421


def test_a_refused_host_of_the_api_is_told_in_json(local: Given) -> None:
    response = local.client().get("/api/look", headers={"Host": "evil.example"})
    assert (response.status_code, response.mimetype) == (421, "application/problem+json")
    assert local.events(strangers=True)[0][1:3] == ("request", "GET /api/look")


# ---------------------------------------------------------------- loopback


def test_on_loopback_the_person_at_the_machine_may_everything(local: Given) -> None:
    me = local_person("loopback")
    assert local.client().get("/look").text == f"{me.name} admin loopback "


@pytest.mark.parametrize("peer", ["192.168.1.9", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1", ""])
def test_without_login_another_machine_is_refused(local: Given, peer: str) -> None:
    assert local.client().get("/look", environ_overrides={"REMOTE_ADDR": peer}).status_code == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_without_login_this_machine_is_let_in(local: Given, peer: str) -> None:
    assert local.client().get("/look", environ_overrides={"REMOTE_ADDR": peer}).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_without_login_what_a_proxy_passes_on_is_refused(local: Given, header: str) -> None:
    response = local.client().get("/look", headers={header: "127.0.0.1"})
    assert (response.status_code, "public_url" in response.text) == (403, True)


def test_on_loopback_a_foreign_page_cannot_post(local: Given) -> None:
    browser = local.client()
    token = form_token(browser)
    assert local.client().post("/do", data={"csrf_token": token}).status_code == 403
    assert browser.post("/do").status_code == 403
    assert local.done == []
    assert browser.post("/do", data={"csrf_token": token}).status_code == 200


# ---------------------------------------------------------------- roles


@pytest.mark.parametrize(
    ("name", "open_", "look", "do", "rule"),
    [
        (None, 200, 401, 401, 401),
        ("vic", 200, 200, 403, 403),
        ("ben", 200, 200, 200, 403),
        ("ann", 200, 200, 200, 200),
    ],
)
def test_each_role_may_what_it_may(site: Given, name: str | None, open_: int, look: int, do: int, rule: int) -> None:
    token = site.desk.people.add_token(name, "test") if name else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    browser = site.client()
    gotten = [browser.get(path, headers=headers).status_code for path in ("/open", "/api/look")]
    posted = [browser.post(path, headers=headers).status_code for path in ("/api/do", "/rule")]
    assert gotten + posted == [open_, look, do, rule]


def test_a_role_that_is_taken_away_is_gone_at_once(site: Given) -> None:
    browser = logged_in(site, "ben")
    token = form_token(browser)
    assert browser.post("/do", data={"csrf_token": token}).status_code == 200
    site.desk.people.set_role("ben", Role.VIEWER)
    assert browser.post("/do", data={"csrf_token": token}).status_code == 403


def test_the_methods_that_flask_adds_need_the_role_too(site: Given) -> None:
    assert [site.client().open("/api/look", method=method).status_code for method in ("HEAD", "OPTIONS")] == [401, 401]


def test_strangers_do_not_learn_which_pages_there_are(site: Given) -> None:
    assert [site.client().get(path).status_code for path in ("/api/look", "/api/nothing")] == [401, 401]


def test_a_browser_is_led_to_the_login_and_a_program_is_told(site: Given) -> None:
    page = site.client().get("/look?a=%C3%A4&b=2")
    assert (page.status_code, page.headers["Location"]) == (303, "/login?next=/look?a%3D%25C3%25A4%26b%3D2")
    api = site.client().get("/api/look")
    assert (api.status_code, api.mimetype) == (401, "application/problem+json")
    assert api.headers["WWW-Authenticate"].startswith("Bearer ")
    script = site.client().get("/look", headers={"Sec-Fetch-Mode": "cors"})
    stream = site.client().get("/look", headers={"Accept": "text/event-stream"})
    assert (script.status_code, stream.status_code) == (401, 401)


def test_a_refusal_is_a_page_for_a_person_and_is_noted(site: Given) -> None:
    browser = logged_in(site, "vic")
    response = browser.post("/do", data={"csrf_token": form_token(browser)})
    assert (response.status_code, response.mimetype) == (403, "text/html")
    assert "vic is viewer" in response.text
    assert site.events()[-1] == (
        "vic",
        "request",
        "POST /do",
        "403: it takes the role operator, and vic is viewer; ask an admin",
    )


# ---------------------------------------------------------------- CSRF

Attempt = Callable[[Given], dict[str, Any]]
ATTEMPTS: dict[str, Attempt] = {
    "nothing": lambda site: {},
    "empty": lambda site: {"data": {"csrf_token": ""}},
    "wrong": lambda site: {"data": {"csrf_token": "0" * 64}},
    "no ASCII": lambda site: {"data": {"csrf_token": "ä" * 64}},
    "another one's": lambda site: {"data": {"csrf_token": form_token(logged_in(site, "ann"))}},
    "another session's": lambda site: {"data": {"csrf_token": form_token(logged_in(site, "ben"))}},
    "a stranger's": lambda site: {"data": {"csrf_token": token_in(site.client().get("/login"))}},
    "in the address": lambda site: {"query_string": {"csrf_token": form_token(logged_in(site, "ben"))}},
    "in JSON": lambda site: {"json": {"csrf_token": "x"}},
    "as plain text": lambda site: {"data": '{"a": 1}', "content_type": "text/plain"},
    "a wrong header": lambda site: {"headers": {"X-CSRF-Token": "1"}},
    "said to be a script": lambda site: {"headers": {"X-Requested-With": "XMLHttpRequest"}},
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_something_needs_the_token_of_the_session(site: Given, attempt: Attempt, method: str) -> None:
    browser = logged_in(site, "ben")
    assert browser.open("/do", method=method, **attempt(site)).status_code == 403
    assert site.done == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "null"},
        {"Origin": "file://"},
        {"Origin": "http://[::1"},
        {"Origin": "http://localhost/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "CROSS-SITE"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
@pytest.mark.parametrize("way", ["session", "token"])
def test_another_site_is_refused_even_with_the_right_token(site: Given, headers: dict[str, str], way: str) -> None:
    browser = logged_in(site, "ben")
    token = form_token(browser)
    if way == "token":
        headers = headers | {"Authorization": f"Bearer {site.desk.people.add_token('ben', '')}"}
    assert browser.post("/do", data={"csrf_token": token}, headers=headers).status_code == 403
    assert site.done == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://localhost"},  # a proxy was reached by https
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_page_of_ours_is_let_through(site: Given, headers: dict[str, str]) -> None:
    browser = logged_in(site, "ben")
    token = form_token(browser)
    assert browser.post("/do", data={"csrf_token": token}, headers=headers).status_code == 200
    assert browser.post("/do", json={}, headers={"X-CSRF-Token": token, **headers}).status_code == 200
    assert site.done == ["ben", "ben"]


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_no_other_method_is_smuggled_in(site: Given, header: str) -> None:
    browser = logged_in(site, "ben")
    assert browser.get("/do", headers={header: "POST"}).status_code == 405
    assert browser.get("/do?_method=POST").status_code == 405
    assert browser.post("/do", headers={header: "GET"}, data={"_method": "GET"}).status_code == 403
    assert site.done == []


def test_a_program_with_a_token_needs_no_csrf_token(site: Given) -> None:
    headers = {"Authorization": f"bearer {site.desk.people.add_token('ben', '')}"}
    assert site.client().post("/api/do", headers=headers).status_code == 200
    assert site.events()[-1] == ("ben", "do", "it", "done")


def test_a_bad_token_is_refused_even_where_a_session_is_good(site: Given, tmp_path: Path) -> None:
    browser = logged_in(site, "ben")
    good = site.desk.people.add_token("ben", "")
    for bad in ("", "x", "wfe_", "wfe__", good[:-1], good.replace("wfe_", "abc_"), f"{good}x", "wfe_é_ü"):
        response = browser.get("/api/look", headers={"Authorization": f"Bearer {bad}"})
        assert (bad, response.status_code) == (bad, 401)
    assert site.events(strangers=True)[-1][:2] == (None, "request")


def test_a_token_is_tried_on_loopback_as_well(tmp_path: Path) -> None:
    local = given(tmp_path, LOOPBACK)
    headers = {"Authorization": f"Bearer {local.desk.people.add_token('vic', '')}"}
    assert local.client().get("/look", headers=headers).text == "vic viewer token "
    assert local.client().get("/api/look", headers={"Authorization": "Bearer x"}).status_code == 401


def test_what_a_proxy_in_front_asks_by_basic_authentication_is_its_own_affair(local: Given) -> None:
    assert local.client().get("/look", auth=("ann", "x")).status_code == 200


def test_links_from_elsewhere_are_followed_and_nothing_else_is(site: Given) -> None:
    browser = logged_in(site, "vic")
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    statuses = [
        browser.get("/look", headers=headers).status_code
        for headers in (link, link | {"Sec-Fetch-Dest": "iframe"}, link | {"Sec-Fetch-Mode": "no-cors"})
    ]
    assert statuses == [200, 403, 403]


# ---------------------------------------------------------------- proxies

PROXY = UiSettings(
    proxy_header="x-forwarded-user", proxy_groups_header="X-Forwarded-Groups", trusted_proxies=("10.1.0.0/16", "::1")
)


def by_proxy(site: Given, headers: dict[str, str], peer: str = "10.1.2.3") -> tuple[int, str]:
    """Return what comes of a request that a proxy passes on."""
    response = site.client().get("/api/look", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    return response.status_code, response.text if response.status_code == 200 else ""


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-Forwarded-User": "zoe"}, (200, "zoe viewer proxy ")),
        ({"X-Forwarded-User": "zoe", "X-Forwarded-Groups": "sea, land,,"}, (200, "zoe viewer proxy land,sea")),
        ({"X-Forwarded-User": "ben", "X-Forwarded-Groups": "sea"}, (200, "ben operator proxy editors,sea")),
        ({"X-Forwarded-User": "BEN"}, (200, "ben operator proxy editors")),
        ({"X-Forwarded-User": "jörg".encode().decode("latin-1")}, (200, "jörg viewer proxy ")),
        ({"X-Forwarded-User": ""}, (401, "")),
        ({}, (401, "")),
        ({"X-Forwarded-User": "zoe, ann"}, (403, "")),
        ({"X-Forwarded-User": "j\xf6rg"}, (403, "")),
        ({"X-Forwarded-User": "zoe", "X-Forwarded-Groups": "a b"}, (403, "")),
    ],
)
def test_a_trusted_proxy_says_who_somebody_is(tmp_path: Path, headers: dict[str, str], said: tuple[int, str]) -> None:
    assert by_proxy(given(tmp_path, PROXY), headers) == said


@pytest.mark.parametrize("peer", ["10.2.0.1", "127.0.0.1", "::2", "", "10.1.2.3.evil"])
def test_anybody_else_says_nothing(tmp_path: Path, peer: str) -> None:
    assert by_proxy(given(tmp_path, PROXY), {"X-Forwarded-User": "ann"}, peer) == (401, "")


def test_somebody_who_is_disabled_does_not_come_in_by_a_proxy(tmp_path: Path) -> None:
    site = given(tmp_path, PROXY)
    site.desk.people.set_disabled("ben", True)
    assert by_proxy(site, {"X-Forwarded-User": "Ben"}) == (403, "")


def test_whom_a_proxy_names_goes_before_an_old_session(tmp_path: Path) -> None:
    site = given(tmp_path, PROXY)
    browser = logged_in(site, "ann")
    headers, peer = {"X-Forwarded-User": "vic"}, {"REMOTE_ADDR": "::1"}
    assert browser.get("/look", headers=headers, environ_overrides=peer).text == "vic viewer proxy "


def test_who_comes_by_a_proxy_needs_the_csrf_token_too(tmp_path: Path) -> None:
    site = given(tmp_path, PROXY)
    browser, more = site.client(), {"headers": {"X-Forwarded-User": "ben"}, "environ_overrides": {"REMOTE_ADDR": "::1"}}
    token = token_in(browser.get("/form", **more))
    assert browser.post("/do", **more).status_code == 403
    assert browser.post("/do", data={"csrf_token": token}, **more).status_code == 200
    more["headers"] = {"X-Forwarded-User": "ann"}
    assert browser.post("/do", data={"csrf_token": token}, **more).status_code == 403


# ---------------------------------------------------------------- sizes


def test_a_request_that_is_too_large_is_refused_before_anything_else(tmp_path: Path) -> None:
    site = given(tmp_path, UiSettings(body_max_mib=1), ())
    response = site.client().post("/api/do", data=b"x" * (1024 * 1024 + 1))
    assert (response.status_code, response.mimetype) == (413, "application/problem+json")


def test_a_stranger_sends_little(site: Given) -> None:
    browser = site.client()
    form = {"name": "ann", "password": "x" * 70_000, "csrf_token": token_in(browser.get("/login"))}
    assert browser.post("/login", data=form).status_code == 413


def test_an_address_that_is_too_long_is_refused(local: Given) -> None:
    assert local.client().get(f"/look?{'x' * 20_000}").status_code == 414


# ---------------------------------------------------------------- headers


def test_every_response_has_the_headers(site: Given) -> None:
    browser = logged_in(site, "vic")
    for path in ("/look", "/nothing", "/login", "/account", "/static/icon.svg"):
        headers = browser.get(path, buffered=True).headers
        expected = {
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        assert {name: headers.get(name) for name in expected} == expected
        assert "Permissions-Policy" in headers
        assert "Strict-Transport-Security" not in headers


def test_nothing_inline_is_allowed() -> None:
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; script-src 'self';")


def test_refusals_have_the_headers_too(local: Given) -> None:
    response = local.client().get("/look", headers={"Host": "evil.example"})
    assert (response.headers["Content-Security-Policy"], response.headers["Cache-Control"]) == (POLICY, "no-store")


def test_a_view_may_be_stricter(site: Given) -> None:
    response = logged_in(site, "vic").get("/artifact")
    assert response.headers["Content-Security-Policy"] == "sandbox"
    assert response.headers["Cache-Control"] == "private, max-age=9"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_are_not_kept_and_static_files_are(site: Given) -> None:
    browser = logged_in(site, "vic")
    kept = [
        browser.get(path, buffered=True).headers["Cache-Control"]
        for path in ("/look", "/static/icon.svg", "/static/icon.svg?v=1")
    ]
    assert kept == ["no-store", "no-cache", "public, max-age=31536000, immutable"]
    assert browser.get("/static/nothing?v=1").headers["Cache-Control"] == "no-cache"


def test_static_files_are_for_everybody(site: Given) -> None:
    assert site.client().get("/static/icon.svg", buffered=True).status_code == 200


def cookie_of(site: Given, **more: Any) -> str:
    """Return the cookie that a login gives."""
    return next(c for c in log_in(site.client(), "vic", **more).headers.getlist("Set-Cookie") if "messages" not in c)


def test_the_cookie_over_http(site: Given) -> None:
    name, *rest = cookie_of(site).replace("=", "; ", 1).split("; ")
    assert (name, "HttpOnly" in rest, "SameSite=Lax" in rest, "Path=/" in rest) == (
        "workflow_engine_5000",
        True,
        True,
        True,
    )
    assert "Secure" not in rest
    assert not any(part.startswith("Domain") for part in rest)


def test_the_cookie_over_https(site: Given) -> None:
    cookie = cookie_of(site, base_url="https://localhost")
    assert cookie.startswith("__Host-workflow_engine=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_https_is_known_by_the_public_address_and_by_a_trusted_proxy(tmp_path: Path) -> None:
    public = given(tmp_path / "a", UiSettings(public_url="https://tasks.example.org"))
    assert "Strict-Transport-Security" in public.client().get("/open", headers={"Host": "tasks.example.org"}).headers
    proxied = given(tmp_path / "b", PROXY)
    headers = {"X-Forwarded-Proto": "http, https"}
    heard = [
        "Strict-Transport-Security"
        in proxied.client().get("/open", headers=headers, environ_overrides={"REMOTE_ADDR": peer}).headers
        for peer in ("10.1.0.1", "10.2.0.1")
    ]
    assert heard == [True, False]


def test_the_origin_of_the_public_address_is_ours(tmp_path: Path) -> None:
    site = given(tmp_path, UiSettings(public_url="https://tasks.example.org"))
    browser, url = site.client(), "https://tasks.example.org"
    log_in(browser, "ben", base_url=url)
    token = token_in(browser.get("/form", base_url=url))
    statuses = [
        browser.post("/do", base_url=url, data={"csrf_token": token}, headers={"Origin": origin}).status_code
        for origin in (url, "http://tasks.example.org", f"{url}:8443")
    ]
    assert statuses == [200, 403, 403]


# ---------------------------------------------------------------- damage


def test_nobody_is_let_in_while_the_users_file_is_damaged(site: Given, caplog: pytest.LogCaptureFixture) -> None:
    browser = logged_in(site, "ann")
    whole = site.desk.people.path.read_bytes()
    site.desk.people.path.write_bytes(whole[:-20])
    response = browser.get("/look")
    assert (response.status_code, str(site.desk.people.path) in response.text) == (503, False)
    assert "users.json is damaged" in caplog.text
    form = {"name": "ann", "password": "x", "csrf_token": "x"}
    login = site.client().post("/login", data=form)
    assert (login.status_code, str(site.desk.people.path) in login.text) == (503, False)
    site.desk.people.path.write_bytes(whole)
    assert browser.get("/look").status_code == 200


def test_a_damaged_users_file_keeps_the_server_from_starting(tmp_path: Path) -> None:
    from workflow_engine.errors import ConfigError

    site = given(tmp_path)
    site.desk.people.path.write_bytes(b"{")
    with pytest.raises(ConfigError, match=r"users\.json is damaged.*restore it from a backup"):
        Access(site.desk)
    assert site.desk.people.path.read_bytes() == b"{"


def test_the_settings_of_the_tests_need_a_login(tmp_path: Path) -> None:
    assert given(tmp_path, EVERYWHERE).access.login_needed
