"""A handler picks which phase follows; without a pick it is the first that is named."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def triage(task: Task) -> dict[str, bool]:
    """Send what is urgent another way."""
    urgent = "!" in task.data["text"]
    if urgent:
        task.next_classification = "call"
    return {"urgent": urgent}


async def reply(task: Task) -> str:
    """Answer in writing."""
    return f"wrote back about {task.data['text']!r}"


async def call(task: Task) -> str:
    """Answer by phone."""
    return f"called about {task.data['text']!r}"


async def main() -> None:
    """Send two messages through."""
    engine = ECSWorkflowEngine()
    engine.register_handler("triage", triage)
    engine.register_handler("reply", reply)
    engine.register_handler("call", call)
    engine.register_workflow(
        "support",
        [
            Phase(target_classification="triage", next_classifications=("reply", "call")),
            Phase(target_classification="reply"),  # names nothing that follows, so the task ends here
            Phase(target_classification="call"),
        ],
    )
    async with engine:
        for text in ("how do I log in?", "the site is down!"):
            task = await engine.submit_task({"text": text}, "support")
            print((await engine.wait(task)).output)


if __name__ == "__main__":
    asyncio.run(main())
