"""Results: what has become of many tasks, kept for a while so that its page can be loaded again."""

import secrets
import threading
from typing import Final

import msgspec
from flask import current_app

from workflow_engine.ui.bulk import Action
from workflow_engine.ui.pages.bulk_told import Group

KEPT: Final = 100
"""Results that are kept."""

EXTENSION: Final = "workflow_engine.bulk"
"""The name under which an app has its results."""


class Result(msgspec.Struct, frozen=True):
    """What was done.

    Attributes:
        action: what.
        by: name of who did it.
        done: ids of the tasks with which it was done.
        refused: the others.
        filter: which tasks were chosen, as a form carries it.
        back: "tasks" or "failures": where it was begun.
        matching: whether all that match were chosen, as far as can be done at once.
    """

    action: Action
    by: str
    done: tuple[str, ...]
    refused: tuple[Group, ...]
    filter: str
    back: str
    matching: bool = False


class Results:
    """Keeps the newest results in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Result] = {}
        self._lock = threading.Lock()

    def keep(self, result: Result) -> str:
        """Keep a result; return the word by which it is found."""
        token = secrets.token_urlsafe(12)
        with self._lock:
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[token] = result
        return token

    def get(self, token: str) -> Result | None:
        """Return a result, None where there is none any more."""
        with self._lock:
            return self._kept.get(token)


def results() -> Results:
    """Return those of the app whose request is being answered."""
    found: Results = current_app.extensions.setdefault(EXTENSION, Results())
    return found
