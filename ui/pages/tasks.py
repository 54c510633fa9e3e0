"""Tasks: the list of all there are, and what can be done with many of them."""

import re
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import LIMIT_MAX, QuestionQuery
from workflow_engine.registry import TASK_ID
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages import bulk
from workflow_engine.ui.pages.bulk_chosen import carried
from workflow_engine.ui.pages.tasks_rows import listed
from workflow_engine.ui.pages.tasks_wanted import SIZES, WITHIN, Wanted, wanted_of
from workflow_engine.ui.security.roles import Role, needs

tasks: Final = Blueprint("tasks", __name__)
tasks.add_url_rule("/tasks/bulk/preview", "preview", bulk.preview, methods=["POST"])
tasks.add_url_rule("/tasks/bulk", "bulk", bulk.carry, methods=["POST"])
tasks.add_url_rule("/tasks/bulk/done/<token>", "done", bulk.done)

_RUN: Final = re.compile(r"[^/]+/\d+(/\w+)*")
"""The id of a run or question behind that of its task: the phase, which visit, and of that which item or question."""


@tasks.get("/tasks")
@needs(Role.VIEWER)
def show() -> Response | str:
    """List tasks; what has just the id that is searched for is gone to."""
    wanted = wanted_of(request.args)
    if "" in (value for values in request.args.listvalues() for value in values) and not wanted.faults:
        return redirect(address_of(wanted))  # a form sends its empty fields too
    found = named_by(desk().model, wanted)
    if found is not None:
        return redirect(found)
    listing = listed(desk(), wanted)
    return render_template(
        "tasks/tasks.html",
        found=listing,
        filtered=carried(listing.wanted),
        at_once=LIMIT_MAX,
        sizes=SIZES,
        spans=WITHIN,
    )


def address_of(wanted: Wanted) -> str:
    """Return the address of a list, with nothing in it that is empty."""
    query = carried(wanted)
    return f"{url_for('tasks.show')}{'?' if query else ''}{query}"


def named_by(model: ReadModel, wanted: Wanted) -> str | None:
    """Return the address of what is called as the text says, where nothing else is asked for; None if there is none."""
    if wanted.args(text="") or not wanted.text:
        return None
    task, _, rest = wanted.text.partition("/")
    if not TASK_ID.fullmatch(task) or (rest and not _RUN.fullmatch(rest)) or wanted.text.endswith("/"):
        return None
    if not model.events(task, limit=1):
        return None
    if rest:
        asked = model.questions(QuestionQuery(task=task)).rows
        if any(row.id == wanted.text for row in asked):
            return url_for("inbox.question", question=wanted.text)
    return url_for("task.show", task=task)
