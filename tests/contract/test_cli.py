"""The command line as its users have it: processes, pipes, terminals and exit codes, with an engine or without."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from workflow_engine.control.client import ControlClient, find_engine
from workflow_engine.errors import UnknownTask

T = TypeVar("T")

ENGINE = Path(__file__).with_name("engine_process.py")
WITHIN = 20.0
"""Seconds that anything here may take."""


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int


def cli(data_dir: Path, *words: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> Said:
    """Run a command whose input and output are pipes."""
    done = subprocess.run(
        [sys.executable, "-m", "workflow_engine", *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
        env={**os.environ, "WORKFLOW_ENGINE_DATA_DIR": str(data_dir), **(environment or {})},
        cwd=data_dir.parent,
    )
    return Said(done.stdout, done.stderr, done.returncode)


def cli_json(data_dir: Path, *words: str) -> Any:
    """Run a command that must succeed, and return the JSON it prints."""
    said = cli(data_dir, *words, "--json")
    assert (said.err, said.code) == ("", 0)
    return json.loads(said.out)


def terminal(data_dir: Path, *words: str, typed: str = "") -> tuple[str, int]:
    """Run a command on a terminal of 100 columns where *typed* is typed; return what is seen, and the exit code."""
    leader, follower = pty.openpty()
    environment = {
        **os.environ,
        "WORKFLOW_ENGINE_DATA_DIR": str(data_dir),
        "TERM": "xterm-256color",
        "COLUMNS": "100",
    }
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "workflow_engine", *words],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
        start_new_session=True,
    )
    os.close(follower)
    os.write(leader, typed.encode())
    seen = b""
    deadline = time.monotonic() + WITHIN
    with contextlib.closing(os.fdopen(leader, "rb", buffering=0)) as screen:
        while time.monotonic() < deadline:
            select.select([screen], [], [], 1.0)
            try:
                seen += os.read(screen.fileno(), 65536)
            except OSError:  # how Linux says that the other side was closed
                break
    return seen.decode(), process.wait(WITHIN)


def submitted(data_dir: Path, workflow: str, data: Any = None, *, ended: bool = False, **more: Any) -> str:
    """Submit a task to the engine on *data_dir*, and return its id once it has *ended*, or waits for a person."""
    with until(lambda: find_engine(data_dir)) as engine:
        task: str = engine.call("submit_task", data=data, workflow_name=workflow, **more)["id"]
        if ended:
            engine.call("wait", task=task, timeout=WITHIN)
        else:
            until(lambda: engine.call("get_task", task=task)["status"] == "waiting_human")
    return task


def plain(seen: str) -> str:
    """Return what is seen without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen).replace("\r\n", "\n")


def until(look: Callable[[], T | None]) -> T:
    """Return what *look* gives as soon as that is something."""
    deadline = time.monotonic() + WITHIN
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def _exists(engine: ControlClient, task: str) -> bool:
    try:
        return bool(engine.call("get_task", task=task)["status"] == "waiting_human")
    except UnknownTask:
        return False


def waits(data_dir: Path, task: str) -> None:
    """Return once *task* waits for a person."""
    engine = until(lambda: find_engine(data_dir))
    with engine:
        until(lambda: engine.call("get_task", task=task)["status"] == "waiting_human")


