"""Adapters that hold something: started before their first attempt, closed after their last."""

from pathlib import Path

import pytest

from workflow_engine.adapter import Output
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


class Holding:
    """Notes when it is started, used and closed."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    async def start(self) -> None:
        """Note it."""
        self.notes.append("start")

    async def close(self) -> None:
        """Note it."""
        self.notes.append("close")

    async def execute(self, task: Task, phase: Phase) -> Output:
        """Note it."""
        self.notes.append("execute")
        return Output(1)


class Broken(Holding):
    """Cannot be started."""

    async def start(self) -> None:
        """Fail."""
        raise OSError("no such device")


def register(engine: ECSWorkflowEngine, adapter: Holding) -> None:
    engine.register_adapter("holding", adapter)
    engine.register_workflow("w", [Phase(id="p", assigned_to="holding")])


async def test_an_adapter_is_started_used_and_closed_in_each_session(tmp_path: Path) -> None:
    engine, adapter = ECSWorkflowEngine(tmp_path), Holding()
    register(engine, adapter)
    task = await engine.submit_task(None, "w")
    assert adapter.notes == []
    for _ in range(2):
        async with engine:
            await engine.wait(task, 15)
    assert adapter.notes == ["start", "execute", "close", "start", "close"]


async def test_an_adapter_that_is_registered_while_the_engine_runs_is_started_first(tmp_path: Path) -> None:
    adapter = Holding()
    async with ECSWorkflowEngine(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="p", assigned_to="holding")])
        task = await engine.submit_task(None, "w")
        register(engine, adapter)
        await engine.wait(task, 15)
    assert adapter.notes == ["start", "execute", "close"]


async def test_an_adapter_that_cannot_be_started_ends_the_run_with_its_error(tmp_path: Path) -> None:
    engine = ECSWorkflowEngine(tmp_path)
    register(engine, Broken())
    task = await engine.submit_task(None, "w")
    with pytest.raises(OSError, match="no such device"):
        await engine.run()
    register(engine, Holding())
    async with engine:
        assert (await engine.wait(task, 15)).output == 1
