"""Every command of the command line, in this process, on data that no engine runs on."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.contract.test_cli import plain, terminal
from workflow_engine.cli import commanding
from workflow_engine.cli.main import COMMANDS, program
from workflow_engine.control.client import find_engine
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType
from workflow_engine.errors import PermanentFailure
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lock import FileLock

FORM = {"type": "object", "properties": {"decision": {"enum": ["yes", "no"]}, "why": {"type": "string"}}}


def run(*words: str, data_dir: Path | None = None, stdin: str = "") -> Result:
    """Run a command whose input and output are no terminal."""
    place = [] if data_dir is None else ["--data-dir", str(data_dir)]
    return CliRunner().invoke(program, [*place, *words], input=stdin, catch_exceptions=False)


def done(*words: str, data_dir: Path, stdin: str = "") -> str:
    """Run a command that must succeed, and return what it prints."""
    result = run(*words, data_dir=data_dir, stdin=stdin)
    assert (result.stderr, result.exit_code) == ("", 0)
    return result.stdout


def refused(*words: str, data_dir: Path, code: int = 2) -> str:
    """Run a command that must be refused, and return the sentence."""
    result = run(*words, data_dir=data_dir)
    assert (result.stdout, result.exit_code) == ("", code)
    return result.stderr


async def prepare(data_dir: Path) -> None:
    """Have an engine do a little work: one task is done, one has failed, two wait for a person, one for a handler."""

    async def echo(task: Task) -> Any:
        task.context["seen"] = True
        await task.add_artifact("note.txt", "hello")
        return {"echo": task.data}

    async def fussy(task: Task) -> Any:
        raise PermanentFailure("not\ttoday")

    engine = ECSWorkflowEngine(data_dir)
    engine.register_handler("echo", echo)
    engine.register_handler("fussy", fussy)
    engine.register_workflow("echo", [Phase(target_classification="echo")])
    engine.register_workflow("fussy", [Phase(target_classification="fussy")])
    ask = Phase(
        target_classification="ask", assigned_to=TaskType.HUMAN, prompt="Go on?", form=FORM, candidates=("ann", "ben")
    )
    engine.register_workflow("ask", [Phase(target_classification="echo"), ask])
    async with engine:
        await engine.wait(await engine.submit_task({"n": 1}, "echo", task_id="e1", labels={"team": "sea"}, priority=3))
        await engine.wait(await engine.submit_task({"n": 2}, "fussy", task_id="f1", assigned_to="functional"))
        for task in ("a1", "a2"):
            await engine.submit_task({"n": 3}, "ask", task_id=task)
            while (await engine.get_task(task)).status != "waiting_human":
                await asyncio.sleep(0.001)
        await engine.submit_task("tides", classification="nobody", task_id="n1", parent="e1")


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data that tests only look at."""
    data_dir = tmp_path_factory.mktemp("still") / "data"
    asyncio.run(prepare(data_dir))
    return data_dir


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Data that a test may change."""
    asyncio.run(prepare(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commanding, "LOCK_WAIT", 0.0)


def listed(*words: str, data_dir: Path) -> list[str]:
    """Return the ids of the tasks that `tasks` lists."""
    return [row["id"] for row in json.loads(done("tasks", "--json", *words, data_dir=data_dir))["tasks"]]


# ---------------------------------------------------------------- all commands


ABOUT_FILES = ("init", "graph", "convert", "schema")
"""Commands that look at no data."""

GROUPS = ("user",)
"""Commands whose own commands take the options."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_examples(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Examples:\n    workflow-engine {name}" in result.stdout or name in ("inbox", "answer")
    assert ("--data-dir" in result.stdout) is (name not in ABOUT_FILES + GROUPS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_each_says_of_itself(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    assert (command.help or "").startswith(COMMANDS[name].rstrip("."))


@pytest.mark.parametrize("words", [["nothing"], ["tasks", "--nothing"], ["show"], ["tasks", "--limit", "0"]])
def test_bad_usage_is_exit_code_2(words: list[str], still: Path) -> None:
    assert "Usage: " in refused(*words, data_dir=still)


@pytest.mark.parametrize(
    "words",
    [
        ["tasks"],
        ["show", "t1"],
        ["why", "t1"],
        ["inbox"],
        ["events"],
        ["cancel", "t1"],
        ["purge", "t1", "--yes"],
        ["reindex"],
        ["repair"],
    ],
)
def test_without_data_the_place_is_named_and_nothing_is_made(words: list[str], tmp_path: Path) -> None:
    said = refused(*words, data_dir=tmp_path / "none")
    assert said == f"error: there are no tasks in {tmp_path}/none; name their place with --data-dir, or submit one\n"
    assert not (tmp_path / "none").exists()


def test_shared_options_may_stand_behind_the_command(still: Path) -> None:
    assert run("tasks", "--data", str(still)).exit_code == 0


def test_a_settings_file_says_where_the_data_is(still: Path) -> None:
    Path("workflow-engine.toml").write_text(f"data_dir = {str(still)!r}")
    assert run("show", "e1").exit_code == 0
    Path("other.toml").write_text("data_dri = 'x'")
    result = run("tasks", "--config", "other.toml")
    assert result.stderr == "error: other.toml: data_dri is not a setting; did you mean data_dir?\n"
    assert result.exit_code == 2


# ---------------------------------------------------------------- looking


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["n1", "a2", "a1", "f1", "e1"]),
        (["--order", "id"], ["a1", "a2", "e1", "f1", "n1"]),
        (["--status", "failed", "--status", "completed"], ["f1", "e1"]),
        (["--workflow", "ask"], ["a2", "a1"]),
        (["--phase", "ask", "--waiting", "human"], ["a2", "a1"]),
        (["--classification", "nobody"], ["n1"]),
        (["--label", "team=sea"], ["e1"]),
        (["--text", "tides"], ["n1"]),
        (["--parent", "e1"], ["n1"]),
        (["--limit", "2"], ["n1", "a2"]),
    ],
)
def test_tasks_are_filtered_and_ordered(still: Path, words: list[str], found: list[str]) -> None:
    assert listed(*words, data_dir=still) == found


