"""When a task fails or is cancelled, what it has completed is undone, in reverse order."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.errors import PermanentFailure


async def book(task: Task) -> str:
    """Book what the phase is about."""
    print(f"booked the {task.phase}")
    return f"{task.phase}-17"


async def unbook(task: Task) -> None:
    """Undo it: the phase is the one that is undone with `:compensate` behind it, and its output is known."""
    booked = (task.phase or "").removesuffix(":compensate")
    print(f"gave back {task.outputs[booked]}")


async def pay(task: Task) -> None:
    """Fail for good."""
    raise PermanentFailure("the card was declined")


async def main() -> None:
    """Run a task that has booked two things when it fails."""
    engine = ECSWorkflowEngine()
    for handler in (book, unbook, pay):
        engine.register_handler(handler.__name__, handler)
    engine.register_workflow(
        "trip",
        [
            Phase(id="flight", target_classification="book", compensate="unbook"),
            Phase(id="hotel", target_classification="book", compensate="unbook"),
            Phase(id="pay"),
        ],
    )
    async with engine:
        task = await engine.wait(await engine.submit_task({}, "trip"))
    print(f"{task.status}: {task.reason}")


if __name__ == "__main__":
    asyncio.run(main())
