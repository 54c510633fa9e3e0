"""A small app behind the guard, with views of every role, people, and a clock that tests turn."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, render_template_string
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader
from werkzeug.test import TestResponse

import workflow_engine.ui
from workflow_engine.ui.security.access import Access
from workflow_engine.ui.security.audit import STRANGERS, Audit, audit_path
from workflow_engine.ui.security.current import person, record
from workflow_engine.ui.security.installing import install_into
from workflow_engine.ui.security.passwords import Cost
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.roles import Role, needs, public
from workflow_engine.ui.security.throttle import Throttle
from workflow_engine.ui_settings import UiSettings

CHEAP: Final = Cost(4, 1, 1)
PASSWORD: Final = "seven grey herons"
EVERYWHERE: Final = UiSettings(login="always")
BASE: Final = "<title>{% block title %}{% endblock %}</title>{% block main %}{% endblock %}"
REFUSED: Final = "{{ status }} {{ title }}: {{ why }}"


@dataclass
class Clock:
    """The time, as tests have it."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time, in seconds since the epoch."""
        return self.now


@dataclass
class Desk:
    """What the guard has to know of an engine."""

    settings: UiSettings
    data_dir: Path
    people: People
    audit: Audit


@dataclass
class Given:
    """An app, and what stands behind it."""

    desk: Desk
    clock: Clock
    app: Flask
    access: Access
    done: list[str] = field(default_factory=list[str])

    def client(self) -> FlaskClient:
        """Return a browser without cookies."""
        return self.app.test_client()

    def events(self, strangers: bool = False) -> list[tuple[Any, ...]]:
        """Return who did what to what and how it came out, as the audit has it."""
        path = self.desk.audit.path.with_name(STRANGERS) if strangers else self.desk.audit.path
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(json.loads(line)[key] for key in ("who", "what", "about", "outcome")) for line in lines]


def people(data_dir: Path, clock: Clock | None = None) -> People:
    """Return people whose passwords are quick to check."""
    return People(data_dir / "users.json", clock or Clock(), CHEAP)


def given(
    data_dir: Path,
    settings: UiSettings = EVERYWHERE,
    users: Iterable[tuple[str, Role]] = (("ann", Role.ADMIN), ("ben", Role.OPERATOR), ("vic", Role.VIEWER)),
) -> Given:
    """Return an app with views for every role; each user has `PASSWORD`."""
    clock = Clock()
    desk = Desk(settings, data_dir, people(data_dir, clock), Audit(audit_path(data_dir), clock))
    for name, role in users:
        if desk.people.find(name) is None:
            desk.people.add(name, role, ("editors",) if name == "ben" else (), PASSWORD)
    access = Access(desk, clock, Throttle(clock))
    app = Flask("workflow_engine.ui")
    templates = FileSystemLoader(Path(workflow_engine.ui.__path__[0]) / "templates")
    app.jinja_env.loader = ChoiceLoader([DictLoader({"base.html": BASE, "refused.html": REFUSED}), templates])
    result = Given(desk, clock, app, access)
    _add_views(result)
    install_into(app, desk, access)
    return result


def _add_views(result: Given) -> None:
    app = result.app

    @app.get("/open")
    @public
    def open_() -> str:
        return "open"

    @app.get("/look")
    @app.get("/api/look", endpoint="api_look")
    @needs(Role.VIEWER)
    def look() -> str:
        return f"{person().name} {person().role} {person().via} {','.join(person().groups)}"

    @app.get("/form")
    @needs(Role.VIEWER)
    def form() -> str:
        return render_template_string("{{ csrf_field() }}")

    @app.route("/do", methods=["POST", "PUT", "PATCH", "DELETE"])
    @app.post("/api/do", endpoint="api_do")
    @needs(Role.OPERATOR)
    def do() -> str:
        result.done.append(person().name)
        record("do", "it")
        return "done"

    @app.post("/rule")
    @needs(Role.ADMIN)
    def rule() -> str:
        return "ruled"

    @app.get("/artifact")
    @needs(Role.VIEWER)
    def artifact() -> Response:
        return Response("x", headers={"Content-Security-Policy": "sandbox", "Cache-Control": "private, max-age=9"})


def token_in(page: TestResponse) -> str:
    """Return the CSRF token of the first form of a page."""
    match = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', page.text)
    assert match is not None, page.text
    return match[1]


def log_in(
    browser: FlaskClient, name: str, password: str = PASSWORD, after: str = "/look", **more: Any
) -> TestResponse:
    """Log in as people do: open the page, fill in the form, send it."""
    page = browser.get("/login", **more)
    form = {"name": name, "password": password, "next": after, "csrf_token": token_in(page)}
    return browser.post("/login", data=form, **more)


def logged_in(given: Given, name: str) -> FlaskClient:
    """Return a browser in which somebody has logged in."""
    browser = given.client()
    assert log_in(browser, name).status_code == 303
    return browser


def form_token(browser: FlaskClient) -> str:
    """Return the CSRF token that the forms of a browser have."""
    return token_in(browser.get("/form"))
