"""Who may use which route of the dashboard: nobody, a viewer, an operator, an admin; by a session and by a token."""

import json
import logging
import re
from collections.abc import Generator
from typing import Any

import pytest

from tests.contract.ui_given import Browser
from tests.contract.walls_given import PEOPLE, Reply, World, request_of, standing, walled
from tests.contract.walls_table import ROUTES, SAFE, Route, named
from workflow_engine.ui.security.roles import Role

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"}

CLOSED = [route for route in ROUTES if route.role is not None]
NO_TOKENS = ["", "wfe_000000000000_x", "wfe", "\u00e9" * 40, "x" * 9_000]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with walled(tmp_path_factory.mktemp("roles")) as found:
        standing(found)
        yield found


def routes_of(world: World) -> set[tuple[str, str]]:
    """Return method and rule of every route that the app has."""
    app: Any = world.site.dashboard._server.application  # pyright: ignore[reportPrivateUsage] - looked at, not changed
    own = {"HEAD", "OPTIONS"}
    return {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - own}


def tried(world: World, route: Route, browser: Browser, *, fresh: bool) -> Reply:
    """Return the answer to the sample of a route, sent as a page would."""
    path, body, headers = request_of(world, route, fresh=fresh)
    if route.unsafe:
        headers["X-CSRF-Token"] = world.csrf(browser)
    return world.send(route.method, path, browser=browser, body=body, headers=headers)


def test_every_route_is_in_the_table(world: World) -> None:
    listed = {(route.method, route.rule) for route in ROUTES}
    assert routes_of(world) - listed == set(), "put these into walls_table.py: who may use them, and a sample"
    assert listed - routes_of(world) == set(), "these are gone"


@pytest.mark.parametrize("route", CLOSED, ids=named)
def test_nobody_is_let_in_who_has_not_logged_in(world: World, route: Route) -> None:
    before = world.state()
    stranger = world.site.another()
    for found in (tried(world, route, stranger, fresh=False), _without_anything(world, route)):
        page = route.method == "GET" and not route.rule.startswith("/api/")
        assert found.leads_to_login if page else found.status in (401, 403), (found.status, found.text[:300])
        assert page or "ended" not in found.text
    assert world.state() == before


def _without_anything(world: World, route: Route) -> Reply:
    path, body, headers = request_of(world, route, fresh=False)
    return world.send(route.method, path, body=body, headers=headers)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("route", CLOSED, ids=named)
def test_each_role_may_what_it_may_and_nothing_else(world: World, route: Route, role: Role) -> None:
    assert route.role is not None
    if role.allows(route.role):
        browser = world.logged_in(f"{PEOPLE[role]}-too") if route.own else world.browsers[role]
        found = tried(world, route, browser, fresh=route.unsafe)
        assert found.status in route.good, (found.status, found.page.words[:500])
        assert not found.leads_to_login or route.rule == "/logout"
        return
    before = world.state()
    found = tried(world, route, world.browsers[role], fresh=False)
    assert found.status == 403, (found.status, found.text[:300])
    assert f"it takes the role {route.role}" in found.text
    assert world.state() == before


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("route", [route for route in ROUTES if route.rule.startswith("/api/")], ids=named)
def test_a_token_is_let_in_as_its_owner_is(world: World, route: Route, role: Role) -> None:
    assert route.role is not None
    may = role.allows(route.role)
    path, body, headers = request_of(world, route, fresh=may and route.unsafe)
    before = world.state()
    headers = {**headers, "Authorization": f"Bearer {world.tokens[role]}"}
    found = world.send(route.method, path, body=body, headers=headers)
    if may:
        assert found.status in route.good, (found.status, found.text[:500])
        return
    assert (found.status, json.loads(found.body)["status"]) == (403, 403)
    assert world.state() == before


@pytest.mark.parametrize("number", range(len(CLOSED)), ids=[named(route) for route in CLOSED])
def test_a_token_that_is_none_lets_nobody_in_not_even_beside_a_session(world: World, number: int) -> None:
    route, token = CLOSED[number], NO_TOKENS[number % len(NO_TOKENS)]
    path, body, headers = request_of(world, route, fresh=False)
    before = world.state()
    headers = {**headers, "Authorization": f"Bearer {token}", "Accept": "*/*", "Sec-Fetch-Mode": "cors"}
    found = world.send(route.method, path, browser=world.browsers[Role.ADMIN], body=body, headers=headers)
    assert (found.status, world.state()) == (401, before)


@pytest.mark.parametrize("route", {route.rule: route for route in ROUTES}.values(), ids=lambda route: route.rule)
def test_methods_that_a_route_does_not_have_are_refused(world: World, route: Route) -> None:
    path, _, headers = request_of(world, route, fresh=False)
    before = world.state()
    headers["X-CSRF-Token"] = world.csrf(world.browsers[Role.ADMIN])
    known = {"OPTIONS", *(other.method for other in ROUTES if matches(path, other))}
    known |= {"HEAD"} if "GET" in known else set()
    for method in METHODS - known:
        found = world.send(method, path, browser=world.browsers[Role.ADMIN], headers=headers)
        assert (method, found.status, world.state()) == (method, 405, before)


def matches(path: str, route: Route) -> bool:
    """Return whether a route takes an address, as ``/tasks/<task>`` takes that of ``/tasks/bulk`` too."""
    rule = re.sub(r"<(path|question):\w+>", ".+", re.sub(r"<\w+>", "[^/]+", route.rule))
    return re.fullmatch(rule, path.partition("?")[0]) is not None


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_looking_at_a_route_changes_nothing(world: World, route: Route, method: str, caplog: Any) -> None:
    path, _, headers = request_of(world, route, fresh=False)
    before = world.state()
    with caplog.at_level(logging.ERROR):
        found = world.send(method, path, browser=world.browsers[Role.ADMIN], headers=headers)
    assert (found.status < 500, world.state(), caplog.records) == (True, before, [])
    if method == "HEAD" and route in SAFE:
        assert found.body == b""
