"""A gate decides over the verdicts of several reviewers: all, any, or a number of them have to pass."""

import asyncio
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def facts(task: Task) -> dict[str, Any]:
    """Say yes."""
    return {"passed": True}


async def spelling(task: Task) -> str:
    """Say no in other words: models, programs and people need not agree on a form."""
    return "REJECT: a typing error in line 3"


async def style(task: Task) -> dict[str, Any]:
    """Find something that is no reason to reject."""
    return {"issues": [{"severity": "warning", "message": "long sentences"}]}


async def main() -> None:
    """Have the same three reviewers judge under three rules."""
    engine = ECSWorkflowEngine()
    for handler in (facts, spelling, style):
        engine.register_handler(handler.__name__, handler)
    reviewers = ["facts", "spelling", "style"]
    for require in ("all", "any", 2):
        engine.register_workflow(
            f"require {require}",
            [
                *(Phase(id=name, depends_on=[]) for name in reviewers),
                Phase(id="verdict", gate={"of": reviewers, "require": require}),
            ],
        )
    async with engine:
        for require in ("all", "any", 2):
            task = await engine.wait(await engine.submit_task({}, f"require {require}"))
            print(f"{task.workflow}: {task.status}{', ' + task.reason if task.reason else ''}")


if __name__ == "__main__":
    asyncio.run(main())