def test_pages_of_tasks_follow_each_other(still: Path) -> None:
    first = json.loads(done("tasks", "--limit", "3", "--json", data_dir=still))
    second = json.loads(done("tasks", "--after", first["next"], "--json", data_dir=still))
    assert [row["id"] for row in first["tasks"] + second["tasks"]] == ["n1", "a2", "a1", "f1", "e1"]
    assert second["next"] is None


def test_a_listed_task_has_all_its_fields(still: Path) -> None:
    (row,) = json.loads(done("tasks", "--label", "team=sea", "--json", data_dir=still))["tasks"]
    assert row["status"] == "completed"
    assert row["priority"] == 3
    assert row["labels"] == {"team": "sea"}
    assert row["submitted_at"].endswith("Z")
    assert row["failed_phase"] is None


def test_a_table_in_a_pipe_has_one_line_a_task(still: Path) -> None:
    lines = done("tasks", "--order", "id", data_dir=still).splitlines()
    assert lines[0] == "TASK\tSTATUS\tWORKFLOW\tPHASE\tSUBMITTED\tSINCE\tABOUT"
    assert len(lines) == 6
    failed = lines[4].split("\t")
    assert (failed[:4], failed[6]) == (["f1", "failed", "fussy", "fussy"], "PermanentFailure: not today")
    assert failed[5].endswith(" ago")


def test_tasks_are_counted(still: Path) -> None:
    counts = json.loads(done("tasks", "--count", "--json", data_dir=still))
    assert counts == {"completed": 1, "failed": 1, "pending": 1, "waiting_human": 2}
    assert "waiting_human\t2\n" in done("tasks", "--count", data_dir=still)


def test_a_state_or_place_that_is_none_is_refused(still: Path) -> None:
    assert refused("tasks", "--status", "done", data_dir=still).startswith("error: 'done' is no state of a task; use ")
    assert refused("tasks", "--after", "x!", data_dir=still).startswith("error: 'x!' cannot be gone on from")


def test_all_of_a_task_is_shown(still: Path) -> None:
    shown = json.loads(done("show", "e1", "--json", data_dir=still))
    assert shown["data"] == {"n": 1}
    assert shown["context"] == {"seen": True}
    assert shown["phases"]["echo"]["output"] == {"echo": {"n": 1}}
    assert shown["artifacts"]["note.txt"]["size"] == 5
    text = done("show", "e1", data_dir=still)
    for line in ("task\te1\n", "status\tcompleted\n", "priority\t3\n", "labels\tteam=sea\n", 'data\t{"n": 1}\n'):
        assert line in text
    assert "\nnote.txt\t5\ttext/plain" in text


