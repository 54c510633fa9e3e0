"""A handler that sleeps is called again from the top, and what its steps did before is not done again."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def charge(amount: int) -> str:
    """Do something that must not happen twice."""
    print(f"charging {amount} EUR")
    return "receipt-1"


async def order(task: Task) -> str:
    """Charge, wait a moment that would outlive the process, and ship."""
    print("handler called")
    receipt: str = await task.step("charge", charge, task.data["amount"])
    await task.sleep(0.2)  # the handler ends here, and comes back to this line when the time is up
    return f"shipped, {receipt}"


async def main() -> None:
    """Run one order."""
    engine = ECSWorkflowEngine()
    engine.register_handler("order", order)
    engine.register_workflow("orders", [Phase(target_classification="order")])
    async with engine:  # the same as run() in the background, and stop() at the end of the block
        task = await engine.submit_task({"amount": 20}, "orders")
        done = await engine.wait(task)
    print(done.output)


if __name__ == "__main__":
    asyncio.run(main())
