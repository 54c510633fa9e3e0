"""Answering: what a person has sent becomes the answer, or comes back to them with why not and all that they typed."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.core.shown import digest_of
from workflow_engine.errors import AlreadyAnswered, AnswerRefused, EngineError, ShownChanged, UnknownTask
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.desk import desk
from workflow_engine.ui.forms.form import Reading, fields_of, read
from workflow_engine.ui.forms.naming import KEY, MARKS, ROOT, in_words
from workflow_engine.ui.forms.uploads import uploads_of
from workflow_engine.ui.pages.inbox_list import Wanted, next_after
from workflow_engine.ui.pages.inbox_page import DRAFTED, Sent, closed_page, question_page
from workflow_engine.ui.pages.inbox_uploads import Renaming, stored
from workflow_engine.ui.refusals import status_of
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.current import person, record
from workflow_engine.ui.showing import plain, shortened

Answered = Response | tuple[str, int]

SHOWN, SEAL = "shown", "seen"
"""Names of the hidden fields: the digest of what was shown, and of which parts it is made."""

SECRET: Final = "secret"
"""Name of hidden fields that each name one for a password."""


def answer_question(question: str, wanted: Wanted) -> Answered:
    """Answer a question with what was sent, and lead to the next one; or show why not, with all that was typed."""
    try:
        view: QuestionView = desk().ask.get_question(question)
    except (AnswerRefused, UnknownTask) as error:
        return _closed(error, question, wanted, None)
    refusal = why_not(person(), view)
    if refusal is not None:
        record("answer", view.id, f"403: {refusal}")
        typed = typed_words(request.form.to_dict(flat=False))
        return closed_page(AnswerRefused(view.id, refusal), view.id, wanted, 403, typed)
    shelf = Renaming(view.artifacts, desk().drafts.shelf(person().name))
    given: Any = request.files.items()  # their reading takes further arguments that ours leaves out
    files = uploads_of(given, desk().settings.body_max_bytes)
    reading = read(
        view.form,
        request.form.to_dict(flat=False),
        {name: shelf.renamed(upload) for name, upload in files.items()},
        shelf,
    )
    clash = shelf.clashing(reading.uploads)
    stale = request.form.get(SHOWN, "") != view.shown
    if not reading.complete or clash:
        same_name = f"Two files are called {plain(clash[0])}. Give one of them another name." if clash else ""
        return _again(view, wanted, reading, stale, 422 if reading.action is None else 200, same_name)
    if stale:
        return _again(view, wanted, reading, stale, 409)
    return _sent(view, wanted, reading)


def keep_draft(question: str) -> tuple[str, int]:
    """Keep what was typed so far, without passwords; return an empty body and the status of HTTP.

    Raises:
        EngineError: the question is not open.
    """
    view: QuestionView = desk().ask.get_question(question)
    if why_not(person(), view) is not None:
        return "", 403
    return "", 204 if _keep(view, read(view.form, request.form.to_dict(flat=False))) else 507


def _sent(view: QuestionView, wanted: Wanted, reading: Reading) -> Answered:
    """Send an answer that was read without problems."""
    who = person().name
    try:
        shown = digest_of(stored(view, reading.uploads, who)) if reading.uploads else view.shown
        desk().ask.answer(view.id, reading.value, who, shown)
    except AlreadyAnswered as error:
        if error.by != who or error.value != reading.value:
            return _closed(error, view.id, wanted, reading)
    except EngineError as error:
        return _refused(error, view.id, wanted, reading)
    record("answer", view.id)
    desk().drafts.drop(who, view.id)
    desk().settle()
    flash(_said(view, reading), "done")
    following = next_after(desk().model, view, wanted, person())
    if following is None:
        return redirect(url_for("inbox.show", **wanted.args(after="")), 303)
    return redirect(url_for("inbox.question", question=following.id, **wanted.args()), 303)


def _refused(error: EngineError, question: str, wanted: Wanted, reading: Reading) -> Answered:
    """Show the question as it is now, why the answer was refused, and what was typed."""
    record("answer", question, f"{status_of(error)}: {error}")
    try:
        view: QuestionView = desk().ask.get_question(question)
    except (AnswerRefused, UnknownTask) as closed:
        return _closed(closed, question, wanted, reading)
    if isinstance(error, ShownChanged):
        return _again(view, wanted, reading, True, 409)
    why = error.why if isinstance(error, AnswerRefused) else str(error)
    return _again(view, wanted, reading, False, status_of(error), f"That was not accepted: {plain(why)}.")


def _again(
    view: QuestionView, wanted: Wanted, reading: Reading, stale: bool, status: int, message: str = ""
) -> Answered:
    _keep(view, reading)
    sent = Sent(reading, request.form.get(SEAL, ""), stale, message)
    return question_page(view, wanted, status, sent)


def _closed(error: EngineError, question: str, wanted: Wanted, reading: Reading | None) -> Answered:
    """Say what has become of a question, and keep in sight what was typed."""
    record("answer", question, f"{status_of(error)}: {error}")
    posted = reading.draft if reading is not None else request.form.to_dict(flat=False)
    return closed_page(error, question, wanted, status_of(error), typed_words(posted))


def _keep(view: QuestionView, reading: Reading) -> bool:
    return desk().drafts.keep(person().name, view.id, {**reading.draft, DRAFTED: [str(time.time())]})


def typed_words(posted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what was typed, by the names of its fields in words: to be read and copied.  Passwords are left out."""
    found: dict[str, str] = {}
    secret = {*posted.get(SECRET, ())}
    for name, texts in posted.items():
        words = [text for text in texts if text.strip()]
        if words and name not in secret and (name == ROOT or (name.startswith("/") and not name.endswith(_SILENT))):
            found[_field_words(name)] = "\n".join(words)
    return found


_SILENT: Final = tuple(mark for mark in MARKS if mark != KEY)


def _field_words(name: str) -> str:
    """Return what a field is called, by the name of its input."""
    if name == ROOT:
        return "Answer"
    parts = name.removesuffix(KEY).strip("/").split("/")
    return ": ".join(in_words(part.replace("~row", "entry ").replace("~1", "/").replace("~0", "~")) for part in parts)


def _said(view: QuestionView, reading: Reading) -> str:
    """Return what is said after an answer."""
    about = plain(shortened(view.prompt, 80))
    decision = fields_of(view.form, posted=reading.posted_back).decision
    chosen = decision.field.shown if decision is not None else ""
    return f"Answered: {about} {plain(shortened(chosen, 40))}" if chosen else f"Answered: {about}"
