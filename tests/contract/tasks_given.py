"""What tests of the list of tasks share: workflows of three kinds, and tasks that have come to rest."""

import functools
import re
from typing import Any

from tests.contract.engine_helpers import ONCE, echo
from tests.contract.ui_given import Answer, Form, Site
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def broken(task: Task) -> Any:
    """Fail."""
    raise ValueError(f"invoice {task.data} has no total")


def prepare(engine: ECSWorkflowEngine) -> None:
    """Register a workflow that ends, one that asks, and one that fails."""
    engine.register_handler("write", echo)
    engine.register_handler("extract", broken)
    engine.register_workflow("notes", [Phase(target_classification="write")])
    engine.register_workflow(
        "review",
        [
            Phase(target_classification="write", next_classifications=["approve"]),
            Phase(target_classification="approve", assigned_to="human", prompt="Publish this?"),
        ],
    )
    engine.register_workflow("invoices", [Phase(target_classification="extract", retry=ONCE)])


def submit(served: Site, workflow: str, count: int = 1, **more: Any) -> list[str]:
    """Submit tasks called ``<workflow>-<number>``; return their ids once they wait or have ended."""
    ask = served.engine.blocking
    ids = [ask.submit_task({"n": n}, workflow, task_id=f"{workflow}-{n}", **more).id for n in range(count)]
    for one in ids:
        if workflow in ("review", "offer"):
            served.until(functools.partial(ask.get_task, one), lambda seen: seen.status.value == "waiting_human")
        else:
            ask.wait(one, 10)
    served.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage] - the list follows in its own time
    return ids


def said(page: Answer) -> str:
    """Return what a person reads, without the spaces that stand between elements and punctuation."""
    return re.sub(r" ([,.;:])", r"\1", page.words)


def named(page: Answer) -> list[str]:
    """Return the ids of the tasks that a page lists."""
    return [one["value"] or "" for name, one in page.elements if name == "input" and one.get("name") == "task"]


def filters(page: Answer) -> Form:
    """Return the form of the filters."""
    return next(form for form in page.forms if any(name == "within" for name, _ in form.fields))
