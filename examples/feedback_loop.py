"""Rejected work goes back with the issues, a bounded number of times, and then to a person."""

import asyncio
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def draft(task: Task) -> str:
    """Write, and on every further visit mend what the reviewer found."""
    print(f"draft {task.visit}, asked to mend: {[issue['message'] for issue in task.feedback]}")
    return f"draft {task.visit}"


async def review(task: Task) -> dict[str, Any]:
    """Be hard to please: `decision`, `passed`, `verdict` and the like are understood."""
    return {"decision": "reject", "issues": [f"{task.outputs['draft']} is dull"]}


async def publish(task: Task) -> str:
    """Go on with what was accepted."""
    return f"published {task.outputs['draft']}"


async def editor(engine: ECSWorkflowEngine, task: Task) -> None:
    """Play the person who decides once the reviewer has sent the work back as often as it may."""
    while (await engine.get_task(task)).status != "waiting_human":
        await asyncio.sleep(0.01)
    (question,) = (await engine.list_questions()).rows
    print(question.prompt)
    await engine.answer(task.id, {"decision": "accept"}, by="ann")


async def main() -> None:
    """Run one task that nobody but a person would let pass."""
    engine = ECSWorkflowEngine()
    for handler in (draft, review, publish):
        engine.register_handler(handler.__name__, handler)
    engine.register_workflow(
        "article",
        [
            Phase(id="draft"),
            Phase(id="review", on_reject={"target": "draft", "max_attempts": 2, "then": "human"}),
            Phase(id="publish"),
        ],
    )
    async with engine:
        task = await engine.submit_task({}, "article")
        done, _ = await asyncio.gather(engine.wait(task), editor(engine, task))
    print(done.output)


if __name__ == "__main__":
    asyncio.run(main())
