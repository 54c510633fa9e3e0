"""Programs whose engine is killed, and programs that are watched while they run."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from workflow_engine.adapters.process_table import status_of
from workflow_engine.adapters.program_log import log_path, read_log
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, TaskState

ENGINE = """
import asyncio, sys
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase

async def main():
    async with ECSWorkflowEngine(sys.argv[1]) as engine:
        program = ("sh", "-c", sys.argv[2])
        engine.register_workflow("w", [Phase(id="before", command=("true",)), Phase(id="p", command=program)])
        task = await engine.submit_task(None, "w", task_id="t1")
        await engine.wait(task)

asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    status = status_of(pid)
    return status is not None and not status.is_zombie


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
async def test_a_program_whose_engine_was_killed_is_ended_and_run_again_with_the_same_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trace, log = tmp_path / "trace", log_path(tmp_path, "t1", "p", 1, 1)
    script = f"""echo "$WORKFLOW_KEY" >> {trace}; [ $(wc -l < {trace}) = 1 ] || exec echo second
sleep 60 & touch outputs/half; echo $$ $!; wait"""
    with subprocess.Popen([sys.executable, "-c", ENGINE, tmp_path, script]) as killed:
        await until(lambda: len(read_log(log).text.split()) == 2)
        os.kill(killed.pid, signal.SIGKILL)
    pids = [int(word) for word in read_log(log).text.split()]
    assert [is_running(pid) for pid in pids] == [True, True]
    assert len(list((tmp_path / "work").iterdir())) == 1
    async with ECSWorkflowEngine(tmp_path) as engine:
        task = await engine.wait("t1", 15)
    assert [is_running(pid) for pid in pids] == [False, False]
    assert f"ended process {pids[0]} (t1/p/1/1)" in caplog.text
    assert (task.status, task.output, task.artifacts) == (TaskState.COMPLETED, "second", {})
    assert trace.read_text().split() == ["t1/p/1/1"] * 2
    assert list((tmp_path / "processes").iterdir()) == []
    assert not (tmp_path / "work").exists() or list((tmp_path / "work").iterdir()) == []
    assert read_log(log).text == "second\n"


async def test_a_log_can_be_read_while_the_program_runs(tmp_path: Path) -> None:
    script = f"echo out; echo err >&2; until [ -e {tmp_path}/go ]; do sleep 0.01; done; echo more"
    log = log_path(tmp_path, "t1", "p", 1, 1)
    async with ECSWorkflowEngine(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="p", command=("sh", "-c", script))])
        task = await engine.submit_task(None, "w", task_id="t1")
        await until(lambda: sorted(read_log(log).text.split()) == ["err", "out"])
        position = read_log(log).position
        assert (await engine.get_task(task)).status is TaskState.IN_PROGRESS
        (tmp_path / "go").touch()
        task = await engine.wait(task, 15)
    assert task.output == "out\nmore"
    assert read_log(log, position).text == "more\n"


async def test_reading_logs_needs_the_standard_library_alone() -> None:
    code = "import sys, workflow_engine.adapters.program_log; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"msgspec", "pydantic", "asyncio", "esper"} & set(loaded)
