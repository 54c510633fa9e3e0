"""Phases that depend on one another form a graph: each starts as soon as what it needs is done, several at once."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, WorkflowSpec

under_way: list[str | None] = []
at_once: list[int] = []


async def work(task: Task) -> str:
    """Say what there is to build on, after working for a moment."""
    under_way.append(task.phase)
    at_once.append(len(under_way))
    await asyncio.sleep(0.05)
    under_way.remove(task.phase)
    return f"{task.phase} on {', '.join(sorted(task.outputs)) or 'nothing'}"


async def main() -> None:
    """Run one task through a diamond: one phase, then three side by side, then one that needs them all."""
    engine = ECSWorkflowEngine()
    engine.register_handler("work", work)
    engine.register_workflow(
        WorkflowSpec(
            name="brochure",
            max_concurrency=2,  # phases of one task under way at once; none means as many as can begin
            phases=[
                Phase(id="outline", target_classification="work", depends_on=[]),
                Phase(id="text", target_classification="work", depends_on=["outline"]),
                Phase(id="pictures", target_classification="work", depends_on=["outline"]),
                Phase(id="prices", target_classification="work", depends_on=["outline"]),
                Phase(id="layout", target_classification="work", depends_on=["text", "pictures", "prices"]),
            ],
        )
    )
    async with engine:
        task = await engine.wait(await engine.submit_task({}, "brochure"))
    print(task.outputs["outline"])
    print(task.output)
    print(f"at most {max(at_once)} at once")


if __name__ == "__main__":
    asyncio.run(main())
