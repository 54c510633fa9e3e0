"""A phase is carried out once for each item of a list, and what fails is collected beside what succeeds."""

import asyncio
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.errors import PermanentFailure


async def measure(task: Task) -> dict[str, Any]:
    """Count the words of one page: each item has attempts, steps and a place in the list of its own."""
    if not task.item:
        raise PermanentFailure(f"page {task.index} is empty")
    return {"page": task.index, "words": len(task.item.split())}


async def report(task: Task) -> str:
    """Add up the results, which stand in the order of the items, however long each took."""
    good = [result for result in task.outputs["measure"] if "error" not in result]
    bad = [result["message"] for result in task.outputs["measure"] if "error" in result]
    return f"{sum(result['words'] for result in good)} words on {len(good)} pages; {', '.join(bad)}"


async def main() -> None:
    """Run three pages through, of which one is empty."""
    engine = ECSWorkflowEngine()
    engine.register_handler("measure", measure)
    engine.register_handler("report", report)
    engine.register_workflow(
        "count",
        [
            Phase(
                id="measure",
                for_each={"items": "inputs.pages", "max_concurrency": 10, "on_item_failure": "collect"},
            ),
            Phase(id="report"),
        ],
    )
    async with engine:
        task = await engine.wait(await engine.submit_task({"pages": ["one two", "", "three"]}, "count"))
    for result in task.outputs["measure"]:
        print(result)
    print(task.output)


if __name__ == "__main__":
    asyncio.run(main())
