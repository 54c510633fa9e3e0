"""Bulk: something is done with many tasks at once, after a page has said what will happen.

The views are routes of the page of tasks.
"""

from collections.abc import Sequence
from typing import Final, cast

import msgspec
from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.errors import InputRefused
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.bulk import Action, Order, Outcome, carry_out
from workflow_engine.ui.desk import desk
from workflow_engine.ui.forms.form import read
from workflow_engine.ui.pages import bulk_told
from workflow_engine.ui.pages.bulk_chosen import Chosen, carried, chosen_of, filter_of
from workflow_engine.ui.pages.bulk_preview import Typed, back_url, preview_of, preview_page
from workflow_engine.ui.pages.bulk_results import Result, results
from workflow_engine.ui.pages.bulk_words import WORDS, tasks_in_words
from workflow_engine.ui.security.current import person, record
from workflow_engine.ui.security.roles import Role, needs

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
    action, filtered, back = _action(), carried(filter_of(request.form)), _back()
    chosen = Chosen(chosen_of(request.form, action, desk().model).tasks if request.form.get("all") != "1" else ())
    typed = Typed(reason=_field("reason"), phase=_field("phase"))
    order = Order(action, person(), typed.reason or None, typed.phase or None)
    if action == "purge" and request.form.get("sure") != "1":
        return _again(action, chosen, msgspec.structs.replace(typed, fault="Say that you are sure: tick the box."))
    if action == "answer":
        typed, order = _answered(chosen, typed, order)
        if typed.reading is not None and not typed.reading.complete:
            return _again(action, chosen, typed)
    outcomes = carry_out(desk().engine, order, chosen.tasks)
    for one in outcomes:
        about = one.found.id if isinstance(one.found, QuestionView) else one.task
        record(action, about, "done" if one.refusal is None else str(one.refusal))
    desk().settle()
    more = chosen_of(request.form.copy() | {"all": "1"}, action, desk().model) if False else None
    del more
    done, refused = bulk_told.doable(outcomes), bulk_told.refused(action, outcomes)
    token = results().keep(Result(action, person().name, done, refused, filtered, back))
    return redirect(url_for("tasks.done", token=token), 303)
