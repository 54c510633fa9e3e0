"""A phase whose condition does not hold is skipped, which counts as done, and its output is null."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def order(task: Task) -> dict[str, float]:
    """Add up what is ordered."""
    return {"total": sum(task.data["prices"])}


async def discount(task: Task) -> float:
    """Take ten per cent off."""
    return float(task.outputs["order"]["total"]) * 0.9


async def invoice(task: Task) -> str:
    """Charge the reduced price, or the whole one where the phase before was skipped."""
    return f"{task.input['pay']:.2f} EUR"


async def main() -> None:
    """Run a small order, and one that is large enough for a discount."""
    engine = ECSWorkflowEngine()
    for handler in (order, discount, invoice):
        engine.register_handler(handler.__name__, handler)
    pay = "{{ phases.discount.output | default(phases.order.output.total) }}"
    engine.register_workflow(
        "sale",
        [
            Phase(id="order"),
            Phase(id="discount", when="phases.order.output.total > 100 and inputs.customer != 'new'"),
            Phase(id="invoice", input={"pay": pay}),
        ],
    )
    async with engine:
        for prices in ([20, 30], [80, 120]):
            task = await engine.submit_task({"customer": "old", "prices": prices}, "sale")
            task = await engine.wait(task)
            print(f"{task.output}, through {', '.join(task.outputs)}")


if __name__ == "__main__":
    asyncio.run(main())
