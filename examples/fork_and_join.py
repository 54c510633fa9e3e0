"""A handler has tasks carried out side by side; what they leave in the context is merged, and conflicts are named."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Fork, MergeConflict, Task


async def prices(task: Task) -> str:
    """Change one value of the context that the task began with."""
    task.context["currency"] = "EUR"
    task.context["price"] = 20
    return "priced"


async def stock(task: Task) -> str:
    """Change another one; the currency is changed to the same, which is no conflict."""
    task.context["currency"] = "EUR"
    task.context["stock"] = task.data["count"]
    return "counted"


async def bargain(task: Task) -> str:
    """Change what `prices` changes, to something else."""
    task.context["price"] = 15
    return "bargained"


async def offer(task: Task) -> dict[str, object]:
    """Fork, and go on with the outputs and with the merged context."""
    task.context["currency"] = "USD"
    task.context["customer"] = "Ann"
    told = await task.fork("prices", Fork("stock", {"count": 3}))
    merged = dict(task.context)
    task.context["price"] = None  # a value that equals what the tasks begin with would count as unchanged
    try:
        await task.fork("prices", "bargain", name="haggle")  # on_conflict="human" would ask a person
    except MergeConflict as conflict:
        return {"told": told, "merged": merged, "conflict": str(conflict)}
    return {}


async def main() -> None:
    """Run one task that forks four others."""
    engine = ECSWorkflowEngine()
    for handler in (prices, stock, bargain, offer):
        engine.register_handler(handler.__name__, handler)
    async with engine:
        task = await engine.submit_task({}, classification="offer", task_id="offer-1")
        task = await engine.wait(task)
        for name, value in task.output.items():
            print(f"{name}: {value}")
        await engine.purge(task)


if __name__ == "__main__":
    asyncio.run(main())
