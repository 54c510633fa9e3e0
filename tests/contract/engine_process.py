"""An engine in a process of its own, for tests of what reaches it from outside: python engine_process.py DATA_DIR.

It answers at its control socket once it runs, and stops on SIGTERM.
"""

import asyncio
import signal
import sys
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType
from workflow_engine.errors import PermanentFailure

FORM = {
    "type": "object",
    "properties": {"decision": {"enum": ["approve", "reject"]}, "stars": {"type": "integer"}},
    "required": ["decision"],
}


async def echo(task: Task) -> Any:
    """Give back what was submitted."""
    return {"echo": task.data}


async def fussy(task: Task) -> Any:
    """Fail for good."""
    raise PermanentFailure(f"will not do {task.data!r}")


def prepared(data_dir: str) -> ECSWorkflowEngine:
    """Return an engine that knows the workflows of these tests."""
    engine = ECSWorkflowEngine(data_dir, stop_grace=0.1)
    engine.register_handler("echo", echo)
    engine.register_handler("fussy", fussy)
    engine.register_workflow("echo", [Phase(target_classification="echo")])
    engine.register_workflow("fussy", [Phase(target_classification="fussy")])
    approve = Phase(
        target_classification="approve", assigned_to=TaskType.HUMAN, prompt="Publish it?", form=FORM, assignee="ann"
    )
    engine.register_workflow("review", [Phase(target_classification="echo"), approve])
    return engine


async def serve(data_dir: str) -> None:
    """Run an engine until SIGTERM."""
    engine = prepared(data_dir)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, engine.stop)
    await engine.run()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
