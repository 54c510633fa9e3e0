"""Finding and ending what an engine that was killed left running."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workflow_engine.adapters.process_registry import ProcessRegistry
from workflow_engine.adapters.process_table import status_of

ENGINE = """
import asyncio, os, signal, sys
from pathlib import Path
from workflow_engine.adapters.process import ProcessRegistry, ProcessSpec, run_process

class Registry(ProcessRegistry):
    def add(self, pid, argv, owner):
        super().add(pid, argv, owner)
        if sys.argv[3] == "dies before the program starts":
            os.kill(os.getpid(), signal.SIGKILL)

def on_output(stream, piece):
    os.write(1, piece)

spec, registry = ProcessSpec(argv=("sh", "-c", sys.argv[2])), Registry(Path(sys.argv[1]))
asyncio.run(run_process(spec, registry=registry, owner="t1/lint/1/1", on_output=on_output))
"""

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def is_running(pid: int) -> bool:
    status = status_of(pid)
    return status is not None and not status.is_zombie


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


def left_by_a_killed_engine(directory: Path, script: str) -> list[int]:
    """Have a real engine run *script*, kill it once the script prints a line of process ids, and return those."""
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, directory, script, ""], stdout=subprocess.PIPE)
    with engine:
        assert engine.stdout is not None
        line = engine.stdout.readline()
        os.kill(engine.pid, signal.SIGKILL)
    return [int(pid) for pid in line.split()]


@pytest.fixture
def stranger() -> Iterator[int]:
    """The id of a process that leads a group and is none of ours."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process.pid
        process.kill()


def register(registry: ProcessRegistry, directory: Path, pid: int, **changes: object) -> None:
    """Register *pid* as the child of an engine that is dead, with some fields changed."""
    registry.add(pid, ("sleep",), "t1")
    path = directory / f"{pid}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "engine_started": 0, **changes}))


@needs_proc
async def test_what_a_killed_engine_left_is_found_and_ended(tmp_path: Path) -> None:
    pids = left_by_a_killed_engine(tmp_path, "sleep 60 & echo $$ $!; wait")
    assert [is_running(pid) for pid in pids] == [True, True]
    [orphan] = await ProcessRegistry(tmp_path).sweep_orphans()
    assert (orphan.pid, orphan.owner, orphan.argv[0]) == (pids[0], "t1/lint/1/1", "sh")
    assert [is_running(pid) for pid in pids] == [False, False]
    assert list(tmp_path.iterdir()) == []


@needs_proc
async def test_an_orphan_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    [pid] = left_by_a_killed_engine(tmp_path, "trap '' TERM; echo $$; exec sleep 60")
    assert len(await ProcessRegistry(tmp_path).sweep_orphans(grace=0.1)) == 1
    assert not is_running(pid)


@needs_proc
async def test_a_group_whose_leader_is_gone_is_still_found(tmp_path: Path) -> None:
    leader, member = left_by_a_killed_engine(tmp_path, "sleep 60 & echo $$ $!; wait")
    os.kill(leader, signal.SIGKILL)
    await until(lambda: not is_running(leader))
    await ProcessRegistry(tmp_path).sweep_orphans()
    assert not is_running(member)


async def test_an_engine_that_dies_before_the_program_starts_leaves_nothing_running(tmp_path: Path) -> None:
    registry, trace = tmp_path / "registry", tmp_path / "ran"
    script = f"touch {trace}; exec sleep 60"
    died = subprocess.run(
        [sys.executable, "-c", ENGINE, registry, script, "dies before the program starts"], check=False
    )
    assert died.returncode == -signal.SIGKILL
    [path] = registry.iterdir()
    await until(lambda: not is_running(int(path.stem)))
    assert not trace.exists()
    assert await ProcessRegistry(registry).sweep_orphans() == ()
    assert list(registry.iterdir()) == []


@needs_proc
@pytest.mark.parametrize("changes", [{"started": 1}, {"boot": "another"}], ids=["pid used again", "before the boot"])
async def test_a_process_that_only_has_the_id_of_a_child_is_left_alone(
    tmp_path: Path, stranger: int, changes: dict[str, object]
) -> None:
    registry = ProcessRegistry(tmp_path)
    register(registry, tmp_path, stranger, **changes)
    assert await registry.sweep_orphans() == ()
    assert is_running(stranger)
    assert list(tmp_path.iterdir()) == []


async def test_without_a_process_table_nothing_is_ended_and_a_warning_names_it(
    tmp_path: Path, stranger: int, caplog: pytest.LogCaptureFixture
) -> None:
    registry = ProcessRegistry(tmp_path / "registry", proc=tmp_path / "absent")
    register(registry, tmp_path / "registry", stranger)
    assert await registry.sweep_orphans() == ()
    os.kill(stranger, 0)
    assert f"process {stranger} (sleep) may have been left running" in caplog.text


@pytest.mark.parametrize("content", ["", '{"pid": 12', "[]", "{}"])
async def test_a_file_that_an_engine_died_over_is_removed(tmp_path: Path, content: str) -> None:
    (tmp_path / "12.json").write_text(content)
    assert await ProcessRegistry(tmp_path).sweep_orphans() == ()
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_names_our_own_group_ends_nobody(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path)
    for pid in (0, 1, os.getpgrp()):
        register(registry, tmp_path, pid)
    assert await registry.sweep_orphans() == ()


def test_the_files_are_private(tmp_path: Path) -> None:
    ProcessRegistry(tmp_path / "registry").add(os.getpid(), ("tool", "--password", "x"), "t1")
    [path] = (tmp_path / "registry").iterdir()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
