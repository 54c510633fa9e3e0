"""Causes: which event of a commit another one follows from, as far as the commit itself tells."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Numbered = tuple[int, dict[str, Any]]
"""An event, and its number in its commit."""


def causes(events: Sequence[Numbered]) -> dict[int, int]:
    """Return the number of the cause of each event of one commit that has one, by its own number.

    The cause is the nearest event before it, about the same run, else about the same task, of a kind that it can follow
    from.  Where several runs of a task have ended in one commit, what begins then names the last of them.  A forked
    task follows from the event that tells of the fork, which stands behind it.
    """
    found: dict[int, int] = {}
    last: dict[tuple[str, str], int] = {}
    forked = {task: number for number, event in events for task in event.get("tasks", ())}
    for number, event in events:
        kind, task, run = str(event.get("event")), str(event.get("task")), event.get("run")
        about = [task] if run is None else [str(run), task]
        cause = forked.get(task) if kind == "TaskSubmitted" else _nearest(last, about, FOLLOWS.get(kind, ()))
        if cause is not None:
            found[number] = cause
        last |= {(name, kind): number for name in about}
    return found


_BEGINS: Final = (
    *("TaskSubmitted", "TaskClassified", "TaskRetried", "TaskMigrated", "TaskAdopted", "PhaseCompleted"),
    *("PhaseSkipped", "PhaseRejected", "FannedOut", "ItemFailed", "UndoBegun", "UndoFailed", "QuestionAnswered"),
    "OutputRefused",
)
"""After these, something is begun."""

_ENDS: Final = (
    *("AttemptFailed", "PhaseRejected", "OutputRefused", "QuestionOverdue", "ItemFailed", "UndoFailed"),
    *("PhaseCompleted", "PhaseSkipped"),
)
"""After these, a task may end."""

FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("PhaseStarted", "PhaseSkipped", "QuestionAsked", "FannedOut", "TimerSet", "RunParked"), _BEGINS),
    **dict.fromkeys(("TaskCompleted", "TaskFailed", "TaskCancelled", "UndoBegun"), _ENDS),
    "StageChanged": (*_BEGINS, *_ENDS, "PhaseStarted"),
    "TaskClassified": ("TaskSubmitted", "TaskRetried", "PhaseCompleted", "QuestionAnswered"),
    "PhaseCompleted": ("QuestionAnswered", "AttemptFailed", "ItemFailed"),
    "PhaseRejected": ("PhaseCompleted", "QuestionAnswered", "OutputRefused"),
    "AttemptFailed": ("QuestionOverdue", "OutputRefused"),
    "RetryScheduled": ("AttemptFailed", "OutputRefused"),
    "ItemFailed": ("AttemptFailed", "OutputRefused"),
    "UndoFailed": ("AttemptFailed",),
    "QuestionEscalated": ("QuestionOverdue",),
    "QuestionAssigned": ("QuestionUnclaimed", "QuestionEscalated"),
}
"""The kinds of events that one of a kind can follow from."""


def _nearest(last: Mapping[tuple[str, str], int], about: Sequence[str], kinds: Sequence[str]) -> int | None:
    for name in about:
        numbers = [last[name, kind] for kind in kinds if (name, kind) in last]
        if numbers:
            return max(numbers)
    return None
