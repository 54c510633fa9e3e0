"""To be written."""

from typing import Final

from flask import Blueprint, render_template

from workflow_engine.ui.security.roles import Role, needs

workflows: Final = Blueprint("workflows", __name__)


@workflows.get("/workflows")
@needs(Role.VIEWER)
def show() -> str:
    """Show."""
    return render_template("refused.html", status=200, title="To be written", why="")


@workflows.get("/workflows/<name>")
@needs(Role.VIEWER)
def workflow(name: str) -> str:
    """Show."""
    return render_template("refused.html", status=200, title=name, why="")
