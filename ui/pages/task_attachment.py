"""Attachments: what a browser saves."""

from flask import Response

from workflow_engine.ui.showing.headers import SANDBOX, content_disposition


def attachment(content: str | bytes, name: str, media_type: str) -> Response:
    """Return a response that is saved under *name*, however it is opened."""
    headers = {
        "Content-Disposition": content_disposition(name, inline=False),
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, content_type=f"{media_type}; charset=utf-8")
