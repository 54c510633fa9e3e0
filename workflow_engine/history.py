"""The history port: tasks that ended long ago, which the engine has forgotten."""

from collections.abc import Sequence
from typing import Protocol

from workflow_engine.journal.port import Entities


class History(Protocol):
    """Finds archived tasks by id."""

    async def find(self, tasks: Sequence[str]) -> Entities:
        """Return the components of those of *tasks* that ended and were archived; others are left out."""
        ...


class NoHistory:
    """For a journal that archives nothing: whatever ended is still known to the engine."""

    async def find(self, tasks: Sequence[str]) -> Entities:
        """See `History`."""
        return {}
