"""What tests in a browser work with: workflows, their handlers and programs, doors that hold work up, tasks."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.e2e.served import Served
from workflow_engine.client import Client
from workflow_engine.core.components import TaskState

REPORT: Final = """\
name: report
version: "1"
description: A report is planned, measured, written, checked, approved and published.

inputs:
  type: object
  required: [topic]
  additionalProperties: false
  properties:
    topic: {type: string, title: Topic, minLength: 3, description: what the report is about}
    parts: {type: integer, title: Parts, minimum: 1, maximum: 5, default: 3}

phases:
  - id: plan
    assigned_to: functional

  - id: measure
    depends_on: [plan]
    for_each: {items: "{{ phases.plan.output }}", max_concurrency: 2}
    assigned_to: functional
    command: ["{python}", programs/measure.py]

  - id: write
    depends_on: [measure]
    assigned_to: agentic
    prompt: "Write a report on {{ inputs.topic }}.{% if feedback %} To be mended: {{ feedback }}{% endif %}"

  - id: check
    depends_on: [write]
    assigned_to: functional
    command: ["{python}", programs/check.py]
    input: "{{ phases.write.output }}"
    on_reject: {target: write, max_attempts: 3}

  - id: approve
    depends_on: [check]
    assigned_to: human
    prompt: "Publish the report on {{ inputs.topic }}?"
    show: {report: "{{ phases.write.output }}", measured: "{{ phases.measure.output }}"}
    form:
      type: object
      required: [decision, sheets]
      properties:
        decision: {enum: [approve, reject], title: Decision}
        sheets: {type: integer, title: Sheets, minimum: 1, maximum: 50, description: how many it will have in print}
        comment: {type: string, title: Comment, description: what is to change}
        contact: {type: string, format: email, title: Contact}
        channels: {type: array, title: Channels, items: {enum: [web, print, mail]}, uniqueItems: true}
        readers:
          type: array
          title: Readers
          items:
            type: object
            title: Reader
            required: [name]
            properties: {name: {type: string, title: Name}, copies: {type: integer, title: Copies, minimum: 1}}
    due: 2d
    on_reject: {target: write, max_attempts: 3}

  - id: publish
    depends_on: [approve]
    assigned_to: functional
"""

REPLIES: Final = """\
write:
  - match: "To be mended"
    reply: |
      # A report

      The sea rises and falls **twice a day**; the Moon pulls the water.

      | Place | Range |
      | --- | --- |
      | Saint-Malo | 12 m |
      | Naples | 0.3 m |
  - match: ""
    reply: "A report without a title. TODO: write one."
"""

ORDER: Final = """\
name: order
version: "1"
description: An order is priced, charged and shipped.
inputs:
  type: object
  required: [account, amount]
  properties: {account: {type: integer, title: Account}, amount: {type: integer, title: Amount}}
phases:
  - id: price
    assigned_to: functional
  - id: charge
    depends_on: [price]
    assigned_to: functional
    retry: {max_attempts: 1}
  - id: ship
    depends_on: [charge]
    assigned_to: functional
