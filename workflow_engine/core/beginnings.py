"""Beginnings: how a task comes into the world, whoever asked for it."""

import msgspec

from workflow_engine.core.components import Data, Identity, Status, TaskState
from workflow_engine.core.events import TaskSubmitted
from workflow_engine.core.tick import Components, Tick


def begin_task(
    tick: Tick, identity: Identity, data: msgspec.Raw, start: str | None, by: str | None = None
) -> Components:
    """Make the entity of a task and have it planned; return its components.

    Args:
        tick: the tick.
        identity: of the task.
        data: what it is about.
        start: the phase to begin with, None for its beginning.
        by: who submits it, where that is known.
    """
    own, status = Data(data), Status(TaskState.PENDING, tick.now)
    tick.world.spawn(identity.id, identity, own, status)
    tick.begin.append((identity.id, start))
    tick.emit(TaskSubmitted(identity.id, identity.workflow, by))
    return {"identity": identity, "data": own, "status": status}
