"""Running real programs."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.adapters.process import (
    ProcessRegistry,
    ProcessResult,
    ProcessSpec,
    allowed_environment,
    run_process,
)
from workflow_engine.adapters.process_table import status_of
from workflow_engine.errors import PermanentFailure, TransientFailure

# Prints its id, ignores SIGTERM and lives on; started in the background it keeps the pipes of its parent open.
STUBBORN = """sh -c 'trap "" TERM; echo $$; exec sleep 60'"""


def shell(script: str, **limits: Any) -> ProcessSpec:
    return ProcessSpec(argv=("sh", "-c", script), **limits)


def python(code: str, **limits: Any) -> ProcessSpec:
    return ProcessSpec(argv=(sys.executable, "-c", code), **limits)


def is_running(pid: int) -> bool:
    status = status_of(pid)
    return status is not None and not status.is_zombie


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def begun(spec: ProcessSpec, **options: Any) -> tuple[asyncio.Task[ProcessResult], int]:
    """Start *spec*, and return when it has printed the id of a process."""
    heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def on_output(_: str, piece: bytes) -> None:
        if not heard.done():
            heard.set_result(int(piece))

    running = asyncio.create_task(run_process(spec, on_output=on_output, **options))
    return running, await heard


async def test_5_megabytes_go_through_both_ways() -> None:
    content = os.urandom(5_000_000)
    result = await run_process(ProcessSpec(argv=("cat",), stdin=content))
    assert result.ok
    assert result.stdout == content


async def test_input_reaches_the_program_from_its_first_byte_on() -> None:
    assert (await run_process(ProcessSpec(argv=("cat",), stdin=b"\n\nfirst\0"))).stdout == b"\n\nfirst\0"
    assert (await run_process(ProcessSpec(argv=("cat",)))).stdout == b""


async def test_a_program_that_floods_both_pipes_is_heard_on_both() -> None:
    code = "import os\nfor _ in range(100): os.write(1, b'o' * 50_000); os.write(2, b'e' * 50_000)"
    heard = {"stdout": 0, "stderr": 0}

    def on_output(stream: str, piece: bytes) -> None:
        heard[stream] += len(piece)

    result = await run_process(python(code, log_bytes=1000), on_output=on_output)
    assert heard == {"stdout": 5_000_000, "stderr": 5_000_000}
    assert result.stdout == b"o" * 5_000_000
    assert result.stderr_log == "e" * 500 + "\n[… 4999000 bytes dropped …]\n" + "e" * 500


async def test_a_program_that_does_not_read_its_input_is_no_error() -> None:
    assert (await run_process(ProcessSpec(argv=("true",), stdin=bytes(5_000_000)))).ok


@pytest.mark.parametrize("code", [0, 1, 3, 126, 127, 255])
async def test_the_exit_code_is_told(code: int) -> None:
    result = await run_process(shell(f"echo out; echo err >&2; exit {code}"))
    assert (result.exit_code, result.signal, result.ok) == (code, None, code == 0)
    assert (result.stdout, result.stdout_log, result.stderr_log) == (b"out\n", "out\n", "err\n")
    assert result.message == f"sh exited with {code}"


async def test_the_signal_that_ended_it_is_told() -> None:
    result = await run_process(shell("kill -USR1 $$"))
    assert (result.exit_code, result.signal, result.ok) == (None, signal.SIGUSR1, False)
    assert result.message == "sh was ended by SIGUSR1"


async def test_a_kill_from_outside_is_explained() -> None:
    assert "most likely the system ran out of memory" in (await run_process(shell("kill -KILL $$"))).message


async def test_arguments_are_passed_as_they_are() -> None:
    arguments = ("", " ", "$HOME", "`id`", "a'b\"c", "*", "-e", "x\ny", "ü", ";exit 3")
    code = "import sys; sys.stdout.write('\\0'.join(sys.argv[1:]))"
    result = await run_process(ProcessSpec(argv=(sys.executable, "-c", code, *arguments)))
    assert result.stdout.decode().split("\0") == list(arguments)


async def test_a_command_in_one_string_is_refused() -> None:
    with pytest.raises(PermanentFailure, match="give a list of program and arguments"):
        ProcessSpec(argv="rm -rf /tmp/x")


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({"argv": ()}, "is empty"),
        ({"argv": ("echo", "a\0b")}, "NUL"),
        ({"argv": ("echo",), "env": {"a=b": "c"}}, "variable 'a=b'"),
        ({"argv": ("echo",), "memory_bytes": 0}, "raise memory_bytes"),
    ],
)
async def test_what_can_never_run_is_refused(fields: dict[str, Any], fact: str) -> None:
    with pytest.raises(PermanentFailure, match=fact):
        ProcessSpec(**fields)


async def test_a_program_that_cannot_start_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    (tmp_path / "orphan").write_text("#!/no/such/interpreter\n")
    (tmp_path / "orphan").chmod(0o755)
    for spec, words in (
        (ProcessSpec(argv=("no-such-program",)), r"no-such-program: there is no such program in PATH .*; install it"),
        (ProcessSpec(argv=("./absent",), cwd=tmp_path), r"\./absent: there is no such file .*; mend the path"),
        (ProcessSpec(argv=("./plain",), cwd=tmp_path), r"\./plain: the file is not executable; chmod"),
        (ProcessSpec(argv=("./orphan",), cwd=tmp_path), r"\./orphan cannot be started .*; mend the file"),
        (ProcessSpec(argv=("true",), cwd=tmp_path / "absent"), r"directory .*absent does not exist; create it"),
        (ProcessSpec(argv=("true",), cwd=tmp_path / "plain"), r"directory .*plain is not a directory"),
        (ProcessSpec(argv=("true", "x" * 5_000_000)), r"too long; pass them over stdin"),
    ):
        with pytest.raises(PermanentFailure, match=words):
            await run_process(spec)


async def test_it_runs_in_its_directory(tmp_path: Path) -> None:
    assert (await run_process(ProcessSpec(argv=("pwd",), cwd=tmp_path))).stdout.decode() == f"{tmp_path}\n"


async def test_of_our_environment_only_what_is_allowed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_SECRET", "s3cret")
    monkeypatch.setenv("TOOL_MODE", "fast")
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.delenv("PATH")
    environment = allowed_environment(["TOOL_*"], {"EXTRA": "1"})
    seen = (await run_process(ProcessSpec(argv=("env",), env=environment))).stdout.decode()
    assert "s3cret" not in seen
    assert {"TOOL_MODE=fast", "LC_TIME=C", "EXTRA=1"} <= set(seen.splitlines())
    assert "/usr/bin" in environment["PATH"]


def test_neither_input_nor_variables_are_shown() -> None:
    assert "s3cret" not in repr(ProcessSpec(argv=("true",), stdin=b"s3cret", env={"KEY": "s3cret"}))


async def test_output_beyond_the_limit_stops_the_program() -> None:
    result = await run_process(ProcessSpec(argv=("yes",), output_bytes=100_001))
    assert result.stdout == b"y\n" * 50_000 + b"y"
    assert (result.stdout_truncated, result.ok) == (True, False)
    assert "wrote more than 100001 bytes" in result.message


async def test_output_at_the_limit_is_not_too_much() -> None:
    assert (await run_process(shell("printf 12345", output_bytes=5))).ok


async def test_memory_beyond_the_limit_is_refused_and_explained() -> None:
    code = "data = bytearray(1 << 30)"
    result = await run_process(python(code, memory_bytes=256 << 20))
    assert (result.exit_code, result.ok) == (1, False)
    assert f"its memory_bytes are limited to {256 << 20}" in result.message
    assert (await run_process(python("pass", memory_bytes=256 << 20))).ok


async def test_what_the_listener_raises_stops_the_program_and_is_raised() -> None:
    def on_output(_: str, piece: bytes) -> None:
        raise LookupError(piece.decode().strip())

    with pytest.raises(LookupError, match="hello"):
        await run_process(shell("echo hello; sleep 60"), on_output=on_output)


async def test_a_timeout_ends_the_whole_tree_even_what_ignores_sigterm() -> None:
    result = await run_process(shell(f"{STUBBORN} & wait", timeout=0.2, grace=0.2))
    assert (result.timed_out, result.ok, result.signal) == (True, False, signal.SIGTERM)
    assert "was stopped after 0.2 seconds" in result.message
    assert result.duration < 2
    assert not is_running(int(result.stdout))


async def test_a_program_that_ends_on_sigterm_has_time_to_and_is_not_waited_for_longer() -> None:
    result = await run_process(shell("trap 'echo bye; exit 4' TERM; sleep 60 & wait", timeout=0.2, grace=30))
    assert (result.timed_out, result.exit_code, result.stdout) == (True, 4, b"bye\n")
    assert result.duration < 5


async def test_a_cancellation_ends_the_whole_tree_before_it_is_raised() -> None:
    running, pid = await begun(shell(f"{STUBBORN} & wait", grace=0.1))
    assert is_running(pid)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not is_running(pid)


async def test_a_second_cancellation_does_not_wait_for_the_grace() -> None:
    running, pid = await begun(shell(f"{STUBBORN} & wait", grace=60))
    for _ in range(2):
        running.cancel()
        await asyncio.sleep(0.05)
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not is_running(pid))


async def test_what_a_program_leaves_running_is_ended_with_it() -> None:
    result = await run_process(shell(f"{STUBBORN} & read line", stdin=b""))
    assert result.duration < 2
    assert not is_running(int(result.stdout or 0))


async def test_a_process_that_left_the_group_with_the_pipes_is_not_waited_for() -> None:
    code = "import os, subprocess; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid)"
    result = await run_process(python(code))
    assert result.ok
    assert result.duration < 2
    os.kill(int(result.stdout), signal.SIGKILL)


async def test_many_run_at_once() -> None:
    results = await asyncio.gather(*(run_process(shell(f"echo {number}")) for number in range(50)))
    assert [int(result.stdout) for result in results] == list(range(50))


async def test_no_descriptor_and_no_task_is_left() -> None:
    await run_process(shell("true"))
    before = set(os.listdir("/dev/fd"))
    await run_process(shell("echo x; exec sleep 60", timeout=0.05))
    assert set(os.listdir("/dev/fd")) == before
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_signals_have_their_usual_meaning_for_the_program() -> None:
    # Python ignores SIGPIPE, and what is ignored stays ignored across exec: `yes` would complain about its broken pipe.
    assert (await run_process(shell("yes | head -1"))).stderr_log == ""


async def test_where_the_system_has_no_descriptors_of_processes_it_works_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(pid: int, flags: int = 0) -> int:
        raise OSError(pid, flags)

    monkeypatch.setattr(os, "pidfd_open", absent, raising=False)
    assert (await run_process(shell("cat; exit 3", stdin=b"x"))).exit_code == 3
    result = await run_process(shell(f"{STUBBORN} & wait", timeout=0.1, grace=0.1))
    assert not is_running(int(result.stdout))


async def test_a_registry_that_cannot_write_keeps_the_program_from_running(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "registry")
    (tmp_path / "registry").rmdir()
    started = time.monotonic()
    with pytest.raises(TransientFailure, match="sh was not started: it cannot be registered"):
        await run_process(shell(f"touch {tmp_path}/ran"), registry=registry)
    assert not (tmp_path / "ran").exists()
    assert time.monotonic() - started < 2


async def test_a_child_is_registered_for_as_long_as_it_runs(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path)
    running, pid = await begun(shell("echo $$; exec sleep 60"), registry=registry, owner="t1/lint/1/1")
    [path] = tmp_path.iterdir()
    assert path.name == f"{pid}.json"
    assert "t1/lint/1/1" in path.read_text()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert list(tmp_path.iterdir()) == []


async def test_a_sweep_leaves_the_children_of_a_living_engine_alone(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path)
    running, pid = await begun(shell("echo $$; exec sleep 60"), registry=registry)
    assert await registry.sweep_orphans() == ()
    assert is_running(pid)
    running.cancel()
    await asyncio.wait([running])
