"""A real process that follows a journal: nudged, killed, left alone."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.readmodel_given import Written
from workflow_engine.core.components import TaskState
from workflow_engine.readmodel import projector as projecting
from workflow_engine.readmodel.projector import Projector
from workflow_engine.readmodel.read_model import ReadModel

LONG = 30.0
"""Seconds in which a process starts and catches up on the slowest machine."""


@pytest.fixture
def projector(tmp_path: Path) -> Iterator[Projector]:
    """Give a projector, not started, that is closed at the end."""
    made = Projector(tmp_path)
    yield made
    made.close()


async def written_to(directory: Path, tasks: int = 3) -> Written:
    """Write some tasks that ended."""
    written = await Written(directory).open()
    for number in range(tasks):
        await written.task(f"t{number}", TaskState.COMPLETED)
    return written


def until(held: Callable[[], bool]) -> None:
    """Wait until something holds."""
    changed = threading.Event()
    for _ in range(3_000):
        if held():
            return
        changed.wait(0.01)
    raise AssertionError("it never came to hold")


async def test_what_is_committed_is_known_when_it_is_settled(tmp_path: Path, projector: Projector) -> None:
    written = await written_to(tmp_path)
    projector.start()
    projector.start()  # once is enough
    assert projector.settled(len(written.commits), LONG)
    model = ReadModel(tmp_path)
    for number in range(20):
        await written.task(f"more{number}", TaskState.COMPLETED)
        n = len(written.commits)
        assert projector.settled(n, LONG)
        assert projector.position >= n
        assert model.position() >= n
        assert projector.settled(1, 0.0)  # known long ago
    await written.close()


async def test_several_threads_wait_at_once(tmp_path: Path, projector: Projector) -> None:
    written = await written_to(tmp_path)
    projector.start()
    found: list[bool] = []

    def wait(n: int) -> None:
        found.append(projector.settled(n, LONG))

    waiting = [threading.Thread(target=wait, args=(n,)) for n in (1, 2, 5, 10, 20, 30)]
    for thread in waiting:
        thread.start()
    for number in range(30):
        await written.task(f"more{number}", TaskState.COMPLETED)
    for thread in waiting:
        thread.join(LONG)
    assert found == [True] * 6
    await written.close()


async def test_a_commit_that_does_not_come_is_not_waited_for_long(tmp_path: Path, projector: Projector) -> None:
    written = await written_to(tmp_path)
    assert not projector.settled(1, 0.1)  # nothing was started
    projector.start()
    assert projector.settled(len(written.commits), LONG)
    assert not projector.settled(len(written.commits) + 1, 0.3)
    await written.close()


async def test_without_being_asked_it_follows_by_itself(tmp_path: Path, projector: Projector) -> None:
    written = await written_to(tmp_path)
    projector.start()
    model = ReadModel(tmp_path)
    until(lambda: model.position() == len(written.commits))
    await written.task("later", TaskState.COMPLETED)
    until(lambda: model.position() == len(written.commits))
    await written.close()


async def test_a_process_that_is_killed_is_started_again(
    tmp_path: Path, projector: Projector, caplog: pytest.LogCaptureFixture
) -> None:
    written = await written_to(tmp_path)
    projector.start()
    assert projector.settled(len(written.commits), LONG)
    first = projector.process_id
    assert first is not None
    os.kill(first, 9)
    await written.task("later", TaskState.COMPLETED)
    assert projector.settled(len(written.commits), LONG)
    assert projector.process_id not in (None, first)
    assert gone(first)
    assert "ended with code -9, and is started again" in caplog.text
    await written.close()


async def test_a_process_that_says_why_it_ends_is_quoted(
    tmp_path: Path, projector: Projector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "PAUSE_MAX", 0.1)
    projector.start()
    until(lambda: "there is no journal in" in caplog.text)
    written = await written_to(tmp_path)  # now there is
    assert projector.settled(len(written.commits), LONG)
    await written.close()


async def test_closing_leaves_no_process_and_lets_go_who_waits(tmp_path: Path, projector: Projector) -> None:
    written = await written_to(tmp_path)
    projector.start()
    assert projector.settled(len(written.commits), LONG)
    process = projector.process_id
    assert process is not None
    found: list[bool] = []
    waiting = threading.Thread(target=lambda: found.append(projector.settled(10**9, LONG)))
    waiting.start()
    projector.close()
    waiting.join(LONG)
    assert found == [False]
    assert gone(process)
    assert projector.process_id is None
    projector.close()
    projector.start()  # it stays closed
    assert projector.process_id is None
    await written.close()


def gone(process: int) -> bool:
    """Whether there is no such process, not even one that nobody has waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def following(directory: Path) -> "subprocess.Popen[bytes]":
    """Start a process that follows."""
    command = [sys.executable, "-m", "workflow_engine.readmodel", str(directory), "--follow"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def test_a_line_is_answered_with_the_commit_that_was_reached(tmp_path: Path) -> None:
    written = await written_to(tmp_path)
    with following(tmp_path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for lines in (1, 2, 3):
            process.stdin.write(b"now\n" * lines)
            process.stdin.flush()
            answers = [int(process.stdout.readline()) for _ in range(lines)]
            assert answers == [len(written.commits)] * lines
            await written.task(f"more{lines}", TaskState.COMPLETED)
        process.stdin.close()
        assert process.wait(LONG) == 0
        assert process.stdout.read() == b""
    await written.close()


PARENT = """
import sys
from pathlib import Path
from workflow_engine.readmodel.projector import Projector

projector = Projector(Path(sys.argv[1]))
projector.start()
projector.settled(1, 30.0)
print(projector.process_id, flush=True)
sys.stdin.read()
"""


async def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    written = await written_to(tmp_path)
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.kill()
    until(lambda: not _runs(child))
    await written.close()


def _runs(process: int) -> bool:
    """Whether a process that is not ours to wait for runs."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def test_an_idle_process_does_not_spin(tmp_path: Path) -> None:
    written = await written_to(tmp_path)
    with following(tmp_path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        before = _seconds(process.pid)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2.5)
        assert _seconds(process.pid) - before <= 0.5
        process.stdin.close()
    await written.close()


def _seconds(process: int) -> float:
    """Return the processor time of a process, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
