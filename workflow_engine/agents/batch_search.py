"""The search for turns that may be in batches which are not known here, in a provider's list of batches."""

from typing import Final

from workflow_engine.agents.batch_queue import GROWTH, LOOK_FIRST, LOOK_MOST, SLACK, BatchQueue
from workflow_engine.agents.provider import BatchProvider, BatchState
from workflow_engine.errors import PermanentFailure

LABEL: Final = "workflow-engine"
"""What the labels of our batches begin with."""


class BatchSearch:
    """Finds the batches of turns in doubt, and has those sent that are in none.

    Args:
        queue: of the turns.
    """

    def __init__(self, queue: BatchQueue) -> None:
        self._queue = queue
        self._known: set[str] = set()
        self._hidden: set[str] = set()
        self._pause = LOOK_FIRST

    async def look(self, provider: BatchProvider, now: float) -> None:
        """Look through the list once.

        Raises:
            EngineError: it cannot be had; what was found until then is taken over.
        """
        queue = self._queue
        queue.search = now + self._pause
        self._pause = min(self._pause * GROWTH, LOOK_MOST)
        since = min(doubt.since for doubt in queue.doubts.values())
        listed = sorted(await provider.batches(since - SLACK), key=_created)
        queue.trust([state.created for state in listed if not await self._read(provider, state, now)], now)

    def soon(self) -> None:
        """Look more often again: there are new doubts."""
        self._pause = LOOK_FIRST

    def known(self, batch: str) -> None:
        """Leave a batch alone from now on."""
        self._known.add(batch)

    async def _read(self, provider: BatchProvider, state: BatchState, now: float) -> bool:
        """Take a batch of the list over if turns in doubt are in it; return False where nobody can say so yet."""
        if state.id in self._queue.batches or state.id in self._known or not (state.label or LABEL).startswith(LABEL):
            return True
        if state.id in self._hidden and state.state == "open":
            return False
        try:
            ids = await provider.batch_ids(state.id)
        except PermanentFailure:  # then nobody can read its results, either
            ids = None
        if ids is None:
            self._hidden.add(state.id)
            return state.state != "open"
        self._known.add(state.id)
        self._queue.found(state.id, ids, state.created, now)
        return True


def _created(state: BatchState) -> float:
    return state.created
