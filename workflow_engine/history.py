"""The history port: tasks that ended long ago, which the engine has forgotten."""

from collections.abc import Sequence
from typing import Protocol

from workflow_engine.journal.port import Entities


class History(Protocol):
    """Finds archived tasks by id."""

    async def find(self, tasks: Sequence[str]) -> Entities:
        """Return the components of those of *tasks* that ended and were archived; others are left out.

        What it has of a task may be newer than what is durable: the engine asks only for tasks that it does not know.
        """
        ...

    async def archived(self, n: int) -> None:
        """Return once `find` finds every task that ended up to commit *n*: the engine is about to forget them.

        Raises:
            JournalError: it will not; the engine goes on remembering.
        """
        ...

    def purged(self, task: str, n: int) -> None:
        """Note that commit *n* purged a task: `find` does not find it as it was before."""
        ...


class NoHistory:
    """For a journal that archives nothing: whatever ended is still known to the engine."""

    async def find(self, tasks: Sequence[str]) -> Entities:
        """See `History`."""
        return {}

    async def archived(self, n: int) -> None:
        """See `History`."""

    def purged(self, task: str, n: int) -> None:
        """See `History`."""
