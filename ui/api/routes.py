"""The routes of the API: one for each operation, the document that describes them, and the page to read it on."""

from typing import Final

from flask import Blueprint, Response, render_template, request

from workflow_engine.ui.api import paths
from workflow_engine.ui.api.chapters import chapters, engine_errors
from workflow_engine.ui.api.openapi import document
from workflow_engine.ui.api.refusing import TITLES
from workflow_engine.ui.api.serving import view_of
from workflow_engine.ui.api.table import OPERATIONS
from workflow_engine.ui.security.roles import Role, needs

API: Final = Blueprint("api", __name__, url_prefix="/api/v1")

for _operation in OPERATIONS:
    API.add_url_rule(
        paths.rule(_operation.path),
        endpoint=_operation.name,
        view_func=view_of(_operation),
        methods=[_operation.method],
        # A question's id may hold two slashes in a row, and to be sent elsewhere loses the body of a request.
        merge_slashes=False,
    )


@API.get("/openapi.json")
@needs(Role.VIEWER)
def openapi() -> Response:
    """Answer with the OpenAPI document."""
    response = Response(document(), mimetype="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response


@API.get("/docs")
@needs(Role.VIEWER)
def reference() -> str:
    """Show the operations."""
    return render_template(
        "api/reference.html",
        chapters=chapters(),
        titles=tuple(TITLES.items()),
        kinds=engine_errors(),
        root=request.url_root.rstrip("/"),
    )
