"""To be written."""

from typing import Final

from flask import Blueprint, render_template

from workflow_engine.ui.security.roles import Role, needs

task: Final = Blueprint("task", __name__)


@task.get("/tasks/<task>")
@needs(Role.VIEWER)
def show(task: str) -> str:
    """Show."""
    return render_template("refused.html", status=200, title=task, why="")
