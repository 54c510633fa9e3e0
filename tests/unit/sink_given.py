"""What tests of sinks share: events, and journals that hold some."""

from pathlib import Path
from typing import Any

from tests.unit.readmodel_given import Written, components, json
from workflow_engine.core.components import Data, Identity, Status, TaskState
from workflow_engine.core.events import Event, PhaseStarted, TaskCompleted, TaskSubmitted
from workflow_engine.sinks.envelopes import moment
from workflow_engine.sinks.port import EventRecord


def event(n: int, i: int = 0, name: str = "TaskSubmitted", task: str = "t1", **data: Any) -> EventRecord:
    """Return an event as a sink gets it."""
    return EventRecord(f"{n}.{i}", n, i, moment(float(n)), name, task, "review", None, data)


async def journal_of(directory: Path, tasks: int, first: int = 1, segment_bytes: int = 1 << 30) -> Written:
    """Write a journal of so many tasks that began and ended, two commits each, and return it open."""
    written = await Written(directory, segment_bytes).open()
    for number in range(first, first + tasks):
        await a_task(written, f"t{number}")
    return written


async def a_task(written: Written, task: str, *more: Event) -> None:
    """Write a task that begins and ends: three events in two commits, and *more* in the second."""
    made = components(
        Identity(task, "review", "d1", written.at), Data(json({})), Status(TaskState.IN_PROGRESS, written.at)
    )
    await written.commit({task: made}, (), (TaskSubmitted(task, "review"), PhaseStarted(task, f"{task}/draft/1")))
    ended = components(Status(TaskState.COMPLETED, written.at))
    await written.commit({task: ended}, (task,), (TaskCompleted(task), *more))