def test_what_a_task_waits_for_is_shown(still: Path) -> None:
    shown = json.loads(done("show", "a1", "--json", data_dir=still))
    assert shown["runs"][0]["state"] == "suspended"
    assert shown["questions"][0]["form"] == FORM
    assert "\tann, ben\t\tGo on?\n" in done("show", "a1", data_dir=still)
    assert "failure\tphase fussy, attempt 1: PermanentFailure: not today\n" in done("show", "f1", data_dir=still)
    assert "parent\te1\n" in done("show", "n1", data_dir=still)
    assert "for ann or ben to answer 'Go on?'" in done("why", "a1", data_dir=still)
    assert "not\\ttoday" not in done("why", "f1", data_dir=still)


def test_open_questions_are_listed(still: Path) -> None:
    questions = json.loads(done("inbox", "--json", data_dir=still))["questions"]
    assert [row["task"] for row in questions] == ["a1", "a2"]
    assert questions[0]["candidates"] == ["ann", "ben"]
    assert json.loads(done("inbox", "--candidate", "ann", "--limit", "1", "--json", data_dir=still))["next"] is not None
    assert done("inbox", "--assignee", "zoe", data_dir=still).count("\n") == 1
    assert done("inbox", "--task", "a1", data_dir=still).endswith("\task\tGo on?\n")


def test_events_are_told_in_order(still: Path) -> None:
    lines = done("events", "f1", data_dir=still).splitlines()
    assert [line.split("\t")[1:3] for line in lines] == [
        ["f1", "TaskSubmitted"],
        ["f1", "PhaseStarted"],
        ["f1", "AttemptFailed"],
        ["f1", "TaskFailed"],
    ]
    assert lines[1].endswith("\trun=f1/fussy/1")
    everything = [json.loads(line) for line in done("events", "--json", data_dir=still).splitlines()]
    behind = done("events", "--json", "--after", str(everything[4]["n"]), data_dir=still).splitlines()
    assert [json.loads(line) for line in behind] == [row for row in everything if row["n"] > everything[4]["n"]]
    assert refused("events", "t9", data_dir=still).startswith("error: there is no task t9")


# ---------------------------------------------------------------- changing


def test_an_answer_is_taken_as_pairs_json_or_a_file(data: Path) -> None:
    (data.parent / "answer.json").write_text('{"decision": "no"}')
    assert done("answer", "a1", "decision=yes", "why=007", data_dir=data) == "a1\tcompleted\n"
    question = json.loads(done("inbox", "--json", data_dir=data))["questions"][0]["id"]
    outcome = json.loads(done("answer", question, "@answer.json", "--by", "ann", "--json", data_dir=data))
    assert (outcome["id"], outcome["status"]) == ("a2", "completed")
    shown = json.loads(done("show", "a1", "--json", data_dir=data))
    assert shown["phases"]["ask"]["output"] == {"decision": "yes", "why": "007"}
    assert refused("answer", question, "{}", data_dir=data).startswith(f"error: question {question}: ")


def test_an_answer_that_cannot_be_is_refused(data: Path) -> None:
    assert "decision: 'maybe' is not one of" in refused("answer", "a1", "decision=maybe", data_dir=data)
    assert "it has no open question" in refused("answer", "e1", "x", data_dir=data)
    assert "there is no task t9" in refused("answer", "t9", "x", data_dir=data)
    assert "give the answer as VALUE" in refused("answer", "a1", data_dir=data)


def test_a_failed_task_is_retried_from_a_phase(data: Path) -> None:
    assert done("retry", "f1", "--phase", "fussy", data_dir=data) == "f1\tpending\n"
    why = "error: task e1 is completed and does not accept retry; fork it as a new task\n"
    assert refused("retry", "e1", data_dir=data) == why


def test_a_task_is_cancelled_for_a_reason(data: Path) -> None:
    outcome = json.loads(done("cancel", "a1", "--reason", "enough", "--json", data_dir=data))
    assert (outcome["status"], outcome["reason"]) == ("cancelled", "enough")
    assert refused("cancel", "a1", data_dir=data).startswith("error: task a1 is cancelled and does not accept")


