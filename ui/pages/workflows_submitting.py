"""Submitting: a form made from what a workflow asks for becomes a task."""

import time
from typing import Any, Final

import msgspec
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.ecs_workflow import Task, WorkflowSpec
from workflow_engine.errors import DuplicateTask, EngineError, InputRefused
from workflow_engine.ui.desk import desk
from workflow_engine.ui.forms.fields import Form
from workflow_engine.ui.forms.form import Reading, fields_of, read
from workflow_engine.ui.forms.uploads import Upload, uploads_of
from workflow_engine.ui.pages.workflows_extras import FIELDS, Extras, extras_of, new_once
from workflow_engine.ui.pages.workflows_known import Known, found
from workflow_engine.ui.refusals import status_of
from workflow_engine.ui.security.current import person, record

Answered = Response | tuple[str, int]

ANYTHING: Final[dict[str, Any]] = {
    "title": "Data",
    "description": "What the task is about, as JSON: the workflow does not say what it wants.",
    "format": "json",
}
"""What is asked for by a workflow that says nothing of its inputs."""

DRAFTED: Final = "_at"
"""Name under which a draft says when it was kept; no input of a form is called so."""


class Refused(msgspec.Struct, frozen=True):
    """Why a task was not submitted: a sentence, and the task that is in the way, where one is."""

    text: str
    task: str = ""


def submit_page(name: str) -> Answered:
    """Return the form of a workflow, with what somebody typed last and did not send."""
    known, spec = _submittable(name)
    draft = desk().drafts.get(person().name, _key(name)) or {}
    kept = draft.pop(DRAFTED, [""])[-1]
    extras = extras_of({key: draft.pop(key, [""])[-1] for key in FIELDS}, spec)
    form = fields_of(_schema(spec), _start(spec), posted=draft or None, decides=False)
    drafted_at = (float(kept) if kept.replace(".", "", 1).isdecimal() else time.time()) if draft else None
    return _page(known, spec, form, extras, drafted_at=drafted_at)


def submit(name: str) -> Answered:
    """Submit a task as a form says; or show why not, with all that was typed."""
    known, spec = _submittable(name)
    if request.form.get("do") == "discard":
        desk().drafts.drop(person().name, _key(name))
        return redirect(url_for("workflows.submit", name=name), 303)
    reading, extras = _read(spec)
    if not reading.complete or extras.problems:
        _keep(name, reading, extras)
        return _again(known, spec, reading, extras, 422 if reading.action is None else 200)
    try:
        task = _submitted(name, reading, extras)
    except EngineError as error:
        record("submit", name, f"{status_of(error)}: {error}")
        _keep(name, reading, extras)
        return _refused(known, spec, reading, extras, error)
    return _done(name, task)


def keep_draft(name: str) -> tuple[str, int]:
    """Keep what was typed so far, without passwords; return an empty body and the status of HTTP."""
    _, spec = _submittable(name)
    reading, extras = _read(spec, files=False)
    return "", 204 if _keep(name, reading, extras) else 507


def _submittable(name: str) -> tuple[Known, WorkflowSpec]:
    known = found(desk(), name)
    if known.spec is None:
        raise InputRefused(f"workflow {name!r} cannot be used: {known.problem or 'its definition is gone'}")
    return known, known.spec


def _read(spec: WorkflowSpec, *, files: bool = True) -> tuple[Reading, Extras]:
    posted = request.form.to_dict(flat=False)
    shelf = desk().drafts.shelf(person().name)
    uploads: dict[str, Upload] = {}
    if files:
        given: Any = request.files.items()  # what a stored file can do is wider than what is asked of it
        uploads = uploads_of(given, desk().settings.body_max_bytes)
    return read(_schema(spec), posted, uploads, shelf), extras_of(request.form, spec)


def _submitted(name: str, reading: Reading, extras: Extras) -> Task:
    """Submit it under an id that is the same however often the form is sent."""
    task: Task = desk().ask.submit_task(
        reading.value,
        name,
        extras.start,
        task_id=extras.task_id or extras.once,
        priority=extras.priority,
        labels=extras.labels or None,
        artifacts={file: upload.content for file, upload in reading.uploads.items()},
        by=person().name,
    )
    return task


def _done(name: str, task: Task) -> Response:
    """Lead to the page of a task that was submitted."""
    record("submit", task.id)
    desk().drafts.drop(person().name, _key(name))
    desk().settle()
    flash("Submitted", "done")
    return redirect(url_for("task.show", task=task.id), 303)


def _refused(known: Known, spec: WorkflowSpec, reading: Reading, extras: Extras, error: EngineError) -> Answered:
    status = status_of(error)
    if not isinstance(error, DuplicateTask):
        return _again(known, spec, reading, extras, status, Refused(f"That was not accepted: {error}"))
    if extras.task_id is not None:
        why = "Another task has this id. Choose another one, or leave it empty."
        return _again(known, spec, reading, _with_problem(extras, why), status, Refused("", error.task))
    again = msgspec.structs.replace(extras, once=new_once())
    text = "A task was submitted from this form already, with other data. Send it again to submit another one."
    return _again(known, spec, reading, again, status, Refused(text, error.task))


def _with_problem(extras: Extras, why: str) -> Extras:
    return msgspec.structs.replace(extras, problems={**extras.problems, "task_id": why})


def _again(
    known: Known, spec: WorkflowSpec, reading: Reading, extras: Extras, status: int, refused: Refused | None = None
) -> Answered:
    form = fields_of(
        _schema(spec),
        problems=reading.problems,
        posted=reading.posted_back,
        focus=reading.focus,
        decides=False,
    )
    return _page(known, spec, form, extras, status, refused)


def _page(
    known: Known,
    spec: WorkflowSpec,
    form: Form,
    extras: Extras,
    status: int = 200,
    refused: Refused | None = None,
    drafted_at: float | None = None,
) -> Answered:
    return render_template(
        "workflows/submit.html",
        known=known,
        spec=spec,
        form=form,
        extras=extras,
        refused=refused,
        drafted_at=drafted_at,
    ), status


def _keep(name: str, reading: Reading, extras: Extras) -> bool:
    typed = {key: [text] for key, text in extras.typed.items() if text.strip()}
    draft = {**reading.draft, **typed, DRAFTED: [str(time.time())]}
    return desk().drafts.keep(person().name, _key(name), draft)


def _key(name: str) -> str:
    return f"submit {name}"


def _schema(spec: WorkflowSpec) -> Any:
    return spec.inputs if spec.inputs is not None else ANYTHING


def _start(spec: WorkflowSpec) -> Any:
    return None if spec.inputs is not None else {}
