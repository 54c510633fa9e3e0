"""A task passes through two handlers, one after the other, and both outputs are kept."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def draft(task: Task) -> str:
    """Write a greeting; what a handler returns is the output of its phase."""
    return f"Hello {task.data['name']}"


async def publish(task: Task) -> None:
    """Go on with what the phase before has left; `task.output` does the same as returning it."""
    task.output = f"{task.outputs['draft']}!"


async def main() -> None:
    """Register what is to be done, submit one task, and run until it is done."""
    engine = ECSWorkflowEngine()  # keeps its data in ./workflow_data
    engine.register_handler("draft", draft)
    engine.register_handler("publish", publish)
    engine.register_workflow("greeting", [Phase(target_classification="draft"), Phase(target_classification="publish")])
    task = await engine.submit_task({"name": "Ann"}, workflow_name="greeting")

    async def stop_when_done() -> None:
        done = await engine.wait(task)
        print(f"{done.status}: {done.output}")
        engine.stop()

    await asyncio.gather(engine.run(), stop_when_done())


if __name__ == "__main__":
    asyncio.run(main())