def test_tasks_that_have_ended_are_purged(data: Path) -> None:
    assert done("purge", "e1", "f1", "e1", "--yes", data_dir=data) == "e1\tpurged\nf1\tpurged\n"
    assert listed(data_dir=data) == ["n1", "a2", "a1"]
    assert "there is no task e1" in refused("events", "e1", data_dir=data)
    gone = [line.split("\t")[1:3] for line in done("events", data_dir=data).splitlines()]
    assert [words for words in gone if words[0] in ("e1", "f1")] == [["e1", "TaskPurged"], ["f1", "TaskPurged"]]
    done("cancel", "a1", data_dir=data)
    outcome = json.loads(done("purge", "a1", "--yes", "--json", data_dir=data))
    assert [(task["id"], task["status"]) for task in outcome["purged"]] == [("a1", "cancelled")]


def test_a_task_that_goes_on_keeps_all_from_being_purged(data: Path) -> None:
    said = refused("purge", "e1", "a1", "--yes", data_dir=data)
    assert said == "error: task a1 is waiting_human and does not accept purge\n"
    assert "there is no task t9" in refused("purge", "e1", "t9", "--yes", data_dir=data)
    assert "say --yes where nobody can be asked" in refused("purge", "e1", data_dir=data)
    assert listed("--status", "completed", data_dir=data) == ["e1"]


def test_a_terminal_asks_before_a_task_is_purged(data: Path) -> None:
    seen, code = terminal(data, "purge", "e1", "f1", typed="\n")
    assert "Remove 2 tasks for good? [y/N]" in plain(seen)
    assert "error: nothing was removed" in plain(seen)
    assert code == 2
    assert listed("--status", "completed", data_dir=data) == ["e1"]
    seen, code = terminal(data, "purge", "e1", typed="y\n")
    assert "Remove task e1 for good? [y/N]" in plain(seen)
    assert "Task e1 is gone." in plain(seen)
    assert code == 0
    assert listed("--status", "completed", data_dir=data) == []


def test_everything_about_a_submission_is_kept(data: Path) -> None:
    words = ["--workflow", "ask", "--classification", "ask", "--priority", "7", "--label", "k=v", "--assigned-to", "ai"]
    assert done("submit", "-", *words, "--id", "s1", data_dir=data, stdin='{"from": "stdin"}') == "s1\n"
    shown = json.loads(done("show", "s1", "--json", data_dir=data))
    assert shown["data"] == {"from": "stdin"}
    assert (shown["priority"], shown["labels"], shown["assigned_to"]) == (7, {"k": "v"}, "agentic")
    assert shown["runs"][0]["phase"] == "ask"
    assert refused("submit", "--id", "s1", "other=1", "-w", "ask", data_dir=data).startswith("error: task s1 exists")


def test_a_submission_that_makes_no_sense_is_refused(data: Path) -> None:
    assert "there is no workflow 'asks'" in refused("submit", "-w", "asks", data_dir=data)
    assert "--timeout needs --wait" in refused("submit", "-w", "ask", "--timeout", "1", data_dir=data)
    assert "to carry the task out" in refused("submit", "-w", "ask", "--wait", data_dir=data)
    assert "cannot be a task id" in refused("submit", "-w", "ask", "--id", "a b", data_dir=data)


def test_data_that_is_in_use_by_a_deaf_process_is_named_with_it(data: Path) -> None:
    lock = FileLock(Layout(data).lock)
    lock.take()
    try:
        said = refused("cancel", "a1", data_dir=data)
    finally:
        lock.release()
    assert said.startswith(f"error: {data} is in use by process ")
    assert said.endswith(", which takes no commands; wait until it ends, or stop it\n")


# ---------------------------------------------------------------- upkeep


def test_the_index_is_built_anew(data: Path) -> None:
    done("tasks", data_dir=data)
    before = (data / "index.sqlite").stat().st_ino
    assert done("reindex", data_dir=data).startswith(f"The index of {data} was built up to commit ")
    assert (data / "index.sqlite").stat().st_ino != before


def damaged(data_dir: Path) -> None:
    """Change a letter in the middle of the journal."""
    _, path = Layout(data_dir).segments()[-1]
    text = bytearray(path.read_bytes())
    text[text.index(b'"e1"') + 1] = ord("X")
    path.write_bytes(text)


