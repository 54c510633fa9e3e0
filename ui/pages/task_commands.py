"""What is done with one task at a click: cancel, purge, export."""

import json
from typing import Any, Final

from flask import Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from workflow_engine.errors import IllegalTransition
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.task_attachment import attachment
from workflow_engine.ui.security.current import record
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.showing import plain

REASON_MAX: Final = 2_000
"""Characters of a reason."""


@needs(Role.OPERATOR)
def cancel(task: str) -> AnyResponse:
    """End a task."""
    reason = request.form.get("reason", "").strip()[:REASON_MAX] or None
    try:
        desk().ask.cancel(task, reason, by=g.person.name)
    except IllegalTransition as refusal:
        flash(f"It was not cancelled: {plain(refusal)}", "error")
        return back(task)
    record("cancel", task)
    desk().settle()
    flash("The task is cancelled; what it has done that can be undone is undone first.", "done")
    return back(task)


@needs(Role.ADMIN)
def purge(task: str) -> AnyResponse:
    """Remove a task that has ended, for good."""
    if request.form.get("sure") != "yes":
        flash("It was not removed: tick the box first, since nothing brings it back.", "error")
        return back(task)
    try:
        desk().ask.purge(task, by=g.person.name)
    except IllegalTransition as refusal:
        flash(f"It was not removed: {plain(refusal)}", "error")
        return back(task)
    record("purge", task)
    desk().settle()
    flash(f"Task {plain(task)} is removed, with its history, logs and workspace.", "done")
    return redirect(url_for("tasks.show"), 303)


@needs(Role.OPERATOR)
def export(task: str) -> AnyResponse:
    """Give a task as a document for another engine; with ``end`` it ends here, which takes an admin."""
    ends = request.form.get("end") == "yes"
    if ends and not g.person.role.allows(Role.ADMIN):
        flash("It was not exported: only an admin may end a task here so that its copy goes on elsewhere.", "error")
        return back(task)
    try:
        document: dict[str, Any] = desk().ask.export_task(task, ends, by=g.person.name)
    except IllegalTransition as refusal:
        flash(f"It was not exported: {plain(refusal)}", "error")
        return back(task)
    record("export and end" if ends else "export", task)
    if ends:
        desk().settle()
    return saved(document, task)


def saved(document: dict[str, Any], task: str) -> Response:
    """Return a document as a file."""
    return attachment(json.dumps(document, ensure_ascii=False, indent=1), f"{task}.json", "application/json")


def back(task: str) -> AnyResponse:
    """Lead to the page of a task."""
    return redirect(url_for("task.show", task=task), 303)
