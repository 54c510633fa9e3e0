"""Bulk: something is done with many tasks at once, after a page has said what will happen.

The views are routes of the page of tasks.
"""

from collections.abc import Sequence
from typing import Final, get_args

import msgspec
from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.errors import InputRefused
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.bulk import Action, Order, Outcome, carry_out
from workflow_engine.ui.desk import desk
from workflow_engine.ui.forms.form import read
from workflow_engine.ui.pages import bulk_told
from workflow_engine.ui.pages.bulk_chosen import Chosen, carried, chosen_of, filter_of, left, wanted_from
from workflow_engine.ui.pages.bulk_preview import Typed, back_url, preview_of, preview_page
from workflow_engine.ui.pages.bulk_results import Result, results
from workflow_engine.ui.pages.bulk_words import WORDS, tasks_in_words
from workflow_engine.ui.security.current import person, record
from workflow_engine.ui.security.roles import Role, needs

ACTIONS: Final[dict[str, Action]] = {action: action for action in get_args(Action)}
"""What can be done, by name."""

NAMED_MAX: Final = 200
"""Tasks that the page of what was done names."""

REASON_MAX: Final = 1_000
"""Characters of a reason."""


@needs(Role.OPERATOR)
def preview() -> Response | tuple[str, int]:
    """Show what will happen to the tasks that a form means; nothing is changed."""
    action, filtered, back = _action(), carried(filter_of(request.form)), _back()
    chosen = chosen_of(request.form, action, desk().model)
    if not chosen.tasks and not chosen.others:
        flash("Nothing was selected. Select tasks first, or all that match.", "warning")
        return redirect(back_url(filtered, back), 303)
    typed = Typed(reason=_field("reason"), phase=_field("phase"))
    outcomes = _tried(action, chosen.tasks, typed)
    return preview_page(preview_of(action, chosen, outcomes, typed), filtered, back)


@needs(Role.OPERATOR)
def carry() -> Response | tuple[str, int]:
    """Do it, and lead to a page that says what has become of each; or show the preview again with what is missing."""
    action = _action()
    chosen = chosen_of(request.form, action, desk().model)
    order = Order(action, person(), _field("reason") or None, _field("phase") or None)
    typed = Typed(reason=_field("reason"), phase=_field("phase"))
    if action == "purge" and request.form.get("sure") != "1":
        return _again(action, chosen, msgspec.structs.replace(typed, fault="Tick the box to say that you are sure."))
    if action == "answer":
        read_back = _read(chosen, typed)
        if read_back is None or read_back.reading is None or not read_back.reading.complete:
            return _again(action, chosen, read_back or typed)
        order = order._replace(value=read_back.reading.value, shown=_shown(chosen))
    return _done(order, carry_out(desk().engine, order, chosen.tasks))


@needs(Role.VIEWER)
def done(token: str) -> Response | str:
    """Show what has become of tasks."""
    result = results().get(token)
    if result is None:
        flash("What was done there is not kept any more; the list shows how things stand.", "warning")
        return redirect(url_for("tasks.show"))
    wanted = wanted_from(result.filter)
    return render_template(
        "tasks/done.html",
        result=result,
        words=WORDS[result.action],
        left=left(wanted, result.action, desk().model) if result.matching else None,
        back_url=back_url(result.filter, result.back),
        named_max=NAMED_MAX,
        in_words=tasks_in_words,
    )


def _done(order: Order, outcomes: Sequence[Outcome]) -> Response:
    """Note what was done, and lead to the page that tells it."""
    for one in outcomes:
        about = one.found.id if isinstance(one.found, QuestionView) else one.task
        record(order.action, about, "done" if one.refusal is None else str(one.refusal))
    desk().settle()
    result = Result(
        action=order.action,
        by=order.person.name,
        done=bulk_told.doable(outcomes),
        refused=bulk_told.refused(order.action, outcomes),
        filter=carried(filter_of(request.form)),
        back=_back(),
        matching=request.form.get("matching") == "1",
    )
    return redirect(url_for("tasks.done", token=results().keep(result)), 303)


def _again(action: Action, chosen: Chosen, typed: Typed) -> tuple[str, int]:
    """Show the preview again, with what is missing; a form that a button has changed is no mistake."""
    changed = typed.reading is not None and typed.reading.action is not None
    again = preview_of(action, chosen, _tried(action, chosen.tasks, typed), typed)
    return preview_page(again, carried(filter_of(request.form)), _back(), 200 if changed else 422)


def _read(chosen: Chosen, typed: Typed) -> Typed | None:
    """Return what was typed with the answer to all questions, None where these have no form in common."""
    questions = bulk_told.questions_of(_tried("answer", chosen.tasks, typed))
    if len(bulk_told.shapes_of(questions)) != 1:
        return None
    return msgspec.structs.replace(typed, reading=read(questions[0].form, request.form.to_dict(flat=False)))


def _shown(chosen: Chosen) -> dict[str, str]:
    """Return what each question showed in the preview, by task.

    Raises:
        InputRefused: the form does not say so for each.
    """
    digests = request.form.get("shown", "").split()
    if len(digests) != len(chosen.tasks):
        raise InputRefused("that form is not complete; go back to the list, select the tasks, and look at it again")
    return dict(zip(chosen.tasks, digests, strict=True))


def _tried(action: Action, tasks: Sequence[str], typed: Typed) -> list[Outcome]:
    order = Order(action, person(), typed.reason or None, typed.phase or None)
    return carry_out(desk().engine, order, tasks, dry=True)


def _action() -> Action:
    """Return what is to be done.

    Raises:
        InputRefused: it is nothing that can be.
    """
    name = request.form.get("action", "")
    action = ACTIONS.get(name)
    if action is None:
        raise InputRefused(f"nothing is called {name[:60]!r} here; use {', '.join(ACTIONS)}")
    if action == "purge" and not person().role.allows(Role.ADMIN):
        record(action, request.path, "403: it takes an admin")
        abort(403, f"To remove tasks takes the role admin, and {person().name} is {person().role}; ask an admin.")
    return action


def _back() -> str:
    return "failures" if request.form.get("back") == "failures" else "tasks"


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:REASON_MAX]
