"""A task waits for the outside, from inside its handler or at somebody's word, and goes on with what it is given."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task


async def order(task: Task) -> str:
    """Order something, and wait until it is delivered."""
    delivery = await task.suspend("io", "the delivery")
    return f"got {delivery['parcels']} parcels"


async def crawl(task: Task) -> str:
    """Work until somebody says it is enough."""
    if task.resumed_with:
        return f"went on with {task.resumed_with[0]}"
    await asyncio.sleep(60)
    return "went through everything"


async def until_it_is(engine: ECSWorkflowEngine, task: Task, status: str) -> None:
    """Return as soon as the task stands there."""
    while (await engine.get_task(task)).status != status:
        await asyncio.sleep(0.01)


async def main() -> None:
    """Run one task that waits by itself, and one that is made to."""
    engine = ECSWorkflowEngine()
    engine.register_handler("order", order)
    engine.register_handler("crawl", crawl)
    async with engine:
        ordered = await engine.submit_task({}, classification="order")
        await until_it_is(engine, ordered, "waiting_io")
        await engine.resume(ordered, {"parcels": 2})
        print((await engine.wait(ordered)).output)

        crawling = await engine.submit_task({}, classification="crawl")
        await until_it_is(engine, crawling, "in_progress")
        await engine.suspend(crawling, "human", "Which pages are left out?")  # stops the handler
        print((await engine.get_task(crawling)).status)
        await engine.resume(crawling, ["/archive"], by="ann")  # calls it again, from the top
        print((await engine.wait(crawling)).output)


if __name__ == "__main__":
    asyncio.run(main())