def test_a_damaged_journal_is_repaired_when_told_to(data: Path) -> None:
    damaged(data)
    assert "`workflow-engine repair` to salvage the rest" in refused("cancel", "a1", data_dir=data)
    assert "say --yes where nobody can be asked" in refused("repair", data_dir=data)
    result = run("repair", "--yes", data_dir=data)
    assert result.exit_code == 0
    assert "the line is not what was written" in result.stderr
    assert "The original files are in " in result.stdout
    assert "is lost." in result.stdout
    assert done("cancel", "a1", data_dir=data) == "a1\tcancelled\n"
    assert done("repair", data_dir=data) == "The journal is sound; nothing was changed.\n"
    assert json.loads(done("repair", "--json", data_dir=data))["damage"] is None


def doctor(data_dir: Path, code: int = 0) -> dict[str, Any]:
    """Return the checks by name."""
    result = run("doctor", "--json", data_dir=data_dir)
    assert result.exit_code == code
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def test_the_doctor_finds_nothing_wrong(still: Path) -> None:
    done("tasks", data_dir=still)
    checks = doctor(still)
    assert {check["verdict"] for check in checks.values()} <= {"ok", "warn"}
    assert checks["engine"]["fact"] == "none runs here"
    assert checks["index"]["fact"].endswith("up to date")
    assert checks["artifacts"]["fact"] == "1 file, 5 B"
    assert " commits, the last " in checks["journal"]["fact"]
    assert "ms for 4 KiB" in checks["sync"]["fact"]
    text = done("doctor", data_dir=still)
    assert f"data_dir\t{still}\t--data-dir\n" in text
    assert "durability\tfull\tdefault\n" in text


def test_the_doctor_looks_at_a_place_that_does_not_exist_yet(tmp_path: Path) -> None:
    checks = doctor(tmp_path / "none" / "yet")
    assert checks["data"]["fact"] == f"{tmp_path}/none/yet, made with the first task"
    assert checks["journal"]["fact"] == "none yet"
    assert not (tmp_path / "none").exists()


def test_the_doctor_names_damage_and_remedy(data: Path) -> None:
    damaged(data)
    check = doctor(data, code=1)["journal"]
    assert (check["verdict"], check["remedy"]) == ("problem", "workflow-engine repair")
    assert "the line is not what was written" in check["fact"]


def test_the_doctor_names_who_has_the_data(data: Path) -> None:
    lock = FileLock(Layout(data).lock)
    lock.take()
    assert doctor(data)["engine"]["fact"].endswith("has the data and takes no commands")
    lock.release()


def test_the_doctor_asks_an_engine_that_runs(data: Path) -> None:
    async def asked() -> dict[str, Any]:
        async with ECSWorkflowEngine(data):
            return await asyncio.to_thread(doctor, data)

    check = asyncio.run(asked())["engine"]
    assert check["verdict"] == "ok"
    assert ": 3 tasks live, 0 attempts under way, " in check["fact"]


def test_the_doctor_warns_of_a_variable_with_a_typing_error(still: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFLOW_ENGINE_DURABILTY", "full")
    assert "did you mean WORKFLOW_ENGINE_DURABILITY?" in doctor(still)["environment"]["fact"]


def _no(*_: object) -> bool:
    return False


def test_a_full_disk_and_a_foreign_place_are_problems(still: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow_engine.cli.checks.FREE_NONE", 1 << 60)
    assert doctor(still, code=1)["free space"]["verdict"] == "problem"
    monkeypatch.setattr("workflow_engine.cli.checks.FREE_NONE", 0)
    monkeypatch.setattr("workflow_engine.cli.checks.SYNC_SLOW", 0.0)
    assert doctor(still)["sync"]["verdict"] == "warn"
    monkeypatch.setattr("os.access", _no)
    assert doctor(still, code=1)["data"]["verdict"] == "problem"


def test_an_engine_that_does_not_answer_is_a_problem(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow_engine.cli.checks_data.ANSWER_WITHIN", 0.01)
    monkeypatch.chdir(data)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind("control.sock")
        deaf.listen()
        until = find_engine(data)
        assert until is not None
        until.close()
        assert "has not answered within 0.01 s" in doctor(data, code=1)["engine"]["fact"]
