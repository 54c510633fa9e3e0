"""Fork: a new task from the middle of another, with another context."""

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from workflow_engine.errors import DuplicateTask, InputRefused
from workflow_engine.task import Task
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.task_context import in_order, values_of
from workflow_engine.ui.pages.task_fork_form import Fork, asked_of, empty_fork, typed_fork
from workflow_engine.ui.pages.task_retry import groups, told_or_why
from workflow_engine.ui.pages.task_seen import Seen, seen
from workflow_engine.ui.security.current import record
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.showing import plain


@needs(Role.OPERATOR)
def fork(task: str) -> AnyResponse | str | tuple[str, int]:
    """Show the form of a fork with what it would do, or make the new task."""
    found = seen(task)
    phase = request.values.get("phase") or None
    told, why_not = told_or_why(task, phase)
    form = empty_fork(found.record, values_of(found), told)
    if request.method == "GET":
        return _page(found, phase, form)
    form = typed_fork(form, request.form)
    if request.form.get("do") != "fork" or form.errors or why_not:
        return _page(found, phase, form), 422 if form.errors and request.form.get("do") == "fork" else 200
    asked = asked_of(form)
    about = {"data": asked.data[0]} if asked.data else {}
    try:
        new: Task = desk().ask.fork_task(
            task,
            phase,
            context=asked.context,
            remove_context=asked.remove,
            task_id=form.task_id or None,
            by=g.person.name,
            **about,
        )
    except (InputRefused, DuplicateTask) as refusal:
        return _page(found, phase, form._replace(error=str(refusal))), 422
    record("fork", f"{task} as {new.id}")
    desk().settle()
    flash(f"This is the new task; {plain(task)} stays as it is.", "done")
    return redirect(url_for("task.show", task=new.id), 303)


def _page(found: Seen, phase: str | None, form: Fork) -> str:
    told, why_not = told_or_why(found.record.id, phase)
    return render_template(
        "task/fork.html",
        seen=found,
        phases=in_order(found),
        phase=phase,
        told=told,
        groups=groups(told, forks=True) if told is not None else (),
        why_not=why_not,
        form=form,
    )
