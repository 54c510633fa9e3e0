"""A workflow arrives as data and is carried out: it may name what is registered, and bring nothing along."""

import asyncio
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task


async def upper(task: Task) -> str:
    """Shout what the phase is given."""
    return str(task.input).upper()


async def count(task: Task) -> int:
    """Count the letters of what the phase is given."""
    return len(task.input)


GOOD = {
    "name": "shout-and-count",
    "phases": [
        {"id": "upper", "input": "{{ inputs.text }}!"},
        {"id": "count", "input": "{{ phases.upper.output }}"},
    ],
}
BAD = {"name": "harm", "phases": [{"id": "remove", "command": ["rm", "-r", "/"]}]}


async def main() -> None:
    """Submit two workflows from a stranger, and one by its name, since it is known now."""
    engine = ECSWorkflowEngine()
    engine.register_handler("upper", upper)
    engine.register_handler("count", count)
    async with engine:
        for workflow in (GOOD, BAD):
            data: dict[str, Any] = {"workflow": workflow, "text": "hello"}
            task = await engine.submit_task(data, classification="define_workflow")
            task = await engine.wait(task)
            print(f"{task.workflow}: {task.output or task.reason}")
        task = await engine.wait(await engine.submit_task({"text": "hi"}, "shout-and-count"))
        print(f"{task.workflow}: {task.output}")


if __name__ == "__main__":
    asyncio.run(main())
