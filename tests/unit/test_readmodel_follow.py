"""The index against the fold of the journal, however it came to be."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.readmodel_given import Story, Written, components, folded, json, plain, question
from workflow_engine.core.components import (
    Attempt,
    Identity,
    ItemResult,
    Items,
    Joining,
    Run,
    Running,
    Status,
    TaskState,
    Timetable,
)
from workflow_engine.core.events import PhaseStarted, TaskCompleted, TaskPurged, TaskSubmitted
from workflow_engine.errors import JournalError
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.port import Changes, Commit, Entities
from workflow_engine.readmodel import catching_up, feed, leaping
from workflow_engine.readmodel.feed import history
from workflow_engine.readmodel.index_file import IndexFile
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import TaskQuery
from workflow_engine.readmodel.stored import load, load_plain

COUNTERS = ("standing", "minutes", "spending", "failure_groups", "asked")
"""Tables of numbers that are kept beside the rows they count."""


def indexed(model: ReadModel) -> dict[str, Any]:
    """Return the components of everything in the index."""
    found: Entities = {}
    with IndexFile(model.data_dir).opened() as connection:
        for k, task in connection.execute("SELECT k, id FROM tasks").fetchall():
            stored = load(connection, k)
            found[task] = stored.own
            found |= {f"{task}/{run}": parts for run, parts in stored.runs.items()}
    return plain(found)


def content(model: ReadModel) -> dict[str, Any]:
    """Return all that the index holds, but for the numbers of rows."""
    queries = {
        "tasks": """SELECT id, workflow, definition, status, since, submitted_at, ended_at, rank, assigned_to, parent,
            reason, failed_phase, error, message, CAST(labels AS TEXT), phase, classification, waiting, spread, stage,
            CAST(cost AS TEXT), failure_group FROM tasks""",
        "places": "SELECT id, run, places.since, places.phase FROM tasks JOIN places USING (k)",
        "timetables": "SELECT workflow, CAST(json AS TEXT) FROM timetables",
        "labels": "SELECT tasks.id, name, value, labels.submitted_at, labels.id FROM tasks JOIN labels USING (k)",
        "questions": """SELECT q.id, task, q.run, q.phase, q.due, q.deadline, q.workflow, visit, claimed_by, unassigned
            FROM tasks JOIN questions AS q USING (k)""",
        "addressed": """SELECT a.id, run, person, candidate, overdue, deadline, asked_at
            FROM tasks JOIN addressed AS a USING (k)""",
        **{name: f"SELECT * FROM {name}" for name in COUNTERS},
        "search": "SELECT id, text FROM tasks JOIN search ON search.rowid = tasks.k",
    }
    with IndexFile(model.data_dir).opened() as connection:
        found: dict[str, Any] = {name: sorted(connection.execute(sql), key=repr) for name, sql in queries.items()}
        for name in ("parts", "history"):
            strays = f"SELECT count(*) FROM {name} WHERE k NOT IN (SELECT k FROM tasks)"
            assert connection.execute(strays).fetchone()[0] == 0, name
        tasks = [task for (task,) in connection.execute("SELECT id FROM tasks")]
        found["events"] = {task: list(history(connection, task, (0, -1))) for task in tasks}
        found["feed"] = list(feed.feed(connection, (0, -1)))
    found["components"] = indexed(model)
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_however_it_is_cut_the_index_is_the_fold(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "STEP_BYTES", 3_000)
    dice = random.Random(seed)
    story = Story(seed)
    written = Written(tmp_path, segment_bytes=6_000)
    journal = JsonJournal(tmp_path, segment_bytes=6_000)
    await journal.open()
    whole = JsonJournal(tmp_path / "whole")  # never compacted
    await whole.open()
    commits: list[Any] = []
    model = ReadModel(tmp_path)
    for _ in range(8):
        for commit in story.commits(len(commits) + 1, dice.randint(1, 25)):
            await journal.append(commit)
            await whole.append(commit)
            commits.append(commit)
        if dice.random() < 0.6:
            assert model.catch_up() == len(commits)
            assert indexed(model) == folded(commits)
        if dice.random() < 0.4:
            written.compact()
    await journal.close()
    await whole.close()
    followed = ReadModel(tmp_path / "whole")
    followed.catch_up()
    expected = content(followed)
    assert expected["components"] == folded(commits)
    model.catch_up()
    incremental = content(model)
    assert model.reindex() == len(commits)
    rebuilt = content(model)
    for name, rows in expected.items():
        assert incremental[name] == rows, name
        assert rebuilt[name] == rows, name


async def test_what_is_leapt_over_is_told_as_if_it_was_followed(tmp_path: Path) -> None:
    written = await Written(tmp_path, segment_bytes=1).open()
    await submitted(written, "t1", "t2", "gone")
    model = ReadModel(tmp_path)
    model.catch_up()
    await written.commit({"t1": {"status": Status(TaskState.IN_PROGRESS, 3.0)}}, (), (PhaseStarted("t1", "r"),))
    await written.commit({"gone": None}, (), (TaskPurged("gone"), PhaseStarted("t2", "r")))
    await written.commit({"t2": {"status": Status(TaskState.COMPLETED, 5.0)}}, ("t2",), (TaskCompleted("t2"),))
    await submitted(written, "gone")
    written.compact()  # all but the last
    model.catch_up()
    told = [(row.n, row.i, row.at, row.task, row.event["event"]) for row in model.events()]
    assert told == [
        (2, 0, 2.0, "t1", "TaskSubmitted"),
        (2, 1, 2.0, "t2", "TaskSubmitted"),
        (3, 0, 3.0, "t1", "PhaseStarted"),
        (4, 0, 4.0, "gone", "TaskPurged"),
        (4, 1, 4.0, "t2", "PhaseStarted"),
        (5, 0, 5.0, "t2", "TaskCompleted"),
        (6, 0, 6.0, "gone", "TaskSubmitted"),
    ]
    for task in ("t1", "t2"):
        history_of = [(row.n, row.i, row.at, row.task, row.event["event"]) for row in model.events(task)]
        assert history_of == [row for row in told if row[3] == task]
    assert [row.n for row in model.events("gone")] == [6]
    before = content(model)
    model.reindex()
    assert content(model) == before
    await written.close()


async def test_a_purge_that_was_followed_is_not_done_again_by_a_leap(tmp_path: Path) -> None:
    written = await Written(tmp_path, segment_bytes=1).open()
    await submitted(written, "t1")
    await written.commit({"t1": None}, (), (TaskPurged("t1"),))
    await submitted(written, "t1")
    model = ReadModel(tmp_path)
    model.catch_up()
    await written.commit({"t1": {"status": Status(TaskState.COMPLETED, 5.0)}}, ("t1",), (TaskCompleted("t1"),))
    await submitted(written, "t2")
    written.compact()
    model.catch_up()
    assert [(row.n, row.event["event"]) for row in model.events("t1")] == [(4, "TaskSubmitted"), (5, "TaskCompleted")]
    assert [row.n for row in model.events()] == [3, 4, 5, 6]
    await written.close()


async def test_a_leap_over_more_than_the_feed_holds_leaves_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FEED_BYTES", 500)
    monkeypatch.setattr(leaping, "CHUNK", 3)
    written = await Written(tmp_path, segment_bytes=1).open()
    for number in range(40):
        await submitted(written, f"t{number}")
    model = ReadModel(tmp_path)
    model.catch_up()
    followed = content(model)
    written.compact()
    model.reindex()
    assert 2 < len(followed["feed"]) < 20
    assert content(model) == followed
    await written.close()


async def submitted(written: Written, *tasks: str) -> None:
    """Write one commit in which *tasks* are submitted."""
    pending = Status(TaskState.PENDING, 1.0)
    changes: Changes = {task: components(Identity(task, "review", "d1", 1.0), pending) for task in tasks}
    await written.commit(changes, (), tuple(TaskSubmitted(task, "review") for task in tasks))


async def test_every_commit_is_taken_in_once_by_whoever_comes(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    for number in range(300):
        await written.task(f"t{number}", TaskState.COMPLETED)
    command = [sys.executable, "-m", "workflow_engine.readmodel", str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for number in range(300, 600):
        await written.task(f"t{number}", TaskState.COMPLETED)
    reached = [int(process.communicate(timeout=30)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    model = ReadModel(tmp_path)
    assert min(reached) >= 300
    assert model.catch_up() == len(written.commits)
    assert model.counts() == {TaskState.COMPLETED: 600}
    assert indexed(model) == folded(written.commits)
    await written.close()


async def test_a_second_look_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    model = ReadModel(tmp_path)
    assert model.position() == 0
    for number in range(5):
        await written.task(f"t{number}", TaskState.COMPLETED)
        assert model.catch_up() == model.position() == len(written.commits)
    assert model.counts() == {TaskState.COMPLETED: 5}
    await written.close()


async def test_the_file_can_be_deleted(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1", TaskState.COMPLETED)
    model = ReadModel(tmp_path)
    model.catch_up()
    before = content(model)
    model.path.unlink()
    assert [row.id for row in model.tasks().rows] == ["t1"]  # whoever misses it builds it
    model.path.unlink()
    model.catch_up()
    assert content(model) == before
    await written.close()


@pytest.mark.parametrize("damage", ["garbage", "torn", "version", "empty"])
async def test_a_damaged_file_is_built_anew(tmp_path: Path, damage: str) -> None:
    written = await Written(tmp_path).open()
    for number in range(50):
        await written.task(f"t{number}", TaskState.COMPLETED, data={"text": "x" * 500})
    model = ReadModel(tmp_path)
    model.catch_up()
    match damage:
        case "garbage":
            model.path.write_bytes(b"no database" * 1000)
        case "torn":
            data = model.path.read_bytes()
            model.path.write_bytes(data[:8192] + b"\xff" * (len(data) - 8192))
        case "version":
            connection = sqlite3.connect(model.path)
            connection.execute("PRAGMA user_version = 999")
            connection.close()
        case _:
            model.path.write_bytes(b"")
    assert model.catch_up() == len(written.commits)
    assert len(model.tasks(TaskQuery(text="t7")).rows) == 1
    assert indexed(model) == folded(written.commits)
    await written.close()


async def test_a_journal_that_lost_its_end_is_noticed(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1")
    await written.close()
    model = ReadModel(tmp_path)
    path = next((tmp_path / "journal").glob("journal-*"))
    kept = path.read_bytes()
    again = JsonJournal(tmp_path)
    await again.open()
    lost = components(Identity("lost", "review", "d1", 5.0), Status(TaskState.PENDING, 5.0))
    await again.append(Commit(3, 9.0, {"lost": lost}))
    await again.close()
    assert model.catch_up() == 3
    path.write_bytes(kept)
    assert model.catch_up() == 2
    assert model.record("lost") is None
    assert [row.id for row in model.tasks().rows] == ["t1"]


async def test_a_journal_that_begins_anew_is_noticed(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1")
    await written.close()
    model = ReadModel(tmp_path)
    model.catch_up()
    for path in (tmp_path / "journal").iterdir():
        path.unlink()
    assert model.catch_up() == 0
    assert model.tasks().rows == ()


async def test_a_living_task_that_never_was_durable_goes_with_the_compaction(tmp_path: Path) -> None:
    written = await Written(tmp_path, segment_bytes=1).open()
    await written.task("t1")
    await written.task("t2")
    await written.commit({})
    model = ReadModel(tmp_path)
    model.catch_up()
    with IndexFile(tmp_path).opened() as connection:
        connection.execute("UPDATE tasks SET id = 'ghost' WHERE id = 't2'")
    for number in range(3):
        await written.commit({"t1": {"status": Status(TaskState.WAITING_IO, float(number))}})
    written.compact()
    model.catch_up()
    assert sorted(row.id for row in model.tasks().rows) == ["t1", "t2"]
    await written.close()


async def test_a_purged_task_leaves_nothing(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1", question=question("t1"), labels={"team": "sea"}, data="secret")
    model = ReadModel(tmp_path)
    model.catch_up()
    await written.commit({"t1": None, "t1/draft/1": None})
    model.catch_up()
    with IndexFile(tmp_path).opened() as connection:
        for name in (
            "tasks",
            "parts",
            "labels",
            "questions",
            "addressed",
            "history",
            "places",
            "search",
            *COUNTERS[:4],
        ):
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] == 0, name
        assert connection.execute("SELECT * FROM asked").fetchall() == [(0, 0)]
    await written.close()


async def test_catching_up_can_be_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "STEP_BYTES", 1)
    written = await Written(tmp_path).open()
    model = ReadModel(tmp_path)
    model.catch_up()
    for number in range(5):
        await written.task(f"t{number}")
    assert [model.catch_up(limit_seconds=0.0) for _ in range(6)] == [2, 3, 4, 5, 6, 6]
    await written.close()


def test_without_a_journal_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal"):
        ReadModel(tmp_path).catch_up()
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_is_our_error_and_hurts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1", TaskState.COMPLETED)
    model = ReadModel(tmp_path)
    model.catch_up()
    await written.task("t2", TaskState.COMPLETED)
    with monkeypatch.context() as patched:
        patched.setattr("workflow_engine.readmodel.catching_up.write", _full)
        with pytest.raises(JournalError, match="disk is full"):
            model.catch_up()
        with pytest.raises(JournalError, match="disk is full"):
            model.reindex()
    assert not (tmp_path / "index.sqlite.new").exists()
    assert [row.id for row in model.tasks().rows] == ["t1"]
    model.catch_up()
    assert [row.id for row in model.tasks().rows] == ["t2", "t1"]
    await written.close()


def _full(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


async def test_a_change_reads_neither_the_items_nor_the_results_of_a_fan_out(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t", data=list(range(2_000)))
    run = components(Run("t", "approve", 1, 3.0), Attempt(1), Joining(3.0), Items(json(list(range(2_000)))))
    run["results+"] = {str(position): ItemResult(json("done")) for position in range(100)}
    item = components(Run("t", "approve", 1, 3.0, 100), Attempt(1), Running(3.0))
    await written.commit({"t/approve/1": run, "t/approve/1.100": item})
    model = ReadModel(tmp_path)
    model.catch_up()
    await written.commit({"t/approve/1": {"results+": {"100": ItemResult(json("done"))}}, "t/approve/1.100": None})
    await written.close()
    model.catch_up()
    assert indexed(model) == folded(written.commits)
    with IndexFile(tmp_path).opened() as connection:
        read = load_plain(connection, 1, ["approve/1"])
    assert {name: set(parts) for name, parts in read.runs.items()} == {"approve/1": {"run", "attempt", "joining"}}
    assert set(read.own) == {"identity", "status"}


async def test_timetables_are_no_tasks_and_no_definitions(tmp_path: Path) -> None:
    written = await Written(tmp_path, segment_bytes=1).open()
    kept, gone = (Timetable(name, "0 9 * * *", "UTC", "skip", json({}), 1.0) for name in ("kept", "gone"))
    await written.commit({"#schedule:kept": components(kept), "#schedule:gone": components(gone)})
    model = ReadModel(tmp_path)
    model.catch_up()
    assert model.timetables() == (gone, kept)
    await written.commit({"#schedule:gone": None})
    await written.commit({})
    written.compact()
    await written.close()
    model.catch_up()
    assert model.timetables() == (kept,)
    assert model.tasks().rows == ()
    with IndexFile(tmp_path).opened() as connection:
        assert connection.execute("SELECT digest FROM definitions").fetchall() == [("d1",)]
