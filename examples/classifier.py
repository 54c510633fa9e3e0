"""A task that names neither workflow nor classification is looked at by a classifier first."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def classify(task: Task) -> str:
    """Return the name of a workflow, or of a classification that has a handler."""
    return "refund" if "refund" in task.data["text"] else "question"


async def look_up(task: Task) -> str:
    """Find the order."""
    return f"order of {task.data['text']!r}"


async def pay_back(task: Task) -> str:
    """Give the money back."""
    return f"paid back the {task.outputs['look_up']}"


async def question(task: Task) -> str:
    """Answer a question."""
    return f"answered {task.data['text']!r}"


async def main() -> None:
    """Submit two texts, and see what became of them."""
    engine = ECSWorkflowEngine()
    engine.register_classifier(classify)
    engine.register_handler("look_up", look_up)
    engine.register_handler("pay_back", pay_back)
    engine.register_handler("question", question)
    engine.register_workflow("refund", [Phase(id="look_up"), Phase(id="pay_back")])
    async with engine:
        for text in ("a refund, please", "when do you open?"):
            task = await engine.wait(await engine.submit_task({"text": text}))
            print(f"{task.workflow}: {task.output}")


if __name__ == "__main__":
    asyncio.run(main())
