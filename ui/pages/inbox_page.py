"""The page of a question: what it shows to whom, as plain values for the template."""

import time
from typing import Any, Final
from urllib.parse import quote

import msgspec
from flask import render_template, request, url_for

from workflow_engine.errors import AlreadyAnswered, AnswerRefused, ConfigError, EngineError, InputRefused
from workflow_engine.question_view import QuestionView
from workflow_engine.spec.model import Phase, TaskType
from workflow_engine.ui.desk import desk
from workflow_engine.ui.forms.fields import Form
from workflow_engine.ui.forms.form import Reading, fields_of
from workflow_engine.ui.forms.naming import in_words
from workflow_engine.ui.pages.inbox_list import SOON, Listed, Wanted, listed
from workflow_engine.ui.pages.inbox_parts import named
from workflow_engine.ui.pages.inbox_past import Past, SentBack
from workflow_engine.ui.pages.inbox_rounds import Round, round_of, spec_of
from workflow_engine.ui.pages.inbox_sections import Named, Section, artifacts_of, sections_of, version_word
from workflow_engine.ui.pages.inbox_seen import Change, changes, sealed
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.current import person
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui.showing import Shown, plain, shortened, show_text, show_value
from workflow_engine.ui.showing.values import is_markdown

TITLE_MAX: Final = 160
"""Characters of a prompt that stand in a heading; a longer one is shown below it, whole."""

SUGGESTED_MAX: Final = 200
"""People and groups that are suggested."""

