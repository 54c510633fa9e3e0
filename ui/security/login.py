"""Logging in and out."""

import math
from typing import Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from workflow_engine.ui.security.current import access, address, give_cookie, record, sent_cookie, visitor
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.returning import local_path
from workflow_engine.ui.security.roles import Role, needs, public
from workflow_engine.ui.security.users import NAME, User

pages: Final = Blueprint("security", __name__)
"""Pages for logging in and for one's account."""


@pages.get("/login")
@public
def login() -> AnyResponse:
    """Ask for name and password, of people who have not given them."""
    after = local_path(request.args.get("next", ""))
    if visitor() is not None:
        return redirect(after, 303)
    return _page(after, "", 200)


@pages.post("/login", endpoint="log_in")
@public
def log_in() -> AnyResponse:
    """Let somebody in, and lead them to where they wanted to go."""
    found, after = access(), local_path(request.form.get("next", ""))
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    if not found.login_needed:
        return redirect(after, 303)
    pause = math.ceil(found.throttle.attempt(name, address()))
    if pause:
        record("log in", _about(name), "refused: too many tries")
        return _page(after, name, 429, f"That was tried too often. Try again in {_words(pause)}.", pause)
    user = found.people.by_password(name, password)
    if user is None:
        record("log in", _about(name), "refused: wrong name or password")
        return _page(after, name, 401, "Name and password do not belong together.")
    found.throttle.succeeded(name, address())
    begin_session(user)
    record("log in", user.name)
    return redirect(after, 303)


@pages.post("/logout")
@needs(Role.VIEWER)
def logout() -> AnyResponse:
    """End the session."""
    record("log out", g.person.name)
    cookie = sent_cookie()
    if cookie is not None:
        access().sessions.end(cookie)
    give_cookie("", 0)
    return redirect(url_for("security.login"), 303)


def begin_session(user: User) -> None:
    """Let *user* be known by a cookie that nobody has seen before; the one that came with the request ends."""
    found, before = access(), sent_cookie()
    if before is not None:
        found.sessions.end(before)
    give_cookie(found.sessions.begin(user.name, user.epoch), found.sessions.lifetime)
    g.person = Person(user.name, user.role, "session", user.groups)


def _page(after: str, name: str, status: int, error: str = "", retry_after: int | None = None) -> Response:
    text = render_template("login.html", next=after, name=name if NAME.fullmatch(name) else "", error=error)
    response = Response(text, status, mimetype="text/html")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="workflow-engine"'
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _about(name: str) -> str:
    """Return the name for the audit, where it is one of ours: people type passwords into the wrong field."""
    return name if any(user.name == name for user in access().people.everyone()) else "a name that is not known"


def _words(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
