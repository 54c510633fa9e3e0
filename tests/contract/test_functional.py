"""Phases that are programs: real engines, real subprocesses."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.adapters.functional import FunctionalAdapter
from workflow_engine.adapters.process_table import status_of
from workflow_engine.adapters.program_log import log_path, read_log
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, RetryPolicy, Task, TaskState
from workflow_engine.handlers import Handlers

ONCE = RetryPolicy(max_attempts=1)
AT_ONCE = RetryPolicy(max_attempts=3, initial=0.01, jitter=False)

# Two generations that ignore SIGTERM; their ids are in the log.
STUBBORN = """trap "" TERM; echo $$; sh -c 'trap "" TERM; echo $$; sleep 60'; true"""


def engine_on(data_dir: Path) -> ECSWorkflowEngine:
    engine = ECSWorkflowEngine(data_dir, stop_grace=0.1)
    engine.register_adapter("functional", FunctionalAdapter(Handlers(), engine.artifacts, data_dir, grace=0.3))
    return engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[ECSWorkflowEngine]:
    async with engine_on(tmp_path) as engine:
        yield engine


def shell(script: str, phase: str = "p", **options: Any) -> Phase:
    return Phase.model_validate({"id": phase, "command": ("sh", "-c", script), "retry": ONCE, **options})


def python(code: str, phase: str = "p", **options: Any) -> Phase:
    return Phase.model_validate({"id": phase, "command": ("{python}", "-c", code), "retry": ONCE, **options})


async def begun(engine: ECSWorkflowEngine, *phases: Phase, data: Any = None, **options: Any) -> Task:
    """Submit a task that goes through *phases*."""
    engine.register_workflow("w", phases)
    return await engine.submit_task(data, "w", **options)


async def ended(engine: ECSWorkflowEngine, *phases: Phase, data: Any = None, **options: Any) -> Task:
    """Return a task that went through *phases*."""
    return await engine.wait(await begun(engine, *phases, data=data, **options), 15)


async def failure(engine: ECSWorkflowEngine, *phases: Phase) -> tuple[str, str, int]:
    """Return error, message and attempts of a task that fails in *phases*."""
    found = (await ended(engine, *phases)).failure
    assert found is not None
    return found.error, found.message, found.attempts


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def is_running(pid: int) -> bool:
    status = status_of(pid)
    return status is not None and not status.is_zombie


async def pids_in(path: Path, count: int) -> list[int]:
    """Return the ids that a program writes to its log, as soon as there are *count*."""
    await until(lambda: len(read_log(path).text.split()) == count)
    return [int(word) for word in read_log(path).text.split()]


def working_directories(data_dir: Path) -> list[Path]:
    return list((data_dir / "work").iterdir()) if (data_dir / "work").exists() else []


# ------------------------------------------------------------ what goes in and comes out


async def test_a_program_reads_the_task_as_json(engine: ECSWorkflowEngine) -> None:
    task = await ended(
        engine, shell("echo 7", "first"), shell("cat", "show"), data={"n": [1, "é"]}, task_id="t1", labels={"a": "b"}
    )
    assert task.outputs["show"] == {
        "task": {
            "id": "t1",
            "workflow": "w",
            "phase": "show",
            "classification": "show",
            "attempt": 1,
            "key": "t1/show/1/1",
            "labels": {"a": "b"},
        },
        "data": {"n": [1, "é"]},
        "input": None,
        "item": None,
        "index": None,
        "feedback": [],
        "context": {},
        "outputs": {"first": 7},
        "artifacts": {},
    }


@pytest.mark.parametrize(
    ("written", "output"),
    [
        ('{"a": [1, 2.5, null]}\n', {"a": [1, 2.5, None]}),
        ("17", 17),
        ("done\n", "done"),
        ("two\nlines\n\n", "two\nlines\n"),
        ("", None),
        (" \n", None),
        ("null", None),
        ("NaN", "NaN"),
        ("[" * 5_000, "[" * 5_000),
        ('{"a": 1} {"b": 2}', '{"a": 1} {"b": 2}'),
    ],
)
async def test_what_a_program_prints_is_its_output(engine: ECSWorkflowEngine, written: str, output: Any) -> None:
    task = await ended(engine, python(f"print({written!r}, end='')"))
    assert (task.status, task.outputs) == (TaskState.COMPLETED, {"p": output})


async def test_a_program_picks_what_follows(engine: ECSWorkflowEngine) -> None:
    choose = shell("""echo '{"next_classification": "right"}'""", "choose", next_classifications=("left", "right"))
    task = await ended(
        engine, choose, shell("", "left", next_classifications=()), shell("", "right", next_classifications=())
    )
    assert sorted(task.outputs) == ["choose", "right"]


async def test_python_means_the_running_interpreter(engine: ECSWorkflowEngine) -> None:
    task = await ended(engine, python("import sys; print(sys.executable, *sys.argv[1:])"))
    assert task.output == sys.executable


async def test_artifacts_go_in_and_out_of_several_phases(tmp_path: Path) -> None:
    count = """import json, os, pathlib, sys
