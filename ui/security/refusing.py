"""Refusals, as pages for people and as problem details for programs."""

from typing import Final, NamedTuple
from urllib.parse import quote

from flask import Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from workflow_engine.ui.problems import problem

API: Final = "/api/"
"""Paths that begin so are answered as JSON."""


class Refusal(NamedTuple):
    """Why a request goes no further.

    Attributes:
        status: of HTTP.
        title: in a few words.
        why: what is the matter, and the remedy.
        retry_after: seconds after which it may be tried again, or None.
    """

    status: int
    title: str
    why: str
    retry_after: int | None = None


def response_to(refusal: Refusal) -> AnyResponse:
    """Return what the one is told whose request is refused."""
    if refusal.status == 401 and _by_navigating():
        return redirect(url_for("security.login", next=_here()), 303)
    response = _told(refusal)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="workflow-engine"'
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _told(refusal: Refusal) -> Response:
    status, title, why, _ = refusal
    if request.path.startswith(API):
        return problem(status, title, why)
    if g.get("person") is None:  # a page has words for people who are known
        return Response(f"{title}: {why}.\n", status, mimetype="text/plain")
    return Response(render_template("refused.html", status=status, title=title, why=why), status, mimetype="text/html")


def _by_navigating() -> bool:
    """Return whether a person asks for a page, and not a script for a part of one."""
    return (
        request.method in ("GET", "HEAD")
        and not request.path.startswith(API)
        and (request.accept_mimetypes.accept_html or "Accept" not in request.headers)
        and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    )


def _here() -> str:
    query = request.query_string.decode("ascii", "replace")
    path = quote(request.path)
    return f"{path}?{query}" if query else path
