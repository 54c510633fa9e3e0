"""A budget bounds what a task may have models do; where it is reached, a person extends it or stops the task.

The offline model costs nothing, so the budget here is one of tokens; with a real model say `"task": 0.50` for dollars,
leave `agents=` out, and set OPENAI_API_KEY or ANTHROPIC_API_KEY.
"""

import asyncio
from typing import Final

from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, WorkflowSpec

WORKFLOW: Final = WorkflowSpec(
    name="article",
    budget={"task_tokens": 250, "then": "ask"},
    phases=[
        Phase(id="outline", assigned_to="agentic", prompt="Outline {{ inputs.topic }}", max_tokens=100),
        Phase(id="write", assigned_to="agentic", prompt="Write up: {{ phases.outline.output }}", max_tokens=200),
    ],
)


async def ann(engine: ECSWorkflowEngine, task: Task) -> None:
    """Play the person who is asked."""
    while (await engine.get_task(task)).status != "waiting_human":
        await asyncio.sleep(0.01)
    print(await engine.explain(task))
    await engine.answer(task.id, {"decision": "extend", "by": 500}, by="ann")


async def main() -> None:
    """Have one article written."""
    engine = ECSWorkflowEngine(agents=AgentSettings(offline="always"))
    engine.register_provider(
        OfflineModel({"outline": "1. the moon 2. the sun", "write": "The moon pulls, the sun too."})
    )
    engine.register_workflow(WORKFLOW)
    async with engine:
        task = await engine.submit_task({"topic": "tides"}, "article")
        done, _ = await asyncio.gather(engine.wait(task), ann(engine, task))
    print(f"{done.status}: {done.output}")


if __name__ == "__main__":
    asyncio.run(main())
