"""Forged requests: what another site has a browser send changes nothing, on every route, in every known way."""

import json
import urllib.parse
from collections.abc import Callable, Generator
from typing import Final, NamedTuple

import pytest

from tests.contract.ui_given import Browser
from tests.contract.walls_given import World, request_of, standing, walled
from tests.contract.walls_table import ROUTES, UNSAFE, Route, named
from workflow_engine.ui.security.roles import Role


class Sent(NamedTuple):
    """A request that is forged.

    Attributes:
        path: where it goes.
        body: what it carries.
        headers: of it.
        method: of HTTP.
    """

    path: str
    body: bytes
    headers: dict[str, str]
    method: str


Forgery = Callable[[World, Sent, str], Sent]
"""How a request is forged: from the sample of its route, and the good token that its victim has."""

FORM: Final = "application/x-www-form-urlencoded"


def _with_header(name: str, value: str) -> Forgery:
    return lambda world, sent, good: _headed(sent, {"X-CSRF-Token": good, name: value})


def _with_token(token: str) -> Forgery:
    return lambda world, sent, good: _headed(sent, {"X-CSRF-Token": token})


def _headed(sent: Sent, headers: dict[str, str]) -> Sent:
    return sent._replace(headers={**sent.headers, **headers})


def _field(token: str, sent: Sent, media_type: str = FORM) -> Sent:
    """Put a token into the form of a request, which is sent as *media_type*."""
    body = sent.body + b"&" if sent.headers["Content-Type"] == FORM and sent.body else b""
    body += urllib.parse.urlencode({"csrf_token": token}).encode()
    return sent._replace(body=body, headers={**sent.headers, "Content-Type": media_type})


def _in_address(sent: Sent, good: str) -> Sent:
    token = urllib.parse.urlencode({"csrf_token": good, "X-CSRF-Token": good})
    return sent._replace(path=f"{sent.path}{'&' if '?' in sent.path else '?'}{token}")


def _as_json(sent: Sent, good: str) -> Sent:
    body = json.dumps({**dict(urllib.parse.parse_qsl(sent.body.decode())), "csrf_token": good}).encode()
    return sent._replace(body=body, headers={**sent.headers, "Content-Type": "application/json"})


def _in_parts(sent: Sent, token: str) -> Sent:
    part = f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--b--\r\n'
    return sent._replace(
        body=part.encode(), headers={**sent.headers, "Content-Type": "multipart/form-data; boundary=b"}
    )


def _beside_a_cookie(world: World, sent: Sent, good: str) -> Sent:
    cookies = "; ".join(f"{name}={value}" for name, value in world.browsers[Role.ADMIN].cookies.items())
    return _headed(sent, {"Cookie": f"{cookies}; csrf_token={good}; X-CSRF-Token={good}"})


FORGERIES: Final[dict[str, Forgery]] = {
    "no token": lambda world, sent, good: sent,
    "an empty token": _with_token(""),
    "another token": _with_token("0" * 64),
    "a token that is no ASCII": _with_token("\u00e9" * 64),
    "a part of the token": lambda world, sent, good: _headed(sent, {"X-CSRF-Token": good[:-1]}),
    "the token of another person": lambda world, sent, good: _headed(
        sent, {"X-CSRF-Token": world.csrf(world.browsers[Role.VIEWER])}
    ),
    "the token of another session": lambda world, sent, good: _field(_another_session(world), sent),
    "the token of a stranger": lambda world, sent, good: _field(world.csrf(world.site.another()), sent),
    "the token in the address": lambda world, sent, good: _in_address(sent, good),
    "the token in a cookie": _beside_a_cookie,
    "the token in text": lambda world, sent, good: _field(good, sent, "text/plain"),
    "the token in JSON": lambda world, sent, good: _as_json(sent, good),
    "another token in parts": lambda world, sent, good: _in_parts(sent, good[::-1]),
    "a page of another site": _with_header("Origin", "https://evil.example"),
    "a page without an origin": _with_header("Origin", "null"),
    "a page of another port": _with_header("Origin", "http://127.0.0.1:1"),
    "an origin that begins as ours": _with_header("Origin", "http://127.0.0.1.evil.example"),
    "an origin with a name in it": _with_header("Origin", "http://127.0.0.1@evil.example"),
    "a cross-site request": _with_header("Sec-Fetch-Site", "cross-site"),
    "a same-site request": _with_header("Sec-Fetch-Site", "same-site"),
    "a site that is none": _with_header("Sec-Fetch-Site", "Same-Origin, cross-site"),
}
"""By what they count on."""


def _another_session(world: World) -> str:
    if "forger" not in world.notes:
        world.notes["forger"] = world.csrf(world.logged_in("anna"))
    return world.notes["forger"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with walled(tmp_path_factory.mktemp("forged")) as found:
        standing(found)
        _another_session(found)
        yield found


def sample(world: World, route: Route) -> Sent:
    """Return the request that a page would send, without its token."""
    path, body, headers = request_of(world, route, fresh=False)
    return Sent(path, body or b"", {"Content-Type": FORM, **headers}, route.method)


def send(world: World, sent: Sent, browser: Browser) -> int:
    """Send a forged request with the cookies of the browser that it was forged for."""
    return world.send(sent.method, sent.path, browser=browser, body=sent.body, headers=sent.headers).status


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("route", UNSAFE, ids=named)
def test_a_forged_request_changes_nothing(world: World, route: Route, forgery: str) -> None:
    before, admin = world.state(), world.browsers[Role.ADMIN]
    forged = FORGERIES[forgery](world, sample(world, route), world.csrf(admin))
    assert (send(world, forged, admin), world.state()) == (403, before)


OVERRIDES: Final = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


@pytest.mark.parametrize("route", UNSAFE, ids=named)
def test_a_request_that_calls_itself_another_one_changes_nothing(world: World, route: Route) -> None:
    before, admin = world.state(), world.browsers[Role.ADMIN]
    sent = sample(world, route)
    named_so = {name: route.method for name in OVERRIDES}
    path = f"{sent.path}?_method={route.method}&method={route.method}"
    looked = world.send("GET", path, browser=admin, headers={**sent.headers, **named_so})
    assert (looked.status < 500, world.state()) == (True, before)
    if route.method != "POST" and not any(other.method == "POST" and other.rule == route.rule for other in ROUTES):
        headers = {**sent.headers, **named_so, "X-CSRF-Token": world.csrf(admin), "Content-Type": FORM}
        posted = world.send("POST", path, browser=admin, body=f"_method={route.method}".encode(), headers=headers)
        assert (posted.status, world.state()) == (405, before)


@pytest.mark.parametrize("route", UNSAFE, ids=named)
def test_the_same_requests_are_good_with_the_token_so_that_it_is_the_token_that_counts(
    world: World, route: Route
) -> None:
    """What is refused above for its token is not refused for it here: of nobody who would change something."""
    vera = world.browsers[Role.VIEWER]
    if route.role in (None, Role.VIEWER):
        return
    sent = sample(world, route)
    with_token = _headed(sent, {"X-CSRF-Token": world.csrf(vera)})
    found = world.send(sent.method, sent.path, browser=vera, body=sent.body, headers=with_token.headers)
    assert (found.status, "it takes the role" in found.text) == (403, True)
