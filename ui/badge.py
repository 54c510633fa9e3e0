"""The badge: how many questions wait for whom."""

import threading
import time
from collections.abc import Sequence
from typing import Final

from workflow_engine.errors import EngineError
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import QuestionCounts

FRESH_SECONDS: Final = 0.25
"""How long a count is not asked for again: every page shows it, a live one 0.4 s after an event at the soonest."""

PEOPLE_MAX: Final = 1_000
"""Counts that are kept at most."""


class Badge:
    """Counts open questions by who looks, each at most four times a second.  For several threads."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model
        self._found: dict[tuple[str, ...], tuple[float, QuestionCounts]] = {}
        self._lock = threading.Lock()

    def of(self, people: Sequence[str]) -> QuestionCounts | None:
        """Return how many questions wait for somebody and the groups of somebody; None where that cannot be said."""
        key = tuple(people)
        now = time.monotonic()
        with self._lock:
            at, counts = self._found.get(key, (0.0, None))
        if counts is not None and now - at < FRESH_SECONDS:
            return counts
        try:
            counts = self._model.question_counts(key)
        except EngineError:
            return None
        with self._lock:
            if len(self._found) >= PEOPLE_MAX:
                self._found.clear()
            self._found[key] = (now, counts)
        return counts
