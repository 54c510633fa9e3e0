"""What a page of a task rests on: its record, its definition, its events."""

import functools
import time
from typing import Final, NamedTuple

from workflow_engine.core.components import Identity, Status
from workflow_engine.core.record import TaskRecord
from workflow_engine.readmodel.rows import LIMIT_MAX, EventRow
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.ui.desk import desk

EVENTS_MAX: Final = 5_000
"""Events that a timeline is made of; what comes behind them is taken from the record."""

_KEPT: Final = 100
"""Definitions that are kept read."""


class Seen(NamedTuple):
    """A task as it is now.

    Attributes:
        record: all that is known of it.
        lacks: what ready runs need that is not registered, by run id.
        spec: its definition; None where the index does not know it yet, or it is lost.
        now: the time, in seconds since the epoch.
    """

    record: TaskRecord
    lacks: dict[str, str]
    spec: WorkflowSpec | None
    now: float

    @property
    def identity(self) -> Identity:
        """What it is."""
        return self.record.get(Identity)

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.record.get(Status)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of its definition, in their order."""
        return tuple(self.spec.phases) if self.spec is not None else ()


def seen(task: str) -> Seen:
    """Return a task as it is now.

    Raises:
        UnknownTask: there is none of this id.
    """
    found = desk().ask.inspect(task)
    spec = definition_of(found.record.get(Identity).definition)
    return Seen(found.record, found.lacks, spec, time.time())


def definition_of(digest: str) -> WorkflowSpec | None:
    """Return the definition with this hash; None where the index does not know it yet, or it is lost."""
    stored = desk().model.definition(digest)
    return _read(bytes(stored.spec)) if stored is not None else None


def events_of(task: str) -> tuple[tuple[EventRow, ...], bool]:
    """Return the first events of a task, and whether there are more than `EVENTS_MAX`."""
    found: list[EventRow] = []
    model = desk().model
    while len(found) <= EVENTS_MAX:
        n, i = (found[-1].n, found[-1].i) if found else (0, None)
        rows = model.events(task, n, i, LIMIT_MAX)
        found += rows
        if len(rows) < LIMIT_MAX:
            break
    return tuple(found[:EVENTS_MAX]), len(found) > EVENTS_MAX


@functools.lru_cache(maxsize=_KEPT)
def _read(stored: bytes) -> WorkflowSpec:
    return WorkflowSpec.from_stored(stored)