text = pathlib.Path(json.load(sys.stdin)["artifacts"]["notes/a.txt"]).read_text()
os.makedirs("outputs/deep/er")
pathlib.Path("outputs/deep/er/count.txt").write_text(str(len(text.split())))
pathlib.Path("outputs/é.bin").write_bytes(bytes(1000))"""
    engine = engine_on(tmp_path)
    engine.register_workflow("w", [python(count, "count"), shell("cat inputs/deep/er/count.txt", "read")])
    task = await engine.submit_task(None, "w")
    await engine.add_artifact(task, "notes/a.txt", "one two three")
    async with engine:
        task = await engine.wait(task, 15)
        assert await engine.read_artifact(task, "deep/er/count.txt") == b"3"
    assert task.output == 3
    assert {name: (ref["size"], ref["phase"]) for name, ref in task.artifacts.items()} == {
        "notes/a.txt": (13, None),
        "deep/er/count.txt": (1, "count"),
        "é.bin": (1000, "count"),
    }


async def test_a_program_works_in_a_private_folder_that_is_removed(engine: ECSWorkflowEngine, tmp_path: Path) -> None:
    look = """import json, os
print(json.dumps([os.getcwd(), oct(os.stat(".").st_mode & 0o777), sorted(os.listdir()), os.listdir("outputs")]))
os.makedirs("a/b"); open("a/b/c", "w"); os.chmod("a/b", 0); os.chmod("a", 0)"""
    cwd, mode, entries, outputs = (await ended(engine, python(look))).output
    assert (Path(cwd).parent, mode, entries, outputs) == (tmp_path / "work", "0o700", ["inputs", "outputs"], [])
    assert working_directories(tmp_path) == []


async def test_mounted_artifacts_are_copies_that_cannot_be_written(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    spoil = "stat -c %a inputs/a.txt; chmod 600 inputs/a.txt; echo spoilt > inputs/a.txt"
    engine.register_workflow("w", [shell(spoil, "spoil"), shell("cat inputs/a.txt", "read")])
    task = await engine.submit_task(None, "w")
    await engine.add_artifact(task, "a.txt", "whole")
    async with engine:
        task = await engine.wait(task, 15)
    assert task.outputs == {"spoil": 444, "read": "whole"}


async def test_only_what_is_allowed_of_the_environment_is_seen(
    engine: ECSWorkflowEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s")
    monkeypatch.setenv("SHOWN_A", "a")
    phase = python("import json, os; print(json.dumps(dict(os.environ)))", environment=("SHOWN_*",))
    seen = (await ended(engine, phase, task_id="t1")).output
    assert "SECRET_TOKEN" not in seen
    assert {name: seen[name] for name in seen if name.startswith(("SHOWN", "WORKFLOW"))} == {
        "SHOWN_A": "a",
        "WORKFLOW_TASK": "t1",
        "WORKFLOW_PHASE": "p",
        "WORKFLOW_KEY": "t1/p/1/1",
    }


# ------------------------------------------------------------ what fails


@pytest.mark.parametrize("code", [1, 75, 255])
async def test_a_program_that_fails_is_tried_again(engine: ECSWorkflowEngine, tmp_path: Path, code: int) -> None:
    script = f'echo "$WORKFLOW_KEY" >> {tmp_path}/trace; echo "no luck" >&2; touch outputs/x; exit {code}'
    error, message, attempts = await failure(engine, shell(script, retry=AT_ONCE))
    assert (error, message, attempts) == ("TransientFailure", f"sh exited with {code}: no luck", 3)
    keys = (tmp_path / "trace").read_text().split()
    assert [key.partition("/")[2] for key in keys] == ["p/1/1", "p/1/2", "p/1/3"]


async def test_an_attempt_that_succeeds_after_others_failed_is_what_counts(engine: ECSWorkflowEngine) -> None:
    script = 'case $WORKFLOW_KEY in */3) echo third;; *) touch "outputs/$$"; exit 1;; esac'
    task = await ended(engine, shell(script, retry=AT_ONCE))
    assert (task.output, task.artifacts) == ("third", {})


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase(id="p", command=("no-such-program",)), "no-such-program: there is no such program in PATH"),
        (Phase(id="p", command=("./gone",)), "./gone: there is no such file"),
        (python(r"import os; os.write(1, b'ok \xff')"), "not UTF-8, at byte 3"),
        (shell("yes"), "more than 4,194,304 bytes to stdout; have it write files to outputs/"),
        (shell("ln -s /etc/passwd outputs/x"), "'outputs/x' is a link and cannot be an artifact"),
        (shell("ln -s / outputs/x"), "'outputs/x' is a link"),
        (shell("rmdir outputs; ln -s /etc outputs"), "replaced outputs/ by a link"),
        (shell("mkdir outputs/d; mkfifo outputs/d/x"), "'outputs/d/x' is neither a file nor a folder"),
        (python(r"open('outputs/a\\b', 'w')"), "holds a backslash"),
        (python(r"open('outputs/a\nb', 'w')"), "holds a control character"),
        (python(r"open(b'outputs/\xff', 'w')"), "half of a surrogate pair"),
        (python(r"[open(f'outputs/{name}', 'w') for name in ('\u00e9', 'e\u0301')]"), "NFC form; rename one"),
        (python("[open(f'outputs/{n}', 'w').close() for n in range(10_001)]"), "more than 10,000 files"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_can_never_work_fails_at_once(engine: ECSWorkflowEngine, phase: Phase, words: str) -> None:
    phase = phase.model_copy(update={"retry": AT_ONCE})
    _, message, attempts = await failure(engine, phase)
    assert words in message
    assert attempts == 1
    assert working_directories(engine.data_dir) == []


async def test_a_program_that_takes_too_much_memory_is_told_by_the_message(engine: ECSWorkflowEngine) -> None:
    _, message, _ = await failure(engine, python("bytearray(1 << 30)", memory=256 << 20))
    assert f"limited to {256 << 20}" in message
    assert "MemoryError" in message


async def test_an_artifact_whose_content_is_gone_fails_the_phase_and_names_it(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    engine.register_workflow("w", [shell("true", retry=AT_ONCE)])
    task = await engine.submit_task(None, "w")
    await engine.add_artifact(task, "a.txt", "x")
    for path in tmp_path.glob("artifacts/sha256/*/*"):
        path.unlink()
    async with engine:
        task = await engine.wait(task, 15)
    assert task.failure is not None
    assert "artifact a.txt" in task.failure.message
    assert task.failure.attempts == 1


# ------------------------------------------------------------ how it ends


async def test_on_a_timeout_the_whole_group_is_ended(engine: ECSWorkflowEngine, tmp_path: Path) -> None:
    task = await begun(engine, shell(STUBBORN, timeout=0.5))
    pids = await pids_in(log_path(tmp_path, task.id, "p", 1, 1), 2)
    task = await engine.wait(task, 5)
    assert task.status is TaskState.FAILED
    await until(lambda: not any(map(is_running, pids)))
    await until(lambda: working_directories(tmp_path) == [])


async def test_on_a_cancellation_the_whole_group_is_ended(engine: ECSWorkflowEngine, tmp_path: Path) -> None:
    task = await begun(engine, shell(STUBBORN))
    pids = await pids_in(log_path(tmp_path, task.id, "p", 1, 1), 2)
    await engine.cancel(task)
    await until(lambda: not any(map(is_running, pids)))


async def test_a_program_may_tidy_up_when_it_is_cancelled(engine: ECSWorkflowEngine, tmp_path: Path) -> None:
    task = await begun(engine, shell(f'trap "touch {tmp_path}/tidied; exit" TERM; echo $$; sleep 60 & wait'))
    await pids_in(log_path(tmp_path, task.id, "p", 1, 1), 1)
    await engine.cancel(task)
    await until((tmp_path / "tidied").exists)


async def test_an_engine_that_stops_ends_its_programs_and_they_are_run_again(tmp_path: Path) -> None:
    once = f'echo "$WORKFLOW_KEY" >> {tmp_path}/trace; echo $$; [ $(wc -l < {tmp_path}/trace) = 2 ] || sleep 60'
    async with engine_on(tmp_path) as engine:
        task = await begun(engine, shell(once))
        [pid] = await pids_in(log_path(tmp_path, task.id, "p", 1, 1), 1)
    assert not is_running(pid)
    async with engine_on(tmp_path) as engine:
        task = await engine.wait(task, 15)
    assert task.status is TaskState.COMPLETED
    assert (tmp_path / "trace").read_text().split() == [f"{task.id}/p/1/1"] * 2


async def test_an_engine_does_not_close_before_an_aborted_program_is_gone(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        task = await begun(engine, shell(STUBBORN, timeout=0.2, retry=RetryPolicy(initial=0.01)))
        pids = await pids_in(log_path(tmp_path, task.id, "p", 1, 1), 2)
        await until(log_path(tmp_path, task.id, "p", 1, 2).exists)
    assert not any(map(is_running, pids))
    assert working_directories(tmp_path) == []


async def test_an_adapter_that_is_replaced_finishes_what_it_runs(tmp_path: Path) -> None:
    wait = f"until [ -e {tmp_path}/go ]; do sleep 0.01; done; touch outputs/x; echo done"
    async with engine_on(tmp_path) as engine:
        task = await begun(engine, shell(f"echo begun; {wait}"))
        await until(lambda: read_log(log_path(tmp_path, task.id, "p", 1, 1)).text == "begun\n")
        other = FunctionalAdapter(Handlers(), engine.artifacts, tmp_path)
        engine.register_adapter("functional", other)
        await engine.wait(await begun(engine, shell("true", "other")), 15)
        (tmp_path / "go").touch()
        task = await engine.wait(task, 15)
    assert (task.status, list(task.artifacts)) == (TaskState.COMPLETED, ["x"])
