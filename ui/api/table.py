"""The table of all operations."""

from typing import Final

from workflow_engine.ui.api.operation import Operation
from workflow_engine.ui.api.views import (
    artifacts,
    bulk,
    commands,
    events,
    moving,
    people,
    questions,
    tasks,
    whole,
    workflows,
)

OPERATIONS: Final[tuple[Operation, ...]] = tuple(
    operation
    for module in (tasks, commands, bulk, questions, artifacts, events, workflows, whole, people, moving)
    for operation in module.OPERATIONS
)
"""In the order in which document and page show them."""

NAMED: Final = {operation.name: operation for operation in OPERATIONS}
"""By name."""
