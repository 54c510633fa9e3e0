"""Refusals of the API: problem details as RFC 9457 has them."""

import json

from flask import Response


def problem(status: int, title: str, detail: str, **more: object) -> Response:
    """Return a refusal as JSON: ``{"type": "about:blank", "title": ..., "status": ..., "detail": ..., **more}``.

    Args:
        status: of HTTP.
        title: what kind of refusal it is, the same for all of its kind.
        detail: what is the matter this time, and the remedy.
        more: further members, JSON values, as the places of what is wrong.
    """
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(document), status, mimetype="application/problem+json")
