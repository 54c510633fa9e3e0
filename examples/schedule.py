"""Tasks are submitted by themselves at the moments of a cron expression, those that were missed included."""

import asyncio
import tempfile
import time
from datetime import datetime

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, WorkflowSpec


class Clock:
    """A clock that was set to a moment and goes on from there, so that nobody has to wait until nine o'clock."""

    def __init__(self, moment: str) -> None:
        """Set it."""
        self._ahead = datetime.fromisoformat(moment).timestamp() - time.monotonic()

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._ahead + time.monotonic()


async def report(task: Task) -> str:
    """Report on what the schedule submits; the id of its task is the moment in UTC, so there is one for each."""
    return f"{task.id}: {task.data['topic']}"


async def run(data_dir: str, moment: str, count: int) -> None:
    """Start the program at a moment, and stop it after some reports."""
    done: asyncio.Queue[Task] = asyncio.Queue()
    engine = ECSWorkflowEngine(data_dir, clock=Clock(moment))
    engine.register_handler("report", report)
    engine.register_task_completed_hook(done.put)
    weekdays = {"cron": "0 9 * * 1-5", "timezone": "Europe/Berlin", "catch_up": "all", "data": {"topic": "sales"}}
    engine.register_workflow(WorkflowSpec(name="report", phases=[Phase(id="report")], schedule=weekdays))
    async with engine:
        for _ in range(count):
            print((await done.get()).output)


async def main() -> None:
    """Let it be nine on a Friday, then start again on Wednesday, when three more mornings have gone by."""
    with tempfile.TemporaryDirectory() as data_dir:
        await run(data_dir, "2026-11-20T08:59:59+01:00", 1)
        print("stopped on Friday, started on Wednesday")
        await run(data_dir, "2026-11-25T12:00:00+01:00", 3)


if __name__ == "__main__":
    asyncio.run(main())
