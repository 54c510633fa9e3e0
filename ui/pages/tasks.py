"""To be written."""

from typing import Final

from flask import Blueprint, render_template

from workflow_engine.ui.security.roles import Role, needs

tasks: Final = Blueprint("tasks", __name__)


@tasks.get("/tasks")
@needs(Role.VIEWER)
def show() -> str:
    """Show."""
    return render_template("refused.html", status=200, title="Tasks", why="")
