"""Handlers of parallel-research.yaml."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from workflow_engine.ecs_workflow import Fork, Task


async def verify(task: Task) -> dict[str, Any]:
    """Have two tasks look at the report side by side; what they leave in their context is merged into this one's."""
    report: str = task.input
    await task.add_artifact("report.md", report)
    await task.fork(Fork("check-figures", data=report), Fork("check-sources", data=report))
    return {"figures": task.context["figures"], "sources": task.context["sources"], "artifact": "report.md"}


async def check_figures(task: Task) -> None:
    """Leave the figures of a text in the context."""
    task.context["figures"] = re.findall(r"\d+(?:,\d{3})*", task.data)


async def check_sources(task: Task) -> None:
    """Leave the sources of a text in the context."""
    task.context["sources"] = re.findall(r"\(source: ([^)]*)\)", task.data)


HANDLERS: Final[Mapping[str, Callable[[Task], Any]]] = {
    "verify": verify,
    "check-figures": check_figures,
    "check-sources": check_sources,
}
