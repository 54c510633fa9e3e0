"""Workflows: what tasks can be submitted to, each with its versions, its form and its editor."""

from typing import Final
from urllib.parse import quote

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.rows import TaskQuery
from workflow_engine.spec.writing import to_yaml
from workflow_engine.ui.desk import desk
from workflow_engine.ui.library import folder_name
from workflow_engine.ui.pages import workflows_editor, workflows_submitting
from workflow_engine.ui.pages.task_graph import VERSION
from workflow_engine.ui.pages.workflows_drawing import drawn
from workflow_engine.ui.pages.workflows_known import Known, found, rights
from workflow_engine.ui.pages.workflows_list import listed, planned
from workflow_engine.ui.pages.workflows_moving import Moved, move, preview
from workflow_engine.ui.pages.workflows_parts import inputs_of, steps_of
from workflow_engine.ui.pages.workflows_versions import compared, versions_of
from workflow_engine.ui.security.current import person, record
from workflow_engine.ui.security.roles import Role, needs

workflows: Final = Blueprint("workflows", __name__)

Answered = Response | tuple[str, int]

workflows.context_processor(lambda: {"drawing_version": VERSION})

RECENT: Final = 8
"""Tasks that are listed on the page of a workflow."""


@workflows.get("/workflows")
@needs(Role.VIEWER)
def show() -> str:
    """List workflows."""
    return render_template(
        "workflows/workflows.html",
        found=listed(desk(), request.args),
        problems=sorted(desk().library.problems.items()),
        rights=rights(),
    )


@workflows.get("/workflows/<name>")
@needs(Role.VIEWER)
def workflow(name: str) -> str:
    """Show a workflow; ``before`` and ``after`` name two versions of it to be compared."""
    known = found(desk(), name)
    before, after = request.args.get("before", ""), request.args.get("after", "")
    timetable = next((one for one in desk().model.timetables() if one.workflow == name), None)
    spec = known.spec
    return render_template(
        "workflows/workflow.html",
        known=known,
        spec=spec,
        rights=rights(),
        graph=drawn(spec, wide=True) if spec is not None else None,
        inputs=inputs_of(spec) if spec is not None else (),
        steps=steps_of(spec) if spec is not None else (),
        planned=planned(timetable),
        versions=versions_of(desk(), known),
        before=before,
        after=after,
        diff=compared(desk(), known, before, after) if before and after else None,
        source=_source(known),
        recent=desk().model.tasks(TaskQuery(workflows=(name,), limit=RECENT)).rows,
    )


@workflows.get("/workflows/<name>/source")
@needs(Role.VIEWER)
def source(name: str) -> Response:
    """Send the file of a workflow."""
    known = found(desk(), name)
    text = _source(known)
    if text is None:
        raise InputRefused(f"workflow {name!r} has no file: {known.problem or 'its definition is gone'}")
    file = f"{folder_name(name)}.yaml"
    disposition = f"attachment; filename=\"workflow.yaml\"; filename*=UTF-8''{quote(file, safe='')}"
    return Response(
        text,
        headers={"Content-Disposition": disposition, "Content-Type": "application/yaml; charset=utf-8"},
    )


@workflows.get("/workflows/<name>/migrate")
@needs(Role.ADMIN)
def moving(name: str) -> str:
    """Show what would become of the tasks under way if they went on with the newest version."""
    known = found(desk(), name)
    return render_template("workflows/migrate.html", known=known, preview=preview(desk(), known))


@workflows.post("/workflows/<name>/migrate")
@needs(Role.ADMIN)
def migrate(name: str) -> Response:
    """Move the tasks that may move."""
    known = found(desk(), name)
    if known.spec is None or request.form.get("definition") != known.spec.digest():
        flash("The workflow was changed meanwhile, so nothing was moved. Look at what would move now.", "error")
        return redirect(url_for("workflows.moving", name=name), 303)
    done = move(desk(), known, mappable=request.form.get("mappable") == "1", by=person().name)
    record("migrate", name, f"done: {done.moved} moved, {sum(count for _, count in done.refused)} refused")
    desk().settle()
    flash(_told(done), "warning" if done.refused else "done")
    return redirect(url_for("workflows.moving" if done.left else "workflows.workflow", name=name), 303)


@workflows.get("/workflows/<name>/submit")
@needs(Role.OPERATOR)
def submit(name: str) -> Answered:
    """Show the form for a new task."""
    return workflows_submitting.submit_page(name)


@workflows.post("/workflows/<name>/submit")
@needs(Role.OPERATOR)
def submitted(name: str) -> Answered:
    """Submit a task, or change the form as a button of it says."""
    return workflows_submitting.submit(name)


@workflows.post("/workflows/<name>/submit/draft")
@needs(Role.OPERATOR)
def submit_draft(name: str) -> tuple[str, int]:
    """Keep what somebody has typed so far."""
    return workflows_submitting.keep_draft(name)


@workflows.get("/workflows/new")
@needs(Role.ADMIN)
def new() -> Answered:
    """Show the editor with a new workflow: workflow files may name programs, so it takes an admin."""
    return workflows_editor.edit_page(None)


@workflows.post("/workflows/new")
@needs(Role.ADMIN)
def create() -> Answered:
    """Check or save a new workflow."""
    return workflows_editor.edited(None)


@workflows.get("/workflows/<name>/edit")
@needs(Role.ADMIN)
def edit(name: str) -> Answered:
    """Show the editor with a workflow."""
    return workflows_editor.edit_page(name)


@workflows.post("/workflows/<name>/edit")
@needs(Role.ADMIN)
def change(name: str) -> Answered:
    """Check or save a workflow."""
    return workflows_editor.edited(name)


@workflows.post("/workflows/check")
@needs(Role.ADMIN)
def check() -> Response:
    """Look at a text that is being written."""
    return workflows_editor.checked()


def _source(known: Known) -> str | None:
    """Return the file of a workflow, as it was saved here, else as the definition says; None where neither is left."""
    text = desk().library.current(known.name)
    return text if text is not None or known.spec is None else to_yaml(known.spec)


def _told(done: Moved) -> str:
    """Return what is said after tasks were moved."""
    moved = "1 task goes" if done.moved == 1 else f"{done.moved:,} tasks go"
    parts = [f"{moved} on with the newest version"]
    parts += [f"{count:,} stayed: {why}" for why, count in done.refused[:3]]
    parts += [f"{done.left:,} more can move"] if done.left else []
    return "; ".join(parts)
