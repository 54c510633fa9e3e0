"""The guard: what every request has to pass, in this order.

1. The Host header is one of ours, so that no page of strangers passes for ours.
2. The request is not too large.
3. It is known who makes it, or they do not say.
4. They have the role that the view needs.
5. What changes something was sent by a page of ours.
"""

import hmac
import logging
from typing import Final

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from workflow_engine.errors import ConfigError
from workflow_engine.ui.security import headers
from workflow_engine.ui.security.access import Access
from workflow_engine.ui.security.current import FIELD, encrypted, record, sent_cookie, visitor
from workflow_engine.ui.security.foreign import SAFE, from_program, why_foreign
from workflow_engine.ui.security.knowing import known
from workflow_engine.ui.security.refusing import Refusal, response_to
from workflow_engine.ui.security.roles import Role, demand_of

STRANGER_BYTES_MAX: Final = 64 * 1024
"""Size of a request at most while nobody knows who makes it: a name and a password."""

API_PREFIX: Final = "/api/"
"""Paths that programs ask, which have no page to take a token from."""

FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""What a form of any site can make a browser send without asking first."""

TARGET_MAX: Final = 16 * 1024
"""Characters of an address at most."""


class Guard:
    """Lets requests pass, and puts headers on responses."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def before(self) -> Response | None:
        """Return why the request goes no further, None where it does."""
        g.person = None
        for check in (self._host, self._size, self._who, self._role, self._own):
            refusal = check()
            if refusal is not None:
                if refusal.status != 401 or "Authorization" in request.headers:  # everybody's first visit is no event
                    record("request", f"{request.method} {request.path}", f"{refusal.status}: {refusal.why}")
                return response_to(refusal)
        return None

    def after(self, response: Response) -> Response:
        """Put on a response what browsers have to know, and the cookie."""
        for name, value in headers.HEADERS.items():
            response.headers.setdefault(name, value)
        if encrypted():
            response.headers["Strict-Transport-Security"] = headers.HSTS
        if request.endpoint is not None and is_static(current_app, request.endpoint):
            cached = headers.VERSIONED if "v" in request.args and response.status_code == 200 else headers.UNVERSIONED
            response.headers["Cache-Control"] = cached
        elif response.headers.get("Cache-Control") in (None, "no-cache"):  # Flask's own word for files
            response.headers["Cache-Control"] = headers.PRIVATE
        self._send_cookie(response)
        return response

    def _host(self) -> Refusal | None:
        header = request.environ.get("HTTP_HOST")
        if self._access.hosts.answer(header):
            return None
        return Refusal(
            421,
            "This is not the right address",
            "the dashboard is not known under this name; use another one, or name it in allowed_hosts or public_url "
            "of [ui], in the settings of the engine",
        )

    def _size(self) -> Refusal | None:
        if len(request.path) + len(request.query_string) > TARGET_MAX:
            return Refusal(414, "That address is too long", f"an address has up to {TARGET_MAX:,} characters")
        return _too_large(self._access.settings.body_max_bytes)

    def _who(self) -> Refusal | None:
        try:
            self._access.people.everyone()  # public pages look there too, and would say more than strangers should know
            found = known(self._access)
        except ConfigError:  # the users file was damaged while we run
            _LOG.exception("nobody can be let in")
            return Refusal(503, "Nobody can be let in", "the users file cannot be used; the log of the server says why")
        if isinstance(found, Refusal):
            return found
        g.person = found
        if found is None:
            request.max_content_length = STRANGER_BYTES_MAX
            return _too_large(STRANGER_BYTES_MAX) if self._demand() is None else None
        return None

    def _role(self) -> Refusal | None:
        demand, person = self._demand(), visitor()
        if demand is None:
            return None
        if person is None:
            return Refusal(401, "Please log in", "log in, or send a token as `Authorization: Bearer ...`")
        if person.role.allows(demand):
            return None
        return Refusal(
            403, "You may not do that", f"it takes the role {demand}, and {person.name} is {person.role}; ask an admin"
        )

    def _demand(self) -> Role | None:
        endpoint = request.endpoint
        if endpoint is None:  # no such page; strangers need not know what there is
            return Role.VIEWER
        return None if is_static(current_app, endpoint) else demand_of(endpoint, current_app.view_functions[endpoint])

    def _own(self) -> Refusal | None:
        why = why_foreign(request.method, request.headers, self._access.settings, encrypted=encrypted())
        if why is not None:
            return Refusal(403, "That came from another site", f"{why}; open the dashboard itself and do it there")
        person = visitor()
        if request.method in SAFE or (person is not None and person.via == "token"):
            return None
        if request.path.startswith(API_PREFIX) and request.mimetype not in FORMS and from_program(request.headers):
            return None
        cookie = sent_cookie()
        wanted = self._access.csrf_token(cookie, person.name if person else "") if cookie is not None else None
        given = request.headers.get("X-CSRF-Token") or request.form.get(FIELD, "")
        if wanted is not None and hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
            return None
        return Refusal(
            403,
            "That form is too old",
            "it was not sent by a page of yours that is still good; load the page again, then send it once more",
        )

    def _send_cookie(self, response: Response) -> None:
        given: tuple[str, float | None] | None = g.get("given_cookie")
        if given is None:
            return
        value, max_age = given
        response.set_cookie(
            self._access.cookie_name(encrypted()),
            value,
            max_age=None if max_age is None else int(max_age),
            secure=encrypted(),
            httponly=True,
            # Lax, not Strict: under Strict a link in a mail finds people logged out.  What changes something is never
            # a link here, and under Lax the browser sends nothing with forms of other sites.
            samesite="Lax",
        )


def is_static(app: Flask, endpoint: str) -> bool:
    """Return whether *endpoint* serves the static files of the app or of a blueprint, and nothing else."""
    if endpoint == "static":
        return app.has_static_folder
    return getattr(app.view_functions[endpoint], "__name__", "") == "send_static_file"


def _too_large(most: int) -> Refusal | None:
    if (request.content_length or 0) <= most:
        return None
    return Refusal(413, "That is too large", f"a request has up to {most:,} bytes; send less at once")


_LOG: Final = logging.getLogger("workflow_engine")