"""

HANDLERS: Final = '''\
"""Handlers of the workflows beside this file."""

import asyncio
from pathlib import Path

from workflow_engine.errors import PermanentFailure

DOORS = Path(__file__).parent / "doors"


async def through(door):
    """Wait until a door is open."""
    while (DOORS / door).exists():
        await asyncio.sleep(0.01)


async def plan(task):
    await through("plan")
    return [f"part {number}" for number in range(1, task.data.get("parts", 3) + 1)]


async def publish(task):
    await through("publish")
    await task.add_artifact("report.md", task.outputs["write"], "text/markdown")
    task.context["published"] = True
    return {"sheets": task.outputs["approve"]["sheets"]}


async def price(task):
    task.context["currency"] = "EUR"
    return {"total": task.data["amount"]}


async def charge(task):
    if (DOORS / "charge").exists():
        raise PermanentFailure(f"the bank does not know account {task.data['account']}")
    return {"receipt": task.id, "currency": task.context["currency"]}


async def ship(task):
    await through("ship")
    return "shipped"
'''

MEASURE: Final = '''\
"""Measures a part, and tells of it while it does."""

import json
import sys
import time
from pathlib import Path

DOOR = Path(__file__).parent.parent / "doors" / "measure"

task = json.load(sys.stdin)
print(f"measuring {task['item']}", file=sys.stderr, flush=True)
while DOOR.exists():
    time.sleep(0.01)
print(f"measured {task['item']}", file=sys.stderr, flush=True)
print(json.dumps({"part": task["item"], "metres": len(task["item"])}))
'''

CHECK: Final = '''\
"""Lets a text with a title pass."""

import json
import sys

text = json.load(sys.stdin)["input"]
if "TODO" in text:
    print(json.dumps({"issues": ["there is a TODO left", "the first line is no title"]}))
    sys.exit(1)
print(json.dumps({"passed": True}))
'''


class Project:
    """A folder of workflow files with their handlers and programs, as a user has one.

    Attributes:
        folder: where it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._doors = folder / "doors"
        for name, text in FILES.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self._doors.mkdir()

    def shut(self, door: str) -> None:
        """Hold up what goes through a door, the name of a phase; those who charge fail at it."""
        (self._doors / door).touch()

    def open(self, door: str) -> None:
        """Let it through."""
        (self._doors / door).unlink()


FILES: Final = {
    "report.yaml": REPORT,
    "report.replies.yaml": REPLIES,
    "order.yaml": ORDER,
    "handlers.py": HANDLERS,
    "programs/measure.py": MEASURE,
    "programs/check.py": CHECK,
}


PASSWORD: Final = "seven wet stones by the sea"
"""Of everybody who logs in."""


def let_in(data: Path, name: str, role: str) -> None:
    """Let somebody in, as whoever runs the engine does."""
    command = [sys.executable, "-m", "workflow_engine", "user", "add", name, "--role", role, "--data-dir", str(data)]
    subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, timeout=30)


def stands(client: Client, task: str, *states: TaskState) -> None:
    """Return once a task stands in one of these states; a task that has ended elsewhere is an AssertionError."""
    for _ in client.watch(task):
        if client.get_task(task).status in states:
            return
    assert client.get_task(task).status in states


class Stocked:
    """A served engine with a task in each state, a question with a past, and failures of two kinds.

    Attributes:
        server: serves it.
        client: of its API.
    """

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder / "project")
        self.server = Served(folder / "data", str(self.project.folder))
        self.client: Client

    def __enter__(self) -> Self:
        """Start it, and submit tasks."""
        self.server.start()
        self.client = Client(self.server.url)
        self.project.shut("ship")
        self.project.shut("charge")
        for number in (1, 2, 3):
            order = {"account": number % 2, "amount": 10 * number}
            self.client.submit_task(order, "order", task_id=f"order-{number}")
            stands(self.client, f"order-{number}", TaskState.FAILED)
        self.project.open("charge")
        self.client.submit_task({"account": 4, "amount": 40}, "order", task_id="order-4", labels={"shop": "north"})
        for name in ("tides", "winds", "rains", "soils"):
            self.client.submit_task({"topic": name}, "report", task_id=name)
            stands(self.client, name, TaskState.WAITING_HUMAN)
        self.client.answer("winds", {"decision": "approve", "sheets": 12})
        self.client.cancel("rains", "nobody reads it")
        self.client.answer("soils", {"decision": "reject", "sheets": 1, "comment": "Say more on clay."})
        stands(self.client, "winds", TaskState.COMPLETED)
        stands(self.client, "soils", TaskState.WAITING_HUMAN)
        return self

    @property
    def question(self) -> str:
        """The id of a question that waits, and whose task was sent back before."""
        return self.client.get_task("soils").questions[0]

    @property
    def group(self) -> str:
        """The key of a group of failures."""
        key: str = self.client.list_failures()["failures"][0]["key"]
        return key

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        if hasattr(self, "client"):
            self.client.close()
        self.server.kill()
