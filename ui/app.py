"""The app: the dashboard's pages and the API, over one desk."""

import functools
import hashlib
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from workflow_engine.errors import EngineError
from workflow_engine.ui import security, showing
from workflow_engine.ui.api.routes import API
from workflow_engine.ui.desk import DESK, Desk
from workflow_engine.ui.pages.listed import PAGES
from workflow_engine.ui.problems import problem
from workflow_engine.ui.refusals import status_of
from workflow_engine.ui.shell import shell

API_PREFIX: Final = "/api/"
"""Paths that begin so are answered as JSON, errors too."""


def create_app(desk: Desk) -> Flask:
    """Return the app.  The desk has to be open while it answers requests.

    Raises:
        ConfigError: something of the dashboard's own data cannot be used.
    """
    app = Flask("workflow_engine.ui", static_folder="static", static_url_path="/static")
    app.extensions[DESK] = desk
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    showing.register(app)
    for page in PAGES:
        app.register_blueprint(page)
    app.register_blueprint(API)
    app.context_processor(shell)
    app.register_error_handler(EngineError, _refused)
    app.register_error_handler(TimeoutError, _refused)
    app.register_error_handler(HTTPException, _failed)
    app.url_defaults(_versioned)
    security.install(app, desk)
    return app


def _refused(error: Exception) -> Response:
    """Say why the engine refused."""
    return _answered(status_of(error), str(error))


def _failed(error: HTTPException) -> Response:
    """Say what HTTP makes of a request."""
    answer = _answered(error.code or 500, error.description or "")
    if isinstance(error, MethodNotAllowed) and error.valid_methods is not None:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _answered(status: int, why: str) -> Response:
    title = TITLES.get(status, "That did not work")
    if request.path.startswith(API_PREFIX):
        return problem(status, title, why)
    g.failed = True  # the shell then asks nothing of an engine that may be the reason
    return Response(render_template("refused.html", status=status, title=title, why=why), status, mimetype="text/html")


TITLES: Final = {
    400: "That request cannot be understood",
    401: "Please log in",
    403: "You may not do that",
    404: "There is no such thing",
    405: "That cannot be done here",
    409: "That is not possible any more",
    410: "That is gone",
    413: "That is too large",
    415: "That is in a form that is not understood",
    421: "This is not the right address",
    422: "That cannot be accepted",
    429: "Too many tries",
    500: "Something went wrong here",
    503: "The engine cannot do that at the moment",
}


def _versioned(endpoint: str, values: dict[str, Any]) -> None:
    """Have browsers keep a static file for as long as it stays the same, and no longer."""
    if endpoint == "static" and current_app.static_folder is not None:
        values["v"] = _digest(Path(current_app.static_folder, values["filename"]))


@functools.cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
