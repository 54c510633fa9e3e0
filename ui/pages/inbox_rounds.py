"""Rounds: how often work has come to somebody, and how often it may."""

import functools
from typing import Final

import msgspec

from workflow_engine.core.components import Identity
from workflow_engine.core.record import TaskRecord
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import QuestionRow
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.ui.forms.naming import in_words

_KEPT: Final = 200
"""Definitions that are kept read."""


class Round(msgspec.Struct, frozen=True):
    """Which time it is: "draft 2 of at most 3".

    Attributes:
        what: the work that comes again, in words.
        number: from 2.
        most: how often it may come at all, None where nothing says so.
    """

    what: str
    number: int
    most: int | None = None


def spec_of(model: ReadModel, record: TaskRecord | None) -> WorkflowSpec | None:
    """Return the definition that a task goes by, None where the index does not know it yet."""
    identity = record.find(Identity) if record is not None else None
    definition = model.definition(identity.definition) if identity is not None else None
    return None if definition is None else _read(bytes(definition.spec))


def round_of(spec: WorkflowSpec | None, phase: str, visit: int) -> Round | None:
    """Return which time a task comes to *phase*, None for the first."""
    if visit < 2:
        return None
    for one in spec.phases if spec is not None else ():
        policy = one.on_reject
        if policy is not None and phase in (one.id, policy.target):
            most = policy.max_attempts + 1
            return Round(in_words(policy.target), visit, most if visit <= most else None)
    return Round("Round", visit)


def round_of_row(model: ReadModel, row: QuestionRow) -> Round | None:
    """Return which time a question of the list is asked, None for the first."""
    return round_of(spec_of(model, model.record(row.task)), row.phase, row.visit) if row.visit > 1 else None


@functools.lru_cache(maxsize=_KEPT)
def _read(stored: bytes) -> WorkflowSpec:
    return WorkflowSpec.from_stored(stored)
