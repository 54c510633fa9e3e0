"""Output that does not fit its schema is handed back once with the reasons, then the phase fails."""

import asyncio
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task

SCORE = {
    "type": "object",
    "required": ["score"],
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 10}},
}


async def rate(task: Task) -> dict[str, Any]:
    """Answer in words first, and properly once told what is wrong; a model would see the same as `feedback`."""
    for issue in task.feedback:
        print(f"handed back: {issue['path']}: {issue['message']}")
    return {"score": 7} if task.feedback else {"score": "seven"}


async def insist(task: Task) -> dict[str, Any]:
    """Give the same wrong answer every time."""
    return {"score": 11}


async def main() -> None:
    """Run one phase that learns, and one that does not."""
    engine = ECSWorkflowEngine()
    engine.register_handler("rate", rate)
    engine.register_handler("insist", insist)
    engine.register_workflow("rating", [Phase(id="rate", output=SCORE)])
    engine.register_workflow("insisting", [Phase(id="insist", output=SCORE)])
    async with engine:
        for workflow in ("rating", "insisting"):
            task = await engine.wait(await engine.submit_task({}, workflow))
            print(f"{task.status}: {task.output or task.reason}")


if __name__ == "__main__":
    asyncio.run(main())
