"""Who may answer what."""

from workflow_engine.question_view import QuestionView
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.person import Person


def check_may_answer(person: Person, question: str) -> QuestionView:
    """Return a question that *person* may answer, by its id or by that of a task that has one.

    Raises:
        Refused: they may not.
        AnswerRefused: it is not open.
        UnknownTask: there is none.
    """
    found: QuestionView = desk().ask.get_question(question)
    why = why_not(person, found)
    if why is not None:
        raise Refused(403, why)
    return found
