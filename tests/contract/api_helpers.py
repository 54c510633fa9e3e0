"""What tests of the API share: a dashboard on a socket, before an engine whose tasks do a little of everything."""

import asyncio
import contextlib
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from tests.contract.engine_helpers import engine_on
from workflow_engine.client import Client
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.errors import PermanentFailure
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui.server import Dashboard
from workflow_engine.ui_settings import UiSettings

PEOPLE = (("ann", Role.ADMIN, ()), ("ben", Role.OPERATOR, ("packers",)), ("cleo", Role.VIEWER, ()))

WITHIN = 10.0
"""Seconds that anything may take here."""


class Served(NamedTuple):
    """A dashboard that answers.

    Attributes:
        url: its address, without a slash at the end.
        tokens: of people, by name: ann is an admin, ben an operator among the packers, cleo a viewer.
        engine: behind it, whose loop runs in another thread.
        clients: that are in use, closed at the end.
    """

    url: str
    tokens: dict[str, str]
    engine: ECSWorkflowEngine
    clients: dict[str, Client]

    def client(self, person: str = "ann") -> Client:
        """Return a client of a person."""
        return self.clients[person]

    def ask(self, method: str, path: str, person: str | None = "ann", **given: Any) -> httpx2.Response:
        """Return the answer to a request."""
        headers: dict[str, str] = given.pop("headers", {})
        if person is not None:
            headers = {"Authorization": f"Bearer {self.tokens[person]}", **headers}
        return httpx2.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=WITHIN, **given)


async def work(task: Task) -> Any:
    """Do what the data of a task says."""
    data: dict[str, Any] = task.data or {}
    if data.get("fail"):
        raise PermanentFailure(f"order {data['fail']} cannot be packed")
    await task.add_artifact("notes/packed.txt", b"three boxes", media_type="text/plain")
    task.context["packed"] = True
    return {"packed": data}


@contextlib.contextmanager
def served(data_dir: Path, **settings: Any) -> Generator[Served]:
    """Serve an engine for as long as the block lasts."""
    engine = engine_on(data_dir)
    engine.register_handler("work", work)
    engine.register_workflow("packing", [Phase(target_classification="work")])
    asking = Phase(id="approve", target_classification="approve", assigned_to="human", prompt="Approve it?")
    engine.register_workflow("approve-order", [asking, Phase(target_classification="work")])
    people, tokens = People(data_dir / "users.json"), dict[str, str]()
    for name, role, groups in PEOPLE:
        people.add(name, role, groups)
        tokens[name] = people.add_token(name, "tests")
    with running(engine), Dashboard(engine, UiSettings(port=0, **settings)) as dashboard:
        url = dashboard.url.rstrip("/")
        clients = {name: Client(url, token, WITHIN) for name, token in tokens.items()}
        yield Served(url, tokens, engine, clients)
        for client in clients.values():
            client.close()


@contextlib.contextmanager
def running(engine: ECSWorkflowEngine) -> Generator[None]:
    """Run an engine in a thread of its own."""
    opened, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def live() -> None:
        async with engine:
            opened.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    try:
        if not opened.wait(WITHIN):
            raise AssertionError("the engine does not start")
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def waiting(client: Client, **given: Any) -> str:
    """Submit a task that asks, and return the id of its question."""
    task = client.submit_task({}, "approve-order", **given)
    for event in client.watch(task):
        if event.name == "QuestionAsked":
            return str(event.event["question"])
    raise AssertionError(f"{task.id} has ended without a question")
