"""Health: whether the engine does its work, for load balancers and supervisors.  It says nothing else."""

from typing import Final

from flask import Blueprint, Response

from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import public

health: Final = Blueprint("health", __name__)


@health.get("/health")
@public
def show() -> Response:
    """Answer 200 while the engine runs and can store things, else 503."""
    well = desk().engine.well
    return Response("ok\n" if well else "not well\n", 200 if well else 503, mimetype="text/plain")
