"""An engine to be killed: python kill_worker.py DATA_DIR LEDGER.

It takes requests as lines of JSON on stdin (``{"id": 1, "call": "submit", ...}``), replies on stdout, and ends with its
input.  Handlers append to the ledger, with O_APPEND, what they did (``{"work": key, "token": ...}``) and what the
engine told them (``{"run": ..., "step": ..., "told": ...}``): the world outside, which no death of the process undoes.
"""

import asyncio
import json
import os
import random
import sys
import uuid
from typing import Any

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, RetryPolicy, Task
from workflow_engine.errors import EngineError, PermanentFailure, TransientFailure

SEGMENT_BYTES = 30_000
"""Small, so that compactions are under way at any time."""


class Outside:
    """What handlers do."""

    def __init__(self, ledger: str) -> None:
        self._file = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    async def work(self, key: str) -> str:
        """Do some work, which takes a while; it gives something else each time."""
        token = uuid.uuid4().hex
        self._note({"work": key, "token": token})
        await asyncio.sleep(random.choice((0.0, 0.0, 0.01, 0.05)))
        return token

    async def echo(self, task: Task) -> Any:
        """One piece of work."""
        return {"token": await self.work(task.key)}

    async def flaky(self, task: Task) -> Any:
        """Work that fails at first; some of it for good."""
        if task.attempt <= task.data["number"] % 3:
            raise TransientFailure("the outside is busy")
        if task.data["number"] % 7 == 0:
            raise PermanentFailure("the outside refuses")
        return await self.echo(task)

    async def steps(self, task: Task) -> Any:
        """Two durable steps."""
        return {"first": await self._step(task, "first"), "second": await self._step(task, "second")}

    async def asking(self, task: Task) -> Any:
        """Two durable steps, and a question between them."""
        first = await self._step(task, "first")
        answer = await task.ask_human("Go on?")
        self._told(task, "answer", answer)
        return {"first": first, "answer": answer, "second": await self._step(task, "second")}

    async def _step(self, task: Task, name: str) -> str:
        run = task.key.rpartition("/")[0]
        value = await task.step(name, self.work, f"{run}/{name}")
        self._told(task, name, value)
        return value

    def _told(self, task: Task, step: str, value: Any) -> None:
        self._note({"run": task.key.rpartition("/")[0], "step": step, "told": value})

    def _note(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


def prepared(data_dir: str, outside: Outside) -> ECSWorkflowEngine:
    """Return an engine that knows the workflows of this test."""
    engine = ECSWorkflowEngine(data_dir, stop_grace=1.0, segment_bytes=SEGMENT_BYTES)
    for name in ("a", "b", "c"):
        engine.register_handler(name, outside.echo)
    engine.register_handler("flaky", outside.flaky)
    engine.register_handler("steps", outside.steps)
    engine.register_handler("asking", outside.asking)
    retry = RetryPolicy(max_attempts=4, initial=0.02, max=0.1)
    approve = Phase(id="approve", assigned_to="human", prompt="Publish?")
    engine.register_workflow("chain", [Phase(id=name) for name in "abc"])
    engine.register_workflow("stepwise", [Phase(id="steps")])
    engine.register_workflow("approval", [Phase(id="a"), approve, Phase(id="b")])
    engine.register_workflow("asking", [Phase(id="asking")])
    engine.register_workflow("retried", [Phase(id="flaky", retry=retry)])
    engine.register_workflow("parked", [Phase(id="a"), Phase(id="never", assigned_to="human", prompt="Ever?")])
    return engine


async def perform(engine: ECSWorkflowEngine, request: dict[str, Any]) -> Any:
    """Do what a request asks for."""
    task = request["task"]
    match request["call"]:
        case "submit":
            return seen(await engine.submit_task(request["data"], request["workflow"], task_id=task))
        case "get":
            return seen(await engine.get_task(task))
        case "look":
            try:
                return seen(await engine.wait(task, timeout=request["patience"]))
            except TimeoutError:
                return {"explained": await engine.explain(task)}
        case "answer":
            return seen(await engine.answer(request["question"], request["value"]))
        case other:
            raise AssertionError(f"no call is named {other}")


def seen(task: Task) -> dict[str, Any]:
    """Return what the client is told of a task."""
    return {"status": task.status.value, "ended": task.status.terminal, "data": task.data, "outputs": task.outputs}


async def reply(engine: ECSWorkflowEngine, line: bytes) -> None:
    """Perform the request of a line, and reply in one write."""
    request = json.loads(line)
    try:
        found = {"id": request["id"], "value": await perform(engine, request)}
    except EngineError as error:
        found = {"id": request["id"], "error": type(error).__name__, "message": str(error)}
    write(found)


def write(found: dict[str, Any]) -> None:
    """Say something to the client."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


async def main(data_dir: str, ledger: str) -> None:
    """Serve until the input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with prepared(data_dir, Outside(ledger)) as engine, asyncio.TaskGroup() as calls:
        write({"id": 0, "value": "ready"})
        async for line in reader:
            calls.create_task(reply(engine, line))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
