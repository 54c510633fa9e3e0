"""Files of any size travel with a task: each is stored once, by the hash of its content."""

import asyncio
from collections.abc import AsyncIterator

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def rows() -> AsyncIterator[bytes]:
    """Give a table piece by piece, so that it is never in memory whole."""
    for number in range(1_000):
        yield f"{number},{number * number}\n".encode()


async def export(task: Task) -> str:
    """Leave a table with the task."""
    await task.add_artifact("tables/squares.csv", rows())
    return "exported"


async def check(task: Task) -> str:
    """Read what the phase before has left, and what came with the task."""
    table = await task.read_artifact("tables/squares.csv")
    note = await task.read_artifact("note.txt")
    return f"{len(table.splitlines())} rows, and a note: {note.decode()}"


async def main() -> None:
    """Run a task with a note."""
    engine = ECSWorkflowEngine()
    engine.register_handler("export", export)
    engine.register_handler("check", check)
    engine.register_workflow("squares", [Phase(id="export"), Phase(id="check")])
    task = await engine.submit_task({}, "squares")  # it waits until the engine runs
    await engine.add_artifact_text(task, "note.txt", "please check")
    async with engine:
        task = await engine.wait(task)
        for name, reference in task.artifacts.items():
            print(f"{name}: {reference['size']} bytes, {reference['media_type']}, from {reference['phase']}")
    print(task.output)


if __name__ == "__main__":
    asyncio.run(main())
