"""Words of what is done with many tasks."""

from typing import Final, NamedTuple

from workflow_engine.errors import AnswerRefused, EngineError, IllegalTransition, UnknownTask
from workflow_engine.readmodel.rows import Counted
from workflow_engine.ui.bulk import Action
from workflow_engine.ui.showing.numbers import number
from workflow_engine.ui.showing.words import status


class Words(NamedTuple):
    """How an action is spoken of.

    Attributes:
        verb: on buttons and in titles.
        will: what will happen to a task.
        done: what has happened to a task, behind "was" or "were".
        refused: what a state says that does not accept it, before its name.
        gravely: whether it takes something away.
    """

    verb: str
    will: str
    done: str
    refused: str
    gravely: bool = False


WORDS: Final[dict[Action, Words]] = {
    "cancel": Words("Cancel", "will be cancelled", "cancelled", "already ended", gravely=True),
    "retry": Words("Retry", "will be taken up again", "taken up again", "not failed"),
    "answer": Words("Answer", "will get your answer", "answered", "not waiting for an answer"),
    "purge": Words("Remove", "will be removed for good", "removed for good", "not ended", gravely=True),
}


def tasks_in_words(count: Counted | int) -> str:
    """Return ``1 task``, ``12 tasks``, ``at least 10,000 tasks``."""
    n, capped = (count, False) if isinstance(count, int) else (count.n, count.capped)
    return f"{'at least ' if capped else ''}{number(n)} {'task' if n == 1 else 'tasks'}"


def why_not(action: Action, task: str, refusal: EngineError) -> str:
    """Return why something was not done with a task, in words that are the same for all tasks alike."""
    match refusal:
        case IllegalTransition():
            return in_state(action, refusal.state)
        case UnknownTask():
            return "gone: no task has this id any more"
        case AnswerRefused():
            return refusal.why.replace(task, "the task")
        case _:
            return str(refusal).replace(f"task {task}", "the task")


def in_state(action: Action, state: str) -> str:
    """Return why something is not done with tasks that stand where they do."""
    return f"{WORDS[action].refused}: {status(state)}"
