"""Putting the guard before an app."""

from typing import Any

from flask import Flask

from workflow_engine.ui.security.access import Access, Desk
from workflow_engine.ui.security.account import pages  # with the routes of the account
from workflow_engine.ui.security.current import EXTENSION, csrf_field, csrf_token
from workflow_engine.ui.security.guard import Guard, is_static
from workflow_engine.ui.security.roles import demand_of


def install_into(app: Flask, desk: Desk, access: Access | None = None) -> None:
    """Guard every route of *app*; see `workflow_engine.ui.security.install`.

    Args:
        app: with all of its routes.
        desk: what has to be known of an engine.
        access: where it is made already, with another clock.
    """
    access = access or Access(desk)
    app.extensions[EXTENSION] = access
    app.register_blueprint(pages)
    _check_marks(app)
    settings: dict[str, Any] = dict(
        MAX_CONTENT_LENGTH=access.settings.body_max_bytes,
        MAX_FORM_MEMORY_SIZE=access.settings.body_max_bytes,  # a form may hold the data of a task
        MAX_FORM_PARTS=1_000,
        # Flask's own cookie holds messages for the next page, and nothing else.
        SESSION_COOKIE_NAME=f"workflow_engine_messages_{access.settings.port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=(access.settings.public_url or "").startswith("https:"),
    )
    app.config |= settings
    app.secret_key = access.derived("messages")
    in_templates: dict[str, Any] = app.jinja_env.globals  # pyright: ignore[reportAssignmentType] - theirs names their own
    in_templates |= {"csrf_token": csrf_token, "csrf_field": csrf_field}
    guard = Guard(access)
    # First of all: what others do before a request must not be done for one that is refused.  And last of all, which
    # is the first of these: what others put on a response is there by then.
    app.before_request_funcs.setdefault(None, []).insert(0, guard.before)
    app.after_request_funcs.setdefault(None, []).insert(0, guard.after)


def _check_marks(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        if not is_static(app, endpoint):
            demand_of(endpoint, view)
