"""Logging in and out, and the account."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.unit.ui_security_given import PASSWORD, Given, form_token, given, log_in, logged_in, token_in
from workflow_engine.ui.security.access import Access
from workflow_engine.ui.security.installing import install_into
from workflow_engine.ui.security.throttle import Throttle
from workflow_engine.ui_settings import UiSettings

OTHER = "nine copper kettles"
HOUR = 3_600.0


@pytest.fixture
def site(tmp_path: Path) -> Given:
    return given(tmp_path)


def cookie_of(browser: FlaskClient) -> str | None:
    """Return our cookie, as the browser has it."""
    cookie = browser.get_cookie("workflow_engine_5000")
    return cookie.value if cookie is not None else None


def is_in(browser: FlaskClient) -> bool:
    """Return whether somebody is logged in."""
    return browser.get("/api/look").status_code == 200


def error_of(page: TestResponse) -> str:
    """Return the error that a page shows."""
    match = re.search(r'role="alert"[^>]*>([^<]*)<', page.text)
    return match[1] if match else ""


# ---------------------------------------------------------------- in and out


def test_who_logs_in_comes_to_where_they_wanted_to_go(site: Given) -> None:
    browser = site.client()
    led = browser.get("/look?a=1&b=2").headers["Location"]
    wanted = parse_qs(urlsplit(led).query)["next"][0]
    response = log_in(browser, "ben", after=wanted)
    assert (response.status_code, response.headers["Location"]) == (303, "/look?a=1&b=2")
    assert browser.get("/look").text == "ben operator session editors"
    assert site.events()[-1] == ("ben", "log in", "ben", "done")


def test_who_is_logged_in_is_not_asked_again(site: Given) -> None:
    response = logged_in(site, "vic").get("/login?next=/look")
    assert (response.status_code, response.headers["Location"]) == (303, "/look")


def test_on_loopback_nobody_is_asked(tmp_path: Path) -> None:
    browser = given(tmp_path, UiSettings(), ()).client()
    assert browser.get("/login").headers["Location"] == "/"
    form = {"name": "ann", "password": PASSWORD, "csrf_token": form_token(browser)}
    assert browser.post("/login", data=form).status_code == 303


def test_all_failures_look_the_same(site: Given) -> None:
    site.desk.people.add("dis", site.desk.people.everyone()[0].role, password=PASSWORD)
    site.desk.people.set_disabled("dis", True)
    site.desk.people.add("tok", site.desk.people.everyone()[0].role)
    tries = (
        ("vic", "wrong"),
        ("nobody", PASSWORD),
        ("dis", PASSWORD),
        ("tok", ""),
        ("tok", PASSWORD),
        ("vic", "x" * 600),
    )
    seen = {(page.status_code, error_of(page)) for page in (log_in(site.client(), *each) for each in tries)}
    assert seen == {(401, "Name and password do not belong together.")}


def test_a_failed_login_is_noted_and_what_was_typed_as_a_name_is_not(site: Given) -> None:
    log_in(site.client(), "vic", "wrong")
    log_in(site.client(), "my secret passphrase", "oops")
    assert site.events(strangers=True) == [
        (None, "log in", "vic", "refused: wrong name or password"),
        (None, "log in", "a name that is not known", "refused: wrong name or password"),
    ]


def test_a_strange_name_comes_back_in_no_page(site: Given) -> None:
    assert "<script" not in log_in(site.client(), '"><script>alert(1)</script>', "x").text


def test_a_login_needs_a_csrf_token(site: Given) -> None:
    browser = site.client()
    assert browser.post("/login", data={"name": "ann", "password": PASSWORD}).status_code == 403
    other = token_in(site.client().get("/login"))
    assert browser.post("/login", data={"name": "ann", "password": PASSWORD, "csrf_token": other}).status_code == 403


def test_a_session_is_not_fixed_before_the_login(site: Given) -> None:
    browser = site.client()
    browser.set_cookie("workflow_engine_5000", "chosen-by-an-attacker")
    assert log_in(browser, "ann").status_code == 303
    assert cookie_of(browser) != "chosen-by-an-attacker"
    attacker = site.client()
    attacker.set_cookie("workflow_engine_5000", "chosen-by-an-attacker")
    assert not is_in(attacker)


def test_a_new_login_has_a_new_cookie_and_the_old_one_ends(site: Given) -> None:
    browser = logged_in(site, "ann")
    first, token = cookie_of(browser) or "", form_token(browser)
    form = {"name": "vic", "password": PASSWORD, "csrf_token": token}
    browser.post("/login", data=form)
    assert browser.get("/look").text.startswith("vic")
    old = site.client()
    old.set_cookie("workflow_engine_5000", first)
    assert (cookie_of(browser) != first, is_in(old)) == (True, False)
    assert browser.post("/logout", data={"csrf_token": token}).status_code == 403


def test_who_logs_out_is_out_with_every_copy_of_the_cookie(site: Given) -> None:
    browser = logged_in(site, "ann")
    copy = site.client()
    copy.set_cookie("workflow_engine_5000", cookie_of(browser) or "")
    assert is_in(copy)
    assert browser.get("/logout").status_code == 405
    response = browser.post("/logout", data={"csrf_token": form_token(browser)})
    assert (response.headers["Location"], is_in(browser), is_in(copy)) == ("/login", False, False)
    assert site.events()[-1] == ("ann", "log out", "ann", "done")


def test_a_session_ends_when_it_is_idle_and_in_any_case_after_a_week(site: Given) -> None:
    idle, busy = logged_in(site, "ann"), logged_in(site, "ann")
    for _ in range(14):
        site.clock.now += 11.9 * HOUR
        assert is_in(busy)
    assert not is_in(idle)
    site.clock.now += 3 * HOUR
    assert not is_in(busy)


def test_people_stay_logged_in_when_the_server_is_started_anew(site: Given) -> None:
    browser = logged_in(site, "ben")
    again = given(site.desk.data_dir)
    other = again.client()
    other.set_cookie("workflow_engine_5000", cookie_of(browser) or "")
    assert other.post("/do", data={"csrf_token": form_token(browser)}).status_code == 200


@pytest.mark.parametrize("change", ["password", "disabled", "removed", "removed and added"])
def test_a_session_ends_when_its_user_changes(site: Given, change: str) -> None:
    browser, other = logged_in(site, "ben"), logged_in(site, "vic")
    people = site.desk.people
    if change == "password":
        people.set_password("ben", OTHER)
    elif change == "disabled":
        people.set_disabled("ben", True)
        people.set_disabled("ben", False)
    else:
        found = people.find("ben")
        assert found is not None
        people.remove("ben")
        if change == "removed and added":
            people.add("ben", found.role, password=PASSWORD)
    assert (is_in(browser), is_in(other)) == (False, True)


OUTSIDE = [
    *(
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
    ),
    *(
        "http:evil.example",
        "http://evil.example",
        "https://evil.example/",
        "HTTP://evil.example",
        "javascript:alert(1)",
    ),
    *("data:text/html,x", "evil.example", "@evil.example", "/%2Fevil.example", "/%2fevil.example", "/%5Cevil.example"),
    *(
        "%2F%2Fevil.example",
        "/%252Fevil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
    ),
    *(
        "/\r\nLocation: http://evil.example",
        "/\u2028/evil.example",
        "/\uff0fevil.example",
        "\x00//evil.example",
        "",
        "/login",
    ),
    *(
        "/login?next=/login",
        "/logout",
        "/x" * 2_000,
        "?next=//evil.example",
        "#//evil.example",
        "./evil",
        "/%0d%0aSet-Cookie:a",
    ),
]


@pytest.mark.parametrize("target", OUTSIDE)
def test_a_login_leads_nowhere_else(site: Given, target: str) -> None:
    assert log_in(site.client(), "vic", after=target).headers["Location"] == "/"


@pytest.mark.parametrize(
    "target", ["/", "/look", "/tasks?text=a%5Cb&after=//x", "/tasks/t%2F1?a=b#c", "/a//b", "/t%C3%A4"]
)
def test_a_login_leads_back(site: Given, target: str) -> None:
    assert log_in(site.client(), "vic", after=target).headers["Location"] == target


# ---------------------------------------------------------------- guessing


def test_who_guesses_has_to_wait_longer_each_time(site: Given) -> None:
    statuses: list[int] = []
    pauses: list[str | None] = []
    for _ in range(13):
        page = log_in(site.client(), "ann", "wrong")
        if page.status_code == 429:
            pauses.append(page.headers["Retry-After"])
            site.clock.now += float(page.headers["Retry-After"])
            page = log_in(site.client(), "ann", "wrong")
        statuses.append(page.status_code)
    assert statuses == [401] * 13
    assert pauses == ["5", "10", "20", "40", "80", "160", "300", "300"]


def test_the_right_password_waits_as_well_and_then_all_is_forgiven(site: Given) -> None:
    for _ in range(5):
        log_in(site.client(), "ann", "wrong")
    page = log_in(site.client(), "ann")
    assert (page.status_code, error_of(page)) == (429, "That was tried too often. Try again in 5 seconds.")
    site.clock.now += 5
    assert [log_in(site.client(), "ann").status_code, log_in(site.client(), "ann", "wrong").status_code] == [303, 401]
    assert [log_in(site.client(), "ann", "wrong").status_code for _ in range(5)][-1] == 429


def test_a_pause_for_one_name_is_none_for_another(site: Given) -> None:
    for _ in range(6):
        log_in(site.client(), "ann", "wrong")
    assert log_in(site.client(), "vic").status_code == 303


def test_a_name_that_does_not_exist_is_paused_alike(site: Given) -> None:
    assert [log_in(site.client(), "nobody", "x").status_code for _ in range(6)] == [401] * 5 + [429]


def test_many_names_from_one_address_are_paused(site: Given) -> None:
    assert [log_in(site.client(), f"n{n}", "x").status_code for n in range(21)] == [401] * 20 + [429]


def test_the_address_behind_a_trusted_proxy_counts(tmp_path: Path) -> None:
    site = given(tmp_path, UiSettings(login="always", trusted_proxies=("127.0.0.1",)))

    def tried(n: int, address: str) -> int:
        return log_in(site.client(), f"n{n}", "x", headers={"X-Forwarded-For": f"1.1.1.{n}, {address}"}).status_code

    assert [tried(n, "10.0.0.1") for n in range(21)] == [401] * 20 + [429]
    assert tried(21, "10.0.0.2") == 401


# ---------------------------------------------------------------- the account


def test_the_account_says_who_is_here(site: Given) -> None:
    page = logged_in(site, "ben").get("/account")
    assert ("ben" in page.text, "operator" in page.text, "editors" in page.text) == (True, True, True)


@pytest.mark.parametrize("path", ["/login", "/account"])
def test_the_pages_have_nothing_inline(site: Given, path: str) -> None:
    browser = logged_in(site, "ben") if path == "/account" else site.client()
    assert re.findall(r"(?i)<script|<style|\sstyle=|\son\w+=|javascript:", browser.get(path).text) == []


def test_on_loopback_the_account_says_why_nobody_logs_in(tmp_path: Path) -> None:
    assert "Nobody has to log in here" in given(tmp_path, UiSettings(), ()).client().get("/account").text


def test_a_token_is_made_shown_once_used_and_revoked(site: Given) -> None:
    browser = logged_in(site, "ben")
    page = browser.post("/account/tokens", data={"label": "<b>ci", "days": "30", "csrf_token": form_token(browser)})
    token = re.search(r"wfe_[0-9a-f]{12}_[\w-]{43}", page.text)
    assert token is not None
    assert (page.status_code, "&lt;b&gt;ci" in page.text, token[0] in browser.get("/account").text) == (
        201,
        True,
        False,
    )
    program = {"Authorization": f"Bearer {token[0]}"}
    assert site.client().get("/look", headers=program).text == "ben operator token editors"
    name = token[0].split("_")[1]
    browser.post(f"/account/tokens/{name}/revoke", data={"csrf_token": form_token(browser)})
    assert site.client().get("/api/look", headers=program).status_code == 401
    assert [event[1:3] for event in site.events()[-2:]] == [("make token", name), ("revoke token", name)]


def test_a_token_ends_on_its_day(site: Given) -> None:
    program = {"Authorization": f"Bearer {site.desk.people.add_token('ben', '', 30)}"}
    site.clock.now += 30 * 24 * HOUR - 1
    assert site.client().get("/api/look", headers=program).status_code == 200
    site.clock.now += 1
    assert site.client().get("/api/look", headers=program).status_code == 401


def test_a_token_makes_no_token(site: Given) -> None:
    program = {"Authorization": f"Bearer {site.desk.people.add_token('ben', '')}"}
    page = site.client().post("/account/tokens", data={"label": "more", "days": ""}, headers=program)
    assert (page.status_code, len(site.desk.people.everyone()[1].tokens)) == (422, 1)


def test_nobody_revokes_the_token_of_another(site: Given) -> None:
    name = site.desk.people.add_token("ann", "").split("_")[1]
    browser = logged_in(site, "ben")
    assert browser.post(f"/account/tokens/{name}/revoke", data={"csrf_token": form_token(browser)}).status_code == 404
    assert len(site.desk.people.everyone()[0].tokens) == 1


def changed(browser: FlaskClient, current: str, new: str, again: str | None = None) -> int:
    """Change the password, and return the status."""
    form = {"current": current, "new": new, "again": new if again is None else again}
    return browser.post("/account/password", data=form | {"csrf_token": form_token(browser)}).status_code


def test_a_new_password_logs_everybody_else_out(site: Given) -> None:
    browser, other = logged_in(site, "ben"), logged_in(site, "ben")
    before = cookie_of(browser)
    assert changed(browser, PASSWORD, OTHER) == 303
    assert (is_in(browser), is_in(other), cookie_of(browser) != before) == (True, False, True)
    assert [log_in(site.client(), "ben", word).status_code for word in (PASSWORD, OTHER)] == [401, 303]


@pytest.mark.parametrize(
    ("current", "new", "again"),
    [
        ("wrong", OTHER, OTHER),
        ("", OTHER, OTHER),
        (PASSWORD, OTHER, OTHER + "x"),
        (PASSWORD, "short", "short"),
        (PASSWORD, "x" * 600, "x" * 600),
        (PASSWORD, "benbenbenben", "benbenbenben"),
        (PASSWORD, "", ""),
    ],
)
def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(
    site: Given, current: str, new: str, again: str
) -> None:
    browser = logged_in(site, "ben")
    assert changed(browser, current, new, again) == 422
    assert log_in(site.client(), "ben").status_code == 303


def test_the_current_password_cannot_be_guessed_in_the_account(site: Given) -> None:
    browser = logged_in(site, "ben")
    assert [changed(browser, "wrong", OTHER) for _ in range(6)] == [422] * 6
    assert changed(browser, PASSWORD, OTHER) == 422
    site.clock.now += 300
    assert changed(browser, PASSWORD, OTHER) == 303


def test_one_can_log_out_everywhere_else(site: Given) -> None:
    browser, other = logged_in(site, "ben"), logged_in(site, "ben")
    browser.post("/account/sessions/end", data={"csrf_token": form_token(browser)})
    assert (is_in(browser), is_in(other)) == (True, False)


def test_a_throttle_of_its_own_is_what_an_app_has_without_another(tmp_path: Path) -> None:
    assert isinstance(Access(given(tmp_path).desk).throttle, Throttle)


def test_installing_reads_nothing_but_the_desk(tmp_path: Path) -> None:
    from flask import Flask

    app = Flask("workflow_engine.ui")
    install_into(app, given(tmp_path).desk)
    assert "security.login" in app.view_functions
