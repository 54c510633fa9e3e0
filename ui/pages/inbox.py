"""The inbox: questions that wait for people, and a page for each on which it is decided."""

from typing import Final

from flask import Blueprint, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from workflow_engine.errors import AnswerRefused, UnknownTask
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.inbox_answering import answer_question, keep_draft, typed_words
from workflow_engine.ui.pages.inbox_list import wanted_of
from workflow_engine.ui.pages.inbox_page import closed_page, inbox_page, question_page
from workflow_engine.ui.pages.inbox_tending import VIEWS
from workflow_engine.ui.security.current import person
from workflow_engine.ui.security.roles import Role, needs

inbox: Final = Blueprint("inbox", __name__, url_prefix="/inbox")


class QuestionId(BaseConverter):
    """The id of a question in an address: four parts, so that no word before it is taken for one of them."""

    regex = "[^/]+/[^/]+/[^/]+/[^/]+"
    part_isolating = False
    weight = 150


@inbox.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["question"] = QuestionId


@inbox.get("")
@needs(Role.VIEWER)
def show() -> tuple[str, int]:
    """List questions."""
    return inbox_page(wanted_of(request.args, person()))


@inbox.get("/<path:question>")
@needs(Role.VIEWER)
def question(question: str) -> Response | tuple[str, int]:
    """Show a question; it may be named by its task, if that has only one."""
    wanted = wanted_of(request.args, person())
    try:
        view: QuestionView = desk().ask.get_question(question)
    except AnswerRefused as error:
        if "/" not in question:  # a task that has none, or several: its page lists them
            return redirect(url_for("task.show", task=question))
        draft = desk().drafts.get(person().name, question) or {}
        return closed_page(error, question, wanted, 200, typed_words(draft))
    except UnknownTask as error:
        return closed_page(error, question, wanted, 404, {})
    if view.id != question:
        return redirect(url_for("inbox.question", question=view.id, **wanted.args()))
    return question_page(view, wanted)


@inbox.post("/<path:question>")
@needs(Role.OPERATOR)
def answer(question: str) -> Response | tuple[str, int]:
    """Answer a question, or change its form as a button of the form says."""
    return answer_question(question, wanted_of(request.args, person()))


@inbox.post("/draft/<question:question>")
@needs(Role.OPERATOR)
def draft(question: str) -> tuple[str, int]:
    """Keep what somebody has typed so far."""
    return keep_draft(question)


for word, view in VIEWS.items():
    inbox.add_url_rule(f"/{word}/<question:question>", word, view, methods=["POST"])
