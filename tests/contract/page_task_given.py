"""Workflows for the tests of a task's page."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.contract.engine_helpers import ONCE, QUICK
from tests.contract.ui_given import Answer, Site
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, WorkflowSpec
from workflow_engine.errors import PermanentFailure

DECISION: dict[str, Any] = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"enum": ["approve", "reject"]}},
}


async def draft(task: Task) -> Any:
    """Write; set a context value and keep an artifact."""
    task.context["tone"] = task.data.get("tone", "dry")
    await task.add_artifact("notes.md", f"# Notes {task.visit}\n\n- one\n- two\n")
    return f"draft {task.visit} about {task.data['topic']}"


async def lint(task: Task) -> Any:
    """Send the first two drafts back."""
    if task.visit < 3:
        return {"decision": "reject", "issues": [f"draft {task.visit} is dull"]}
    return {"decision": "accept"}


async def jam(task: Task) -> Any:
    """Fail, unless the context says otherwise."""
    if task.context.get("paper") != "dry":
        raise PermanentFailure("the paper is jammed")
    return {"printed": task.context["paper"]}


async def item(task: Task) -> Any:
    """Do an item; every tenth fails."""
    if task.index is not None and task.index % 10 == 5:
        raise PermanentFailure(f"page {task.index} is empty")
    return task.index


async def wait(task: Task) -> Any:
    """Stay under way until the engine stops."""
    await asyncio.sleep(3_600)


def prepare(engine: ECSWorkflowEngine) -> None:
    """Register all of it."""
    for handler in (draft, lint, jam, item, wait):
        engine.register_handler(handler.__name__, handler)
    approve = Phase(id="approve", assigned_to="human", prompt="Publish this?", form=DECISION, candidates=("editors",))
    for spec in (
        WorkflowSpec(
            name="article",
            phases=(Phase(id="draft"), Phase(id="lint", on_reject={"target": "draft", "max_attempts": 3}), approve),
        ),
        WorkflowSpec(name="press", phases=(Phase(id="draft"), Phase(id="jam", retry=ONCE))),
        WorkflowSpec(name="retried", phases=(Phase(id="jam", retry=QUICK),)),
        WorkflowSpec(
            name="pages",
            phases=(Phase(id="item", for_each={"items": "inputs.list", "on_item_failure": "collect"}),),
        ),
        WorkflowSpec(
            name="long", phases=tuple(Phase(id=f"step {n}", target_classification="item") for n in range(300))
        ),
        WorkflowSpec(name="waits", phases=(Phase(id="wait"),)),
        WorkflowSpec(
            name="program",
            phases=(Phase(id="build", command=("printf", "\x1b[32mgreen\x1b[0m <b>words</b>\n50%%\r100%%\n")),),
        ),
        WorkflowSpec(
            name="slow program",
            phases=(Phase(id="build", command=("sh", "-c", "echo first; read line; while true; do sleep 1; done")),),
        ),
    ):
        engine.register_workflow(spec)


def submitted(site: Site, workflow: str, state: str, data: Any = None, task_id: str = "t") -> str:
    """Submit a task; return its id once it stands in this state and the index knows it."""
    ask: Any = site.engine.blocking
    ask.submit_task({"topic": "tides"} if data is None else data, workflow, task_id=task_id, by="ann")
    site.until(lambda: ask.get_task(task_id).status, lambda status: status == state)
    settled(site, task_id, "events", "submitted the task to")
    return task_id


def path(task: str, more: str = "") -> str:
    """Return where the page of a task is."""
    return f"/tasks/{quote(task, safe='')}{more}"


def tab(site: Site, task: str, name: str, more: str = "") -> Answer:
    """Return the page of a task with this tab open."""
    answer = site.browser.get(f"{path(task)}?tab={name}{more}")
    assert answer.status == 200, answer.words
    return answer


def settled(site: Site, task: str, name: str, words: str, more: str = "") -> Answer:
    """Return the page of a task once it has these words: the index follows a little later."""
    found: Answer = site.until(lambda: tab(site, task, name, more), lambda answer: words in answer.words)
    return found


def log_of(data_dir: Path) -> list[str]:
    """Return what the audit says was done."""
    lines = (data_dir / "ui" / "audit.jsonl").read_text().splitlines()
    return [f"{line['what']} {line['about']}" for line in map(json.loads, lines)]
