"""The commands that move tasks, with and without an engine that runs on the data."""

import asyncio
import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.contract.test_cli import until
from tests.contract.test_cli_commands import done, refused, run
from workflow_engine.control.calls import perform
from workflow_engine.control.client import find_engine
from workflow_engine.ecs_workflow import ECSWorkflowEngine, WorkflowSpec
from workflow_engine.errors import InputRefused
from workflow_engine.spec.loading import load_text

OLD = """
name: review
version: "1"
phases:
  - {id: draft, assigned_to: human, prompt: Draft?}
  - {id: approve, assigned_to: human, prompt: Approve?}
"""
SAFE = OLD.replace('"1"', '"2"') + "  - {id: archive, assigned_to: human, prompt: Archived?}\n"
MAPPABLE = OLD.replace('"1"', '"3"').replace("{id: draft", "{id: write")
BLOCKED = OLD.replace('"1"', '"4"').replace("{id: approve", "{id: agree")


async def prepare(data_dir: Path, old: WorkflowSpec) -> None:
    """Leave three tasks: one drafts, one waits for approval, one has ended."""
    engine = ECSWorkflowEngine(data_dir, stop_grace=0.1)
    engine.register_workflow(old)
    async with engine:
        for name, answers in (("drafts", 0), ("waits", 1), ("ended", 2)):
            await engine.submit_task({}, "review", task_id=name)
            for _ in range(answers):
                await asked(engine, name)
                await engine.answer(name, "well")
        for name in ("drafts", "waits"):
            await asked(engine, name)
        await engine.wait("ended", 10)


async def asked(engine: ECSWorkflowEngine, task: str) -> None:
    """Return once a task asks."""
    async with asyncio.timeout(10):
        while (await engine.get_task(task)).status != "waiting_human":
            await asyncio.sleep(0.005)


@contextmanager
def served(data_dir: Path) -> Generator[None]:
    """Have an engine run on the data, in a thread."""
    engine, ended = ECSWorkflowEngine(data_dir, stop_grace=0.1), Event()

    async def serve() -> None:
        async with engine:
            while not ended.is_set():
                await asyncio.sleep(0.01)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        until(lambda: find_engine(data_dir)).close()
        yield
    finally:
        ended.set()
        thread.join(10)