@contextlib.contextmanager
def engine_on(data_dir: Path) -> Generator["subprocess.Popen[bytes]", None, None]:
    """Run an engine in a process of its own, and stop it in the end."""
    with subprocess.Popen([sys.executable, str(ENGINE), str(data_dir)]) as process:
        try:
            until(lambda: find_engine(data_dir)).close()
            yield process
        finally:
            process.terminate()
            process.wait(WITHIN)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path, None, None]:
    """A data directory on which an engine runs."""
    data_dir = tmp_path_factory.mktemp("served") / "data"
    with engine_on(data_dir):
        yield data_dir


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory that nobody has used."""
    return tmp_path / "data"


def test_a_task_is_submitted_shown_explained_answered_and_listed(served: Path) -> None:
    task = cli(served, "submit", "--workflow", "review", "topic=tides", "--label", "team=sea").out.strip()
    waits(served, task)
    why = cli(served, "why", task).out
    assert "waits in phase 'approve'" in why
    assert "for ann to answer 'Publish it?'" in why
    (question,) = (row for row in cli_json(served, "inbox")["questions"] if row["task"] == task)
    assert cli(served, "answer", question["id"], "decision=approve", "--by", "ann") == (f"{task}\tcompleted\n", "", 0)
    shown = cli_json(served, "show", task)
    assert shown["status"] == "completed"
    assert shown["data"] == {"topic": "tides"}
    assert shown["phases"]["approve"]["output"] == {"decision": "approve"}
    assert shown["answers"][question["id"]]["by"] == "ann"
    listed = cli_json(served, "tasks", "--label", "team=sea")
    assert [row["id"] for row in listed["tasks"]] == [task]


def test_what_was_waited_for_decides_the_exit_code(served: Path) -> None:
    assert cli(served, "submit", "--workflow", "echo", "--wait", "--id", "good", "[1]") == ("good\tcompleted\n", "", 0)
    said = cli(served, "submit", "--workflow", "fussy", "--wait", "--id", "bad", "[1]")
    assert (said.out, said.code) == ("bad\tfailed\n", 1)
    assert said.err == "task bad failed in phase fussy: PermanentFailure: will not do [1]\n"


def test_a_failed_task_is_retried_and_fails_again(served: Path) -> None:
    submitted(served, "fussy", task_id="again", ended=True)
    said = cli(served, "retry", "again")
    assert said.code == 0
    until(lambda: cli_json(served, "show", "again")["phases"]["fussy"]["visits"] == 2)
    assert cli(served, "retry", "again", "--phase", "nothing").err.startswith(
        "error: task again has no phase 'nothing'"
    )


def test_wrong_input_is_one_sentence_and_exit_code_2(served: Path) -> None:
    for words, sentence in (
        (("show", "t9"), "error: there is no task t9; `workflow-engine tasks` lists what exists\n"),
        (("cancel", "t9"), "error: there is no task t9; `workflow-engine tasks` lists what exists\n"),
        (("submit", "{"), "error: the data is not JSON: "),
    ):
        said = cli(served, *words)
        assert (said.out, said.code) == ("", 2)
        assert said.err.startswith(sentence)
        assert said.err.count("\n") == 1


def test_an_answer_that_does_not_fit_is_refused_with_the_place(served: Path) -> None:
    task = submitted(served, "review")
    said = cli(served, "answer", task, "decision=perhaps")
    assert said.code == 2
    assert "decision: 'perhaps' is not one of ['approve', 'reject']" in said.err
    assert cli(served, "answer", task).err.endswith("only on a terminal you are asked for it\n")
    assert cli(served, "cancel", task, "--reason", "no longer").out == f"{task}\tcancelled\n"
    assert "was cancelled" in cli(served, "why", task).out
    assert cli(served, "answer", task, "decision=approve").code == 2


def test_a_terminal_asks_field_by_field(served: Path) -> None:
    task = submitted(served, "review")
    seen, code = terminal(served, "answer", task, typed="perhaps\napprove\nmany\n5\n")
    assert "Publish it?" in seen
    assert "choose one of approve, reject" in seen
    assert "'many' is no integer" in seen
    assert f"Task {task} (review) is completed." in plain(seen)
    assert code == 0
    assert cli_json(served, "show", task)["phases"]["approve"]["output"] == {"decision": "approve", "stars": 5}


def test_a_repair_is_asked_for_at_a_terminal(data_dir: Path) -> None:
    cli(data_dir, "submit", "-c", "nobody", "--id", "t1")
    (segment,) = (data_dir / "journal").glob("journal-*.jsonl")
    sound = segment.read_bytes()
    segment.write_bytes(sound.replace(b'"t1"', b'"tX"', 1))
    seen, code = terminal(data_dir, "repair", typed="n\n")
    assert "the line is not what was written" in plain(seen)
    assert "error: the journal was left as it is" in seen
    assert code == 2


def test_a_terminal_has_colours_and_a_pipe_has_tabs(served: Path) -> None:
    submitted(served, "echo", task_id="colour", labels={"show": "colours"}, ended=True)
    seen, code = terminal(served, "tasks", "--label", "show=colours")
    assert code == 0
    assert "\x1b[32mcompleted" in seen
    assert "\t" not in seen
    lines = cli(served, "tasks", "--label", "show=colours").out.splitlines()
    assert lines[0].startswith("TASK\tSTATUS\tWORKFLOW\t")
    assert lines[1].startswith("colour\tcompleted\techo\t")
    assert "\x1b" not in "".join(lines)


def test_nothing_is_cut_off_in_a_pipe(served: Path) -> None:
    long = "x" * 1000
    submitted(served, "echo", long, task_id="long", ended=True)
    assert long in cli(served, "show", "long").out
    seen, _ = terminal(served, "show", "long")
    assert plain(seen).count("x") >= 2000


def test_a_task_cannot_command_a_terminal(served: Path) -> None:
    submitted(served, "echo", task_id="evil", labels={"x": "\x1b]0;owned\x07"}, ended=True)
    seen, _ = terminal(served, "show", "evil")
    assert "\x1b]0;" not in seen
    assert "\\x1b]0;owned\\x07" in seen
    assert "\x1b" not in cli(served, "show", "evil").out


def test_events_are_printed_and_followed(served: Path) -> None:
    submitted(served, "echo", task_id="told", ended=True)
    names = [json.loads(line)["event"] for line in cli(served, "events", "told", "--json").out.splitlines()]
    assert names == ["TaskSubmitted", "PhaseStarted", "PhaseCompleted", "TaskCompleted"]
    environment = {**os.environ, "WORKFLOW_ENGINE_DATA_DIR": str(served)}
    with subprocess.Popen(
        [sys.executable, "-m", "workflow_engine", "events", "later", "--follow", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as follower:
        assert follower.stdout is not None
        submitted(served, "echo", task_id="later", ended=True)
        followed = [json.loads(follower.stdout.readline())["event"] for _ in range(4)]
        follower.send_signal(signal.SIGINT)
        assert follower.wait(WITHIN) == 130
        assert follower.stderr is not None
        assert b"Traceback" not in follower.stderr.read()
    assert followed == names


def test_a_reader_that_has_enough_is_no_error(served: Path) -> None:
    line = f"{sys.executable} -m workflow_engine events | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
        env={**os.environ, "WORKFLOW_ENGINE_DATA_DIR": str(served)},
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_without_an_engine_the_command_does_it(data_dir: Path) -> None:
    assert cli(data_dir, "submit", "-c", "nobody", "--id", "t1", "a=1") == ("t1\n", "", 0)
    assert "waits for an engine to run" in cli(data_dir, "why", "t1").out
    assert [row["id"] for row in cli_json(data_dir, "tasks")["tasks"]] == ["t1"]
    assert cli(data_dir, "cancel", "t1").out == "t1\tcancelled\n"


def test_a_workflow_that_the_journal_knows_needs_no_engine(data_dir: Path) -> None:
    with engine_on(data_dir):
        submitted(data_dir, "review")
    assert cli(data_dir, "submit", "--workflow", "review", "--id", "t2").out == "t2\n"
    with engine_on(data_dir):
        waits(data_dir, "t2")
    assert cli(data_dir, "answer", "t2", "decision=reject").out.startswith("t2\t")


def test_waiting_needs_an_engine_and_nothing_is_submitted_without(data_dir: Path) -> None:
    said = cli(data_dir, "submit", "-c", "nobody", "--wait")
    assert said.code == 2
    assert said.err.startswith(f"error: no engine runs on {data_dir} to carry the task out")
    assert not data_dir.exists()


def test_commands_at_the_same_time_wait_for_each_other(data_dir: Path) -> None:
    environment = {**os.environ, "WORKFLOW_ENGINE_DATA_DIR": str(data_dir)}
    words = [sys.executable, "-m", "workflow_engine", "submit", "-c", "nobody", "--id"]
    processes = [subprocess.Popen([*words, f"t{n}"], stdout=subprocess.DEVNULL, env=environment) for n in range(4)]
    assert [process.wait(WITHIN) for process in processes] == [0, 0, 0, 0]
    assert len(cli_json(data_dir, "tasks")["tasks"]) == 4


def test_ctrl_c_while_waiting_ends_with_130_and_leaves_the_task(served: Path) -> None:
    environment = {**os.environ, "WORKFLOW_ENGINE_DATA_DIR": str(served)}
    words = [sys.executable, "-m", "workflow_engine", "submit", "--workflow", "review", "--id", "left", "--wait"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, env=environment) as process:
        with until(lambda: find_engine(served)) as engine:
            until(lambda: _exists(engine, "left"))
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 130
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    assert cli_json(served, "show", "left")["status"] == "waiting_human"


def test_help_needs_neither_engine_nor_tables() -> None:
    program = (
        "import sys; from workflow_engine.cli.main import main; main(['--help']); "
        "print(sorted({'asyncio', 'esper', 'msgspec', 'pydantic', 'rich', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=WITHIN)
    assert done.stdout.splitlines()[-1] == "[]"
