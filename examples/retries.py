"""A phase that fails is tried again after a growing pause, under a key that is new for each attempt."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, RetryPolicy, Task
from workflow_engine.errors import PermanentFailure, TransientFailure


async def fetch(task: Task) -> str:
    """Fail twice in a way that may pass, then succeed."""
    print(f"attempt {task.attempt} under the key {task.key}")
    if task.attempt == 1:
        raise TransientFailure("the server is busy", retry_after=0.05)  # waits at least this long, in seconds
    if task.attempt == 2:
        raise ConnectionError("the line is down")  # any other exception is tried again, too
    return "fetched"


async def parse(task: Task) -> str:
    """Fail in a way that no further attempt would mend."""
    raise PermanentFailure("the file is not a spreadsheet")


async def main() -> None:
    """Run a task that gets there, and one that does not."""
    engine = ECSWorkflowEngine()
    policy = RetryPolicy(max_attempts=5, initial=0.02, max=1.0)
    engine.register_handler("fetch", fetch)
    engine.register_handler("parse", parse)
    engine.register_workflow("download", [Phase(id="fetch", retry=policy)])
    engine.register_workflow("import", [Phase(id="parse", retry=policy)])
    async with engine:
        for workflow, name in (("download", "t1"), ("import", "t2")):
            # With an id of our own a second submission is the same task, not another one.
            task = await engine.submit_task({}, workflow, task_id=f"retries-{name}")
            task = await engine.wait(task)
            print(f"{task.id} {task.status}: {task.output or (task.failure and task.failure.message)}")
            await engine.purge(task)  # forgets it, so that the next run of this file begins anew


if __name__ == "__main__":
    asyncio.run(main())