@pytest.fixture(params=["served", "alone"])
def data_dir(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path]:
    """A data directory with tasks, with an engine that runs on it and without."""
    place = tmp_path / "data"
    asyncio.run(prepare(place, load_text(OLD.encode(), "old.yaml").spec))
    if request.param == "alone":
        yield place
        return
    with served(place):
        yield place


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a workflow file."""

    def write(text: str) -> str:
        path = tmp_path / "review.yaml"
        path.write_text(text)
        return str(path)

    return write


Write = Callable[[str], str]


def moved(*words: str, data_dir: Path, code: int = 0) -> dict[str, tuple[bool, str, list[str]]]:
    """Run a migration, and return of each task whether it moved, how it stood, and why."""
    result = run("migrate", *words, "--json", "--yes", data_dir=data_dir)
    assert (result.stderr, result.exit_code) == ("", code)
    tasks = json.loads(result.stdout)["tasks"]
    return {task["task"]: (task["moved"], task["readiness"], task["reasons"]) for task in tasks}


def test_a_file_is_compared_with_what_is_under_way(data_dir: Path, file: Write) -> None:
    name = file(SAFE)
    assert done("validate", name, "--against-live", data_dir=data_dir) == (
        f"{name}: review 2: 3 phases, ok\nTASK\tREADINESS\tPHASES\tWHY\ndrafts\tsafe\tdraft\t\nwaits\tsafe\tapprove\t\n"
    )
    name = file(MAPPABLE)
    result = run("validate", name, "--against-live", data_dir=data_dir)
    assert (result.stderr, result.exit_code) == ("", 1)
    assert result.stdout.splitlines()[2:] == [
        "drafts\tblocked\tdraft\tphase 'draft', which it is in, is gone",
        "waits\tmappable\tapprove\tphase 'draft', which it has completed, is gone; "
        "phase 'write' comes before, and it has not been there",
    ]
    result = run("validate", file(BLOCKED), "--against-live", "--json", data_dir=data_dir)
    assert result.exit_code == 1
    [document] = json.loads(result.stdout)
    assert [(task["task"], task["readiness"], task["current"]) for task in document["tasks"]] == [
        ("drafts", "safe", False),
        ("waits", "blocked", False),
    ]


def test_a_wrong_file_is_not_compared(data_dir: Path, file: Write) -> None:
    assert run("validate", file("name: x\n"), "--against-live", data_dir=data_dir).exit_code == 2


def test_tasks_that_are_safe_move(data_dir: Path, file: Write) -> None:
    name = file(SAFE)
    dry = done("migrate", name, "--dry-run", data_dir=data_dir)
    assert dry.splitlines()[1:] == [
        "drafts\twould move\tdraft\t",
        "waits\twould move\tapprove\t",
        "2 tasks would move to review 2, 0 would stay.",
    ]
    assert done("migrate", name, "--yes", data_dir=data_dir).splitlines() == [
        "TASK\tOUTCOME\tPHASES\tWHY",
        "drafts\tmoved\tdraft\t",
        "waits\tmoved\tapprove\t",
        "2 tasks moved to review 2, 0 stayed.",
    ]
    assert done("migrate", name, data_dir=data_dir).splitlines()[1:] == [
        "drafts\tthere already\tdraft\t",
        "waits\tthere already\tapprove\t",
        "0 tasks moved to review 2, 0 stayed, 2 went by it already.",
    ]
    new = done("submit", "--workflow", "review", data_dir=data_dir).strip()
    assert moved(file(OLD), data_dir=data_dir)[new] == (False, "safe", [])  # it went by the old one all along


def test_tasks_that_are_mappable_move_when_somebody_says_so(data_dir: Path, file: Write) -> None:
    name = file(MAPPABLE)
    gone = "phase 'draft', which it has completed, is gone"
    first = "phase 'write' comes before, and it has not been there"
    blocked = (False, "blocked", ["phase 'draft', which it is in, is gone"])
    assert moved(name, data_dir=data_dir, code=1) == {"drafts": blocked, "waits": (False, "mappable", [gone, first])}
    assert moved(name, "--map", "draft=write", data_dir=data_dir, code=1) == {
        "drafts": blocked,
        "waits": (True, "mappable", [gone, first]),
    }
    assert moved(name, "--task", "waits", "--include-mappable", data_dir=data_dir) == {"waits": (False, "safe", [])}


def test_what_cannot_be_moved_is_said(data_dir: Path, file: Write) -> None:
    name = file(SAFE)
    for task in ("nil", "ended"):
        said = refused("migrate", name, "--task", task, "--yes", data_dir=data_dir)
        assert f"error: there is no task {task} under way in workflow 'review'; " in said
    assert "--map 'x' is no OLD=NEW" in refused("migrate", name, "--map", "x", data_dir=data_dir)
    assert "say --yes where nobody can be asked" in refused("migrate", name, data_dir=data_dir)
    unknown = "task {} cannot migrate: its definition has no phase 'nil'; it has draft, approve"
    assert moved(name, "--map", "nil=draft", data_dir=data_dir, code=1) == {
        task: (False, "safe", [unknown.format(task)]) for task in ("drafts", "waits")
    }
    assert moved(name, data_dir=data_dir)["waits"] == (True, "safe", [])


def test_a_task_is_exported_and_imported(data_dir: Path, tmp_path: Path) -> None:
    document = tmp_path / "task.json"
    assert done("export", "waits", "-o", str(document), "--cancel", data_dir=data_dir) == ""
    assert json.loads(done("show", "waits", "--json", data_dir=data_dir))["status"] == "cancelled"
    there = tmp_path / "there"
    assert done("import", str(document), data_dir=there) == "waits\twaiting_human\n"
    assert "error: task waits is here already" in refused("import", str(document), data_dir=there)
    assert json.loads(done("answer", "waits", "fine", "--json", data_dir=there))["id"] == "waits"
    printed = done("export", "drafts", data_dir=data_dir)
    assert done("import", "-", data_dir=there, stdin=printed) == "drafts\twaiting_human\n"
    record = json.loads(done("export", "ended", data_dir=data_dir))
    assert record["entities"]["ended"]["status"]["state"] == "completed"


def test_what_cannot_be_exported_is_said(data_dir: Path, tmp_path: Path) -> None:
    assert "error: there is no task nil" in refused("export", "nil", data_dir=data_dir)
    said = "--cancel needs --output with a file"
    assert said in refused("export", "waits", "--cancel", data_dir=data_dir)
    assert said in refused("export", "waits", "--cancel", "-o", "/dev/null", data_dir=data_dir)
    nowhere = str(tmp_path / "nil" / "task.json")
    assert "No such file" in refused("export", "waits", "--cancel", "-o", nowhere, data_dir=data_dir)
    assert json.loads(done("show", "waits", "--json", data_dir=data_dir))["status"] == "waiting_human"


def test_what_cannot_be_imported_is_said(data_dir: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.json"
    torn.write_text(done("export", "waits", data_dir=data_dir)[:-10])
    there = tmp_path / "there"
    assert "this is not the document of an exported task" in refused("import", str(torn), data_dir=there)
    assert "nil: No such file or directory" in refused("import", str(tmp_path / "nil"), data_dir=there)
    assert "Is a directory" in refused("import", str(tmp_path), data_dir=there)


def test_a_document_may_come_through_a_pipe(data_dir: Path, tmp_path: Path) -> None:
    printed = done("export", "waits", data_dir=data_dir)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(printed,))
    writer.start()
    assert done("import", str(pipe), data_dir=tmp_path / "there") == "waits\twaiting_human\n"
    writer.join(10)


async def test_an_engine_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    engine = ECSWorkflowEngine(tmp_path / "data")
    with pytest.raises(InputRefused, match=r"there is no file .*/pipe; name the document of an exported task"):
        await perform(engine, "import_task", json.dumps({"file": str(pipe)}).encode())
    await engine.close()
