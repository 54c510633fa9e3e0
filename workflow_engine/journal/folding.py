"""The fold of a journal that also knows which tasks ended."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from workflow_engine.journal.port import Entities, fold

IDENTITY: Final = "identity"
"""The component that makes an entity a task."""


class Folding:
    """What a journal amounts to so far.

    What it holds does not depend on where a compaction fell between two commits, except that a compaction empties
    `ended`: an id that ended is from then on unknown, and a later change of it starts from nothing.

    Attributes:
        entities: what lives.
        ended: tasks that ended and do not live again, with their last components.
    """

    def __init__(self, entities: Entities | None = None) -> None:
        self.entities: Entities = {} if entities is None else entities
        self.ended: Entities = {}

    def apply(self, changes: Mapping[str, Mapping[str, Any] | None], ended: Iterable[str]) -> None:
        """Fold one commit."""
        if self.ended:
            for entity, components in changes.items():
                if components is None or IDENTITY in components:
                    self.ended.pop(entity, None)
        fold((changes,), self.entities)
        for task in ended:
            components = self.entities.pop(task, None)
            if components is not None:
                self.ended[task] = components
