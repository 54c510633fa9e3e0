"""What a notification needs to know of a question, beyond its event."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from workflow_engine.core.components import WaitKind
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import LIMIT_MAX, QuestionQuery, QuestionRow
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.redaction import Redaction


class Asked(NamedTuple):
    """A question that is open.

    Attributes:
        question: its id.
        prompt: the question in words, without secrets.
        phase: id of the phase that asks.
        people: who is told: those whom the event names, else those who are asked.
        due: engine time, in seconds, or None.
    """

    question: str
    prompt: str
    phase: str
    people: tuple[str, ...]
    due: float | None


class Desk:
    """Looks questions up, and says where people answer them.

    Args:
        model: the read model.
        redaction: takes secrets out of prompts.
        public_url: where people reach the dashboard, or None.
    """

    def __init__(self, model: ReadModel, redaction: Redaction, public_url: str | None) -> None:
        self._model = model
        self._redaction = redaction
        self._public_url = public_url.rstrip("/") if public_url else None

    def asked(self, event: EventRecord) -> Asked | None:
        """Return the question that an event is about; None where it is no person's, or not open any more."""
        row = self._open(event.task, str(event.data.get("question")))
        if row is None or row.kind is not WaitKind.HUMAN:
            return None
        people = _named(event.data) or ((row.assignee,) if row.assignee else row.candidates)
        return Asked(row.id, self._redaction.text(row.prompt), row.phase, tuple(dict.fromkeys(people)), row.due)

    def link(self, event: EventRecord) -> str | None:
        """Return where the dashboard shows what an event is about; None where nobody has said where that is."""
        if self._public_url is None:
            return None
        question = event.data.get("question")
        if isinstance(question, str):
            return f"{self._public_url}/inbox/{quote(question, safe='')}"
        return f"{self._public_url}/tasks/{quote(event.task, safe='')}"

    def _open(self, task: str, question: str) -> QuestionRow | None:
        query = QuestionQuery(task=task, limit=LIMIT_MAX)
        while True:
            page = self._model.questions(query)
            for row in page.rows:
                if row.id == question:
                    return row
            if page.next is None:
                return None
            query = QuestionQuery(task=task, limit=LIMIT_MAX, after=page.next)


def _named(data: dict[str, Any]) -> Sequence[str]:
    """Return whom the event names as those who are asked now."""
    named: Any = data.get("to") or data.get("assignee") or data.get("candidates") or ()
    return (named,) if isinstance(named, str) else tuple(map(str, named))
