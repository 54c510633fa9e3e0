"""What is known within a request: who makes it, from where, and what its forms have to carry."""

import secrets
from typing import Final

from flask import current_app, g, request
from markupsafe import Markup

from workflow_engine.ui.security.access import Access
from workflow_engine.ui.security.person import Person

EXTENSION: Final = "workflow_engine.security"
"""The name under which an app has its `Access`."""

COOKIE_MAX: Final = 100
"""Characters of a cookie at most that we have given."""

FIELD: Final = "csrf_token"
"""The field of a form that carries the token."""


def access() -> Access:
    """Return who may come in, as the app has it."""
    found: Access = current_app.extensions[EXTENSION]
    return found


def person() -> Person:
    """Return who makes the request; views that are not public always have somebody."""
    found = visitor()
    if found is None:
        raise AssertionError(f"{request.endpoint} is public and asks who is there; use visitor()")
    return found


def visitor() -> Person | None:
    """Return who makes the request, None where that is nobody known."""
    found: Person | None = g.get("person")
    return found


def address() -> str:
    """Return where the request comes from."""
    return access().proxies.origin(request.remote_addr or "", request.headers)


def encrypted() -> bool:
    """Return whether the browser came by https."""
    found = access()
    public_url = found.settings.public_url or ""
    return (
        request.scheme == "https"
        or public_url.startswith("https:")
        or found.proxies.encrypted(request.remote_addr or "", request.headers)
    )


def record(what: str, about: str, outcome: str = "done") -> None:
    """Note in the audit what the person of this request has done, or was refused."""
    access().audit.record(visitor(), what, about, outcome, address())


def csrf_token() -> str:
    """Return what every form has to carry, as `FIELD` or in the header ``X-CSRF-Token``."""
    cookie = sent_cookie()
    if cookie is None:
        cookie = secrets.token_urlsafe(32)
        give_cookie(cookie)
    who = visitor()
    return access().csrf_token(cookie, "" if who is None else who.name)


def csrf_field() -> Markup:
    """Return the field for a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def sent_cookie() -> str | None:
    """Return our cookie: the one that came, or the one that goes out instead."""
    if "cookie" not in g:
        value = request.cookies.get(access().cookie_name(encrypted()), "")
        g.cookie = value if 0 < len(value) <= COOKIE_MAX else None
    found: str | None = g.cookie
    return found


def give_cookie(value: str, max_age: float | None = None) -> None:
    """Have the browser keep *value* as our cookie: for *max_age* seconds, or until it is closed."""
    g.cookie = value
    g.given_cookie = (value, max_age)
