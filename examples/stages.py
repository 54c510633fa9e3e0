"""A workflow has stages in its users' own words, and says which may follow which."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, WorkflowSpec


async def look(task: Task) -> dict[str, bool]:
    """Say whether the paper passes; the phase moves the task to a stage either way."""
    print(f"looking at a paper that is {task.stage}")
    return {"passed": task.data["pages"] < 10}


async def file(task: Task) -> str:
    """Move to a stage by hand, once this phase completes."""
    task.move_to(task.data.get("then", "archived"))
    return "filed"


async def main() -> None:
    """Run a paper that goes the usual way, one that is sent back, and one that is moved where it may not go."""
    engine = ECSWorkflowEngine()
    engine.register_handler("look", look)
    engine.register_handler("file", file)
    engine.register_workflow(
        WorkflowSpec(
            name="paper",
            states={
                "initial": "received",
                "terminal": ["archived"],
                "transitions": {
                    "received": ["in review"],
                    "in review": ["accepted", "sent back"],
                    "sent back": ["in review"],
                    "accepted": ["archived"],
                },
            },
            phases=[
                Phase(
                    id="look",
                    stages={"start": "in review", "complete": "accepted", "reject": "sent back"},
                    on_reject={"target": "look", "max_attempts": 1},
                ),
                Phase(id="file"),
            ],
        )
    )
    async with engine:
        for data in ({"pages": 3}, {"pages": 30}, {"pages": 3, "then": "received"}):
            task = await engine.wait(await engine.submit_task(data, "paper"))
            print(f"{task.status} at {task.stage!r}: {task.reason or task.output}")


if __name__ == "__main__":
    asyncio.run(main())