DRAFTED: Final = "_at"
"""Name under which a draft says when it was kept; no input of a form is called so."""


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong with a small form of the page: which form, why, and what was typed in it."""

    form: str
    text: str
    typed: dict[str, str] = {}


class Sent(msgspec.Struct, frozen=True):
    """An answer that was not accepted as it was sent.

    Attributes:
        reading: what was read of it.
        seal: what the page carried about what it had shown.
        stale: whether that is another by now.
        message: what the engine said against it; empty for nothing.
    """

    reading: Reading
    seal: str
    stale: bool
    message: str = ""


class Asked(msgspec.Struct, frozen=True):
    """A question as its page shows it to one person.

    Attributes:
        view: the question.
        title: the prompt in one line.
        prompt: the whole of it, where the title is not; None where it is.
        round: which time it is, None for the first.
        sections: what it is about.
        files: artifacts that are shown in the page.
        named: artifacts that are not.
        sent_back: why work was sent back, the earliest first.
        why_not: why the person may not answer, None where they may.
        tends: whether the person may say who answers, and until when.
        soon: whether it is overdue or will be soon.
        then: what happens when it is overdue, in words; empty where nothing does.
        form: what they fill in, None where they may not.
        seal: what the form carries.
        changes: what has changed since it was shown to them.
        stale: whether something has.
        message: what was said against their answer.
        draft_at: when their draft was kept, seconds since the epoch; None where nothing is filled in from one.
        again: whether what they gave the time before is filled in.
        names: people and groups to choose from.
        link: its address, to be mailed.
        mail: the address that begins such a mail.
        trouble: what is wrong with a small form.
    """

    view: QuestionView
    title: str
    prompt: Shown | None
    round: Round | None
    sections: tuple[Section, ...]
    files: tuple[Section, ...]
    named: tuple[Named, ...]
    sent_back: tuple[SentBack, ...]
    why_not: str | None
    tends: bool
    soon: bool
    then: str
    form: Form | None
    seal: str
    changes: tuple[Change, ...]
    stale: bool
    message: str
    draft_at: float | None
    again: bool
    names: tuple[str, ...]
    link: str
    mail: str
    trouble: Trouble | None


def question_page(
    view: QuestionView, wanted: Wanted, status: int = 200, sent: Sent | None = None, trouble: Trouble | None = None
) -> tuple[str, int]:
    """Return the page of an open question and its status of HTTP."""
    asked = _asked(view, sent, trouble)
    return render_template("inbox/question.html", **_around(wanted), asked=asked, args=wanted.args()), status


def closed_page(
    error: EngineError, question: str, wanted: Wanted, status: int, typed: dict[str, str]
) -> tuple[str, int]:
    """Return the page of a question that is not open, with what somebody had typed for it."""
    answered = error if isinstance(error, AlreadyAnswered) else None
    return render_template(
        "inbox/closed.html",
        **_around(wanted),
        question=question,
        task=question.partition("/")[0],
        answered=answered,
        value=show_value(named(answered.value)) if answered is not None else None,
        why=_without_remedy(error.why) if isinstance(error, AnswerRefused) else str(error),
        title=_heading(error, status),
        withdrawn="withdrawn" in str(error),
        unknown=not isinstance(error, AnswerRefused),
        forbidden=status == 403,
        typed=typed,
        args=wanted.args(),
    ), status


def inbox_page(wanted: Wanted) -> tuple[str, int]:
    """Return the page of the list alone, and its status of HTTP."""
    around = _around(wanted)
    return render_template("inbox/inbox.html", **around, args=wanted.args()), 422 if around["refused"] else 200


def _around(wanted: Wanted) -> dict[str, Any]:
    """Return what the list needs; a filter that cannot be used is told, and everything is listed without it."""
    who, model = person(), desk().model
    found: Listed
    refused = ""
    try:
        found = listed(model, wanted, who)
    except InputRefused as error:
        found, refused = listed(model, Wanted(wanted.who), who), str(error)
    return {"listed": found, "refused": refused, "version_word": version_word, "in_words": in_words}


def _asked(view: QuestionView, sent: Sent | None, trouble: Trouble | None) -> Asked:
    who = person()
    record = desk().ask.inspect(view.task).record
    past, spec = Past(record), spec_of(desk().model, record)
    phase = next((one for one in (spec.phases if spec is not None else ()) if one.id == view.phase), None)
    reviewed = phase.on_reject.target if phase is not None and phase.on_reject is not None else None
    again = past.last_answer(view) if phase is not None and _is_redone(phase, view) else None
    files, named = artifacts_of(view, past, reviewed)
    refusal = why_not(who, view)
    form, draft_at = (None, None) if refusal is not None else _form(view, who, sent, again)
    title = shortened(view.prompt, TITLE_MAX)
    link = _link(view.id)
    return Asked(
        view=view,
        title=title,
        prompt=None if title == view.prompt.strip() else show_text(view.prompt, as_markdown=is_markdown(view.prompt)),
        round=round_of(spec, view.phase, view.visit),
        sections=sections_of(view, past),
        files=files,
        named=named,
        sent_back=tuple(past.rejections(view)),
        why_not=refusal,
        tends=who.role.allows(Role.OPERATOR) and (refusal is None or who.role.allows(Role.ADMIN)),
        soon=view.overdue or (view.due is not None and view.due - time.time() < SOON),
        then=_then(view),
        form=form,
        seal=sealed(view),
        changes=changes(view, sent.seal) if sent is not None and sent.stale else (),
        stale=sent is not None and sent.stale,
        message=sent.message if sent is not None else "",
        draft_at=draft_at,
        again=again is not None and sent is None and draft_at is None,
        names=_names(view),
        link=link,
        mail=f"mailto:?subject={quote(plain(shortened(view.prompt, 80)), safe='')}&body={quote(link, safe='')}",
        trouble=trouble,
    )


def _is_redone(phase: Phase, view: QuestionView) -> bool:
    """Return whether a person does work again that was sent back, and may begin with what they gave before."""
    return phase.assigned_to == TaskType.HUMAN and phase.on_reject is None and view.feedback is not None


def _form(view: QuestionView, who: Person, sent: Sent | None, again: Any) -> tuple[Form, float | None]:
    """Return what is to be filled in, and when the draft was kept that it is filled in from.

    Args:
        view: the question.
        who: fills it in.
        sent: what they have sent, or None.
        again: what to begin with where they have typed nothing, or None.
    """
    if sent is not None:
        reading = sent.reading
        return fields_of(view.form, problems=reading.problems, posted=reading.posted_back, focus=reading.focus), None
    draft = desk().drafts.get(who.name, view.id)
    if draft is None:
        return fields_of(view.form, again), None
    kept = draft.pop(DRAFTED, [""])[-1]
    at = float(kept) if kept.replace(".", "", 1).isdecimal() else time.time()
    return fields_of(view.form, posted=draft), at


def _then(view: QuestionView) -> str:
    if view.overdue and view.on_due != "fail":
        return "That has passed, and it keeps waiting."
    if view.due is None:
        return ""
    if view.on_due == "fail":
        return "Without an answer by then, this step of the task fails."
    if view.on_due == "escalate" and view.escalate_to:
        return f"Without an answer by then, it goes to {' or '.join(map(plain, view.escalate_to))}."
    return "After that it counts as overdue, and keeps waiting."


def _names(view: QuestionView) -> tuple[str, ...]:
    """Return whom somebody may want to name: those of the question first, then who can log in, and their groups."""
    own = (view.assignee, *view.candidates, view.owner, view.claimed_by, *view.escalate_to)
    try:
        users = [user for user in desk().people.everyone() if not user.disabled]
    except ConfigError:  # the file of users is damaged: nothing else of this page needs it
        users = []
    every = [*own, *(user.name for user in users), *(group for user in users for group in user.groups)]
    return tuple(dict.fromkeys(name for name in every if name))[:SUGGESTED_MAX]


def _link(question: str) -> str:
    """Return the address of a question as mails have it."""
    root = desk().settings.public_url or request.host_url.rstrip("/")
    return root + url_for("inbox.question", question=question)


def _heading(error: EngineError, status: int) -> str:
    """Return in one line why a question cannot be answered."""
    if status == 403:
        return "This question is not for you"
    if isinstance(error, AlreadyAnswered):
        return "This question has been answered"
    if not isinstance(error, AnswerRefused):
        return "There is no such question"
    return "This question was withdrawn" if "withdrawn" in error.why else "This question is not open"


def _without_remedy(why: str) -> str:
    """Return a refusal without what is to be typed at a command line."""
    return why.partition("; `workflow-engine")[0]
