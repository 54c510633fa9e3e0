"""Artifacts that a task has from the first."""

from pathlib import Path

from tests.contract.engine_helpers import done, engine_on
from workflow_engine.artifacts.port import Content
from workflow_engine.ecs_workflow import Task


async def test_the_first_phase_finds_the_files_that_were_submitted(tmp_path: Path) -> None:
    async def read(task: Task) -> dict[str, str]:
        return {name: (await task.read_artifact(name)).decode() for name in sorted(task.artifacts)}

    async with engine_on(tmp_path) as engine:
        engine.register_handler("read", read)
        files: dict[str, Content] = {"a.txt": b"first", "notes/b.md": "# second"}
        task = await engine.submit_task({}, classification="read", artifacts=files)
        assert (await done(engine, task)).output == {"a.txt": "first", "notes/b.md": "# second"}
