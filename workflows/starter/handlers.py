"""Handlers of workflow.yaml, by the names of its phases."""

from typing import Any

from workflow_engine.ecs_workflow import Task


async def check(task: Task) -> dict[str, Any]:
    """Reject a greeting that is too short; the issues go back to the phase that wrote it."""
    words = len(task.input["text"].split())
    issues = [] if words >= 5 else [f"it has {words} words; write at least 5"]
    return {"passed": not issues, "issues": issues}


async def send(task: Task) -> dict[str, Any]:
    """Keep the greeting as a file of the task, where a program of yours would send it."""
    await task.add_artifact("greeting.txt", task.input["text"])
    return {"sent_to": task.data["name"]}


HANDLERS = {"check": check, "send": send}
