"""Hooks are told of tasks that ended, once that is durable; one that fails hurts nobody."""

import asyncio
import logging

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.errors import PermanentFailure


async def pay(task: Task) -> str:
    """Refuse what is too much."""
    if task.data["amount"] > 100:
        raise PermanentFailure("that is more than 100 EUR")
    return f"paid {task.data['amount']} EUR"


async def tell(task: Task) -> None:
    """Hear of a task that is completed."""
    print(f"completed: {task.output}")


def complain(task: Task) -> None:
    """Hear of a task that failed; a plain function is called in a thread."""
    print(f"failed: {task.failure.message if task.failure else '?'}")


async def broken(task: Task) -> None:
    """Fail, which is logged."""
    raise RuntimeError("the mail server is down")


async def main() -> None:
    """Pay twice, and be told of both."""
    logging.getLogger("workflow_engine").setLevel(logging.CRITICAL)  # the broken hook would be logged with its trace
    engine = ECSWorkflowEngine()
    engine.register_handler("pay", pay)
    engine.register_workflow("payment", [Phase(id="pay")])
    engine.register_task_completed_hook(broken)
    engine.register_task_completed_hook(tell)
    engine.register_task_failed_hook(complain)
    async with engine:
        for amount in (20, 200):
            await engine.wait(await engine.submit_task({"amount": amount}, "payment"))
    # The block ends when the hooks have returned.


if __name__ == "__main__":
    asyncio.run(main())
