"""Phases hand pydantic models to one another: checked when they are left, and again when they are taken."""

import asyncio

from pydantic import BaseModel

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.errors import InputRefused


class Order(BaseModel):
    """What is ordered."""

    article: str
    count: int


class Job(BaseModel):
    """What the store is asked to do."""

    order: Order
    express: bool


async def read(task: Task) -> Order:
    """Return a model; it is stored as JSON."""
    article, count = task.data["text"].split(" x ")
    return Order(article=article, count=int(count))


async def pack(task: Task) -> str:
    """Take the input as a model, or the output of any phase."""
    job = task.input_as(Job)
    assert job.order == task.output_of("read", Order)
    try:
        task.output_of("read", Job)
    except InputRefused as refusal:
        print(str(refusal).splitlines()[0])
    return f"{job.order.count} of {job.order.article}{', express' if job.express else ''}"


async def main() -> None:
    """Run one order."""
    engine = ECSWorkflowEngine()
    engine.register_handler("read", read)
    engine.register_handler("pack", pack)
    job = {"order": "{{ phases.read.output }}", "express": "{{ inputs.express }}"}  # a template alone keeps its type
    engine.register_workflow("store", [Phase(id="read", output=Order), Phase(id="pack", input=job)])
    async with engine:
        task = await engine.submit_task({"text": "tea x 3", "express": True}, "store")
        print((await engine.wait(task)).output)


if __name__ == "__main__":
    asyncio.run(main())
