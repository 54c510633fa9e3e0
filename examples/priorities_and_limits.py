"""Only so many runs of a kind are under way at once; what is more urgent goes first, then what is older."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task


async def main() -> None:
    """Queue four tasks for one place, then look at the order."""
    under_way = 0

    async def print_page(task: Task) -> None:
        nonlocal under_way
        under_way += 1
        print(f"{task.data} (under way: {under_way})")
        await asyncio.sleep(0.05)
        under_way -= 1

    engine = ECSWorkflowEngine()
    engine.register_handler("print_page", print_page, concurrency=1)  # there is one printer
    tasks = [
        await engine.submit_task("an old page", classification="print_page"),
        await engine.submit_task("a newer page", classification="print_page"),
        await engine.submit_task("the boss's page", classification="print_page", priority=10),
        await engine.submit_task("a draft", classification="print_page", priority=-1),
    ]
    async with engine:
        await asyncio.gather(*(engine.wait(task) for task in tasks))


if __name__ == "__main__":
    asyncio.run(main())
