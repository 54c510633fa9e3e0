"""Tending: claiming a question, giving it to others, talking about it, moving its due time."""

from collections.abc import Callable
from typing import Final

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.errors import AnswerRefused, EngineError, UnknownTask
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.inbox_list import Wanted, wanted_of
from workflow_engine.ui.pages.inbox_page import Trouble, closed_page, question_page
from workflow_engine.ui.refusals import status_of
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.current import person, record
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.showing import plain, shortened

View = Callable[[str], Response | tuple[str, int]]

NAMES_MAX: Final = 100
"""People and groups that one question may be given to."""


class _Wrong(Exception):
    """What was typed in a small form cannot be used; the text says why and how to mend it."""


@needs(Role.OPERATOR)
def claim(question: str) -> Response | tuple[str, int]:
    """Say that one works on a question."""

    def do(view: QuestionView) -> str:
        if view.claimed_by is None and view.owner != person().name:
            _check(why_not(person(), view))
        desk().ask.claim_question(view.id, person().name)
        return "You have taken it: others see that you work on it."

    return _tended("claim", question, do)


@needs(Role.OPERATOR)
def release(question: str) -> Response | tuple[str, int]:
    """Give a question up that one has claimed."""

    def do(view: QuestionView) -> str:
        desk().ask.unclaim_question(view.id, person().name)
        return "You have given it back."

    return _tended("release", question, do)


@needs(Role.OPERATOR)
def assign(question: str) -> Response | tuple[str, int]:
    """Have others asked."""

    def do(view: QuestionView) -> str:
        _check(_why_not_tend(view))
        names = [] if request.form.get("anybody") else _names(request.form.get("to", ""))
        one, several = (names[0], []) if len(names) == 1 else (None, names)
        note = request.form.get("note", "").strip() or None
        desk().ask.assign_question(view.id, one, several, person().name, note)
        return f"It is now for {_listed(names)}." if names else "Anybody may answer it now."

    return _tended("assign", question, do)


@needs(Role.OPERATOR)
def delegate(question: str) -> Response | tuple[str, int]:
    """Have another person answer for oneself."""

    def do(view: QuestionView) -> str:
        _check(why_not(person(), view))
        names = _names(request.form.get("to", ""))
        if len(names) > 1:
            raise _Wrong("One person can answer for you. Name one, or assign it to several.")
        desk().ask.delegate_question(view.id, names[0], person().name)
        return f"{_listed(names)} answers for you now. You can take it back at any time."

    return _tended("delegate", question, do)


@needs(Role.OPERATOR)
def comment(question: str) -> Response | tuple[str, int]:
    """Say something about a question."""

    def do(view: QuestionView) -> str:
        text = request.form.get("text", "").replace("\r\n", "\n").strip()
        if not text:
            raise _Wrong("Write something first.")
        desk().ask.comment_question(view.id, text, person().name)
        return "Your comment was added."

    return _tended("comment", question, do)


@needs(Role.OPERATOR)
def due(question: str) -> Response | tuple[str, int]:
    """Move the due time of a question."""

    def do(view: QuestionView) -> str:
        _check(_why_not_tend(view))
        chosen = request.form.get("other", "").strip() or request.form.get("in", "")
        if not chosen:
            raise _Wrong("Choose when it is due, or write how far from now that is, such as 3d or 90m.")
        never = chosen == "never"
        desk().ask.set_question_due(view.id, None if never else chosen, person().name)
        return "It has no due time any more." if never else "The due time was moved."

    return _tended("due", question, do)


@needs(Role.OPERATOR)
def forget(question: str) -> Response | tuple[str, int]:
    """Throw one's draft away."""

    def do(view: QuestionView) -> str:
        desk().drafts.drop(person().name, view.id)
        return "Your draft is gone, and the form is as it was at first."

    return _tended("forget", question, do)


VIEWS: Final[dict[str, View]] = {
    **{"claim": claim, "release": release, "assign": assign, "delegate": delegate},
    **{"comment": comment, "due": due, "forget": forget},
}
"""By the word in their address."""


def _tended(what: str, question: str, do: Callable[[QuestionView], str]) -> Response | tuple[str, int]:
    """Do something with an open question and show it again; what is wrong is said at the form that was sent."""
    wanted = wanted_of(request.args, person())
    try:
        view: QuestionView = desk().ask.get_question(question)
    except (AnswerRefused, UnknownTask) as error:
        return closed_page(error, question, wanted, status_of(error), _typed())
    try:
        said = do(view)
    except _Wrong as error:
        return _again(what, view, wanted, str(error), 422)
    except EngineError as error:
        record(what, view.id, f"{status_of(error)}: {error}")
        why = error.why if isinstance(error, AnswerRefused) else str(error)
        return _again(what, view, wanted, f"That did not work: {plain(why)}.", status_of(error))
    record(what, view.id)
    desk().settle()
    flash(said, "done")
    return redirect(url_for("inbox.question", question=view.id, **wanted.args()), 303)


def _again(what: str, view: QuestionView, wanted: Wanted, why: str, status: int) -> tuple[str, int]:
    try:
        now: QuestionView = desk().ask.get_question(view.id)
    except (AnswerRefused, UnknownTask) as error:
        return closed_page(error, view.id, wanted, status_of(error), _typed())
    return question_page(now, wanted, status, trouble=Trouble(what, why, request.form.to_dict()))


def _typed() -> dict[str, str]:
    """Return what was typed in a small form whose question is closed by now."""
    names = {"text": "Comment", "note": "Note", "to": "To"}
    return {words: request.form[name] for name, words in names.items() if request.form.get(name, "").strip()}


def _check(refusal: str | None) -> None:
    if refusal is not None:
        raise _Wrong(f"You may not do that: {plain(refusal)}.")


def _why_not_tend(view: QuestionView) -> str | None:
    """Return why the person may not say who answers, and until when; an admin may."""
    return None if person().role.allows(Role.ADMIN) else why_not(person(), view)


def _names(text: str) -> list[str]:
    """Return the names in *text*, which stand between commas."""
    names = list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not names:
        raise _Wrong("Name a person or a group.")
    if len(names) > NAMES_MAX:
        raise _Wrong(f"These are {len(names)} names. Name at most {NAMES_MAX}, or a group.")
    return names


def _listed(names: list[str]) -> str:
    return shortened(" or ".join(map(plain, names)), 120)
