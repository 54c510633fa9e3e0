"""An engine with sinks in a process of its own, to be killed: python sink_process.py DATA_DIR URL TASKS.

It submits so many tasks, waits for them, delivers what there is, and ends.
"""

import asyncio
import sys
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.sinks.running import Sinks
from workflow_engine.sinks.settings import FileSettings, WebhookSettings


async def echo(task: Task) -> Any:
    """Give back what was submitted."""
    return task.data


async def work(data_dir: str, url: str, tasks: int) -> None:
    """Live one life."""
    engine = ECSWorkflowEngine(data_dir, stop_grace=0.1)
    engine.register_handler("echo", echo)
    engine.register_workflow("echo", [Phase(target_classification="echo")])
    sinks = Sinks(
        engine,
        {
            "audit": FileSettings(
                type="file", path="audit.jsonl", begin="beginning", size_mib=0.005, keep=1_000, batch=7
            ),
            "ops": WebhookSettings(
                type="webhook", url=url, begin="beginning", batch=5, retry_initial=0.01, retry_max=0.1
            ),
        },
    )
    sinks.start()
    async with engine:
        for number in range(tasks):
            await engine.wait(await engine.submit_task(number, "echo"))
    if left := sinks.close(30):
        sys.exit(f"not delivered: {left}")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], int(sys.argv[3])))
