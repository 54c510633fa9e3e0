"""What can be asked of the index: filters, orders, pages, words, questions and events."""

import itertools
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.readmodel_given import Written, components, json, question
from workflow_engine.core.components import (
    Attempt,
    Failure,
    Identity,
    PhaseProgress,
    Progress,
    Run,
    Running,
    Status,
    Suspended,
    TaskState,
    WaitKind,
)
from workflow_engine.core.events import Event, PhaseStarted, TaskPurged, TaskSubmitted
from workflow_engine.errors import InputRefused
from workflow_engine.journal.port import Changes
from workflow_engine.readmodel import feed, narrowing, schema, searching, selecting
from workflow_engine.readmodel.grouping import failure_group
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import Order, QuestionQuery, TaskQuery, TaskRow
from workflow_engine.readmodel.sql import Sql


def ids(model: ReadModel, **asked: Any) -> list[str]:
    """Return the ids that a query lists."""
    model.catch_up()
    return [row.id for row in model.tasks(TaskQuery(**asked)).rows]


async def given(directory: Path) -> Written:
    """Write six tasks: t1 to t6, each a second after the one before."""
    written = await Written(directory).open()
    await written.task("t1", TaskState.COMPLETED, labels={"team": "sea", "size": "big"}, output={"said": "tides"})
    await written.task("t2", TaskState.FAILED, failure=Failure("draft", "Oops", "no paper left", 2), workflow="print")
    await written.task("t3", priority=5, labels={"team": "sea"}, data={"topic": "caf\u00e9 & croissant"})
    about = question("t4", assignee="ann", due=50.0)
    await written.task("t4", TaskState.WAITING_HUMAN, phase="approve", question=about, parent="t3")
    about = question("t5", candidates=("ann", "legal"))
    await written.task(
        "t5", TaskState.WAITING_HUMAN, phase="approve", question=about, workflow="print", labels={"team": "air"}
    )
    await written.task("t6", TaskState.PENDING, assigned_to="agentic", priority=9)
    return written


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "t6 t5 t4 t3 t2 t1"),
        ({"statuses": ("completed",)}, "t1"),
        ({"statuses": (TaskState.COMPLETED, TaskState.FAILED)}, "t2 t1"),
        ({"workflows": ("print",)}, "t5 t2"),
        ({"workflows": ("print", "review")}, "t6 t5 t4 t3 t2 t1"),
        ({"workflows": ("print",), "statuses": ("failed",)}, "t2"),
        ({"workflows": ("none",)}, ""),
        ({"phase": "draft"}, "t6 t3"),
        ({"phase": "approve", "workflows": ("print",)}, "t5"),
        ({"classification": "write"}, "t6 t3"),
        ({"classification": "write", "phase": "approve"}, ""),
        ({"waiting": "human"}, "t5 t4"),
        ({"waiting": WaitKind.HUMAN, "statuses": ("waiting_human",), "phase": "approve"}, "t5 t4"),
        ({"waiting": "io"}, ""),
        ({"labels": {"team": "sea"}}, "t3 t1"),
        ({"labels": {"team": "sea", "size": "big"}}, "t1"),
        ({"labels": {"team": "sea"}, "phase": "draft"}, "t3"),
        ({"labels": {"team": "fire"}}, ""),
        ({"parent": "t3"}, "t4"),
        ({"submitted_after": 5.0}, "t6 t5 t4"),
        ({"submitted_before": 5.0}, "t3 t2 t1"),
        ({"submitted_after": 3.0, "submitted_before": 5.0, "workflows": ("review",)}, "t3"),
        ({"text": "tides"}, "t1"),
        ({"text": "paper oops"}, "t2"),
        ({"text": "sea", "statuses": ("in_progress",)}, "t3"),
        ({"text": "CAFE CROISSANT"}, "t3"),
        ({"text": "cafe crois"}, ""),
        ({"text": "t*", "statuses": ("failed", "pending")}, "t6 t2"),
        ({"text": "cafe crois*"}, "t3"),
        ({"text": "t4"}, "t4"),
        ({"text": "topic"}, ""),  # the name of a field
    ],
)
async def test_a_filter_narrows(tmp_path: Path, asked: dict[str, Any], expected: str) -> None:
    written = await given(tmp_path)
    assert ids(ReadModel(tmp_path), **asked) == expected.split()
    model = ReadModel(tmp_path)
    counted = {state: number for state, number in model.counts(TaskQuery(**asked)).items() if number}
    rows = model.tasks(TaskQuery(**asked)).rows
    assert counted == {state: sum(row.status == state for row in rows) for state in {row.status for row in rows}}
    await written.close()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("submitted", "t1 t2 t3 t4 t5 t6"),
        ("-submitted", "t6 t5 t4 t3 t2 t1"),
        ("since", "t2 t3 t4 t5 t6 t1"),
        ("-since", "t1 t6 t5 t4 t3 t2"),
        ("priority", "t6 t3 t1 t2 t4 t5"),
        ("id", "t1 t2 t3 t4 t5 t6"),
        ("-id", "t6 t5 t4 t3 t2 t1"),
    ],
)
async def test_an_order_holds_on_every_way_to_read_it(tmp_path: Path, order: Order, expected: str) -> None:
    written = await given(tmp_path)
    await written.commit({"t1": {"status": Status(TaskState.COMPLETED, 99.0)}})
    await written.commit({"t1": components(Identity("t1", "review", "d1", 2.0), Status(TaskState.COMPLETED, 99.0))})
    model = ReadModel(tmp_path)
    ways: list[dict[str, Any]] = [{}, {"submitted_after": 0.0}, {"workflows": ("review", "print")}]
    for way in ways:
        assert ids(model, order=order, **way) == expected.split(), way
    for asked in ({"phase": "approve"}, {"labels": {"team": "sea"}}, {"text": "t*"}, {"parent": "t3"}):
        listed = ids(model, order=order, **asked)
        assert listed == [task for task in expected.split() if task in listed], asked
    await written.close()


async def test_a_row_says_what_a_list_shows(tmp_path: Path) -> None:
    written = await given(tmp_path)
    model = ReadModel(tmp_path)
    model.catch_up()
    rows = {row.id: row for row in model.tasks().rows}
    assert rows["t2"] == TaskRow(
        "t2",
        "print",
        "d1",
        TaskState.FAILED,
        3.0,
        3.0,
        3.0,
        failed_phase="draft",
        error="Oops",
        message="no paper left",
        failure_group=failure_group("print", "draft", "Oops", "no paper left"),
    )
    assert rows["t5"] == TaskRow(
        "t5",
        "print",
        "d1",
        TaskState.WAITING_HUMAN,
        6.0,
        6.0,
        labels={"team": "air"},
        phases=("approve",),
        classifications=("approve",),
        waiting=(WaitKind.HUMAN,),
    )
    assert (rows["t6"].priority, rows["t6"].assigned_to) == (9, "agentic")
    await written.close()


@pytest.mark.parametrize(
    "asked",
    [{}, {"phase": "draft"}, {"labels": {"team": "sea"}}, {"text": "word"}, {"statuses": ("pending", "in_progress")}],
)
@pytest.mark.parametrize("order", list(selecting.ORDERS))
async def test_pages_hold_every_task_once_while_tasks_are_added(
    tmp_path: Path, order: Order, asked: dict[str, Any]
) -> None:
    written = await Written(tmp_path).open()
    model = ReadModel(tmp_path)
    states = itertools.cycle((TaskState.PENDING, TaskState.IN_PROGRESS))

    async def add(name: str) -> None:
        written.at -= 0.75  # several in what is nearly the same second
        await written.task(name, next(states), labels={"team": "sea"}, data="word", priority=len(name) % 3)

    for number in range(20):
        await add(f"old-{number * 7 % 20}")
    seen: list[str] = []
    after: str | None = None
    for number in range(100):
        model.catch_up()
        page = model.tasks(TaskQuery(order=order, limit=3, after=after, **asked))
        seen += [row.id for row in page.rows]
        after = page.next
        if after is None:
            break
        if number < 10:
            await add(f"new-{number}")
    assert len(seen) == len(set(seen))
    assert {task for task in seen if task.startswith("old")} == {f"old-{number}" for number in range(20)}
    await written.close()


async def test_a_cursor_outlives_the_index(tmp_path: Path) -> None:
    written = await given(tmp_path)
    model = ReadModel(tmp_path)
    model.catch_up()
    first = model.tasks(TaskQuery(limit=4))
    model.reindex()
    assert [row.id for row in model.tasks(TaskQuery(limit=4, after=first.next)).rows] == ["t2", "t1"]
    await written.close()


@pytest.mark.parametrize(
    "asked",
    [
        {"after": "nonsense"},
        {"after": "\u00e9"},
        {"after": ""},
        {"after": "WzFd"},
        {"after": "WyItc3VibWl0dGVkIiwxLDJd"},
        {"after": "WyJzdWJtaXR0ZWQiLDEsIngiXQ"},
        {"order": "colour"},
        {"limit": 0},
        {"limit": 10**6},
        {"statuses": ("done",)},
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_remedy(tmp_path: Path, asked: dict[str, Any]) -> None:
    written = await given(tmp_path)
    model = ReadModel(tmp_path)
    model.catch_up()
    with pytest.raises(InputRefused, match=r"; (use|leave|ask)"):
        model.tasks(TaskQuery(**asked))
    await written.close()


SPECIAL = [
    "100%",
    "a_b",
    "it's",
    'say "hi"',
    "x' OR 1=1 --",
    "NEAR(a b)",
    "col:x",
    "a AND b NOT c",
    "back\\slash",
    "^start",
    "end*",
    "{brace}",
    "\u65e5\u672c",
    "x\0y",
    "\U0001f600 smile",
    "(",
    "-minus",
]


@pytest.mark.parametrize("fts5", [True, False])
async def test_words_are_found_whatever_they_hold(tmp_path: Path, fts5: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fts5:
        monkeypatch.setattr(schema, "has_fts5", _no_fts5)
        monkeypatch.setattr("workflow_engine.readmodel.searching.has_fts5", _no_fts5)
    written = await Written(tmp_path).open()
    for number, text in enumerate(SPECIAL):
        await written.task(f"n{number}", data={"text": text + f" only{number}"})
    model = ReadModel(tmp_path)
    for number, text in enumerate(SPECIAL):
        found = ids(model, text=text)
        words = any(letter.isalnum() for letter in text)
        assert (f"n{number}" in found) == words, text
        assert ids(model, text=f"only{number}") == [f"n{number}"] or not fts5
        assert f"n{number}" in ids(model, text=f"ONLY{number}")
    assert ids(model, text="  ") == []
    assert ids(model, text="\ud800") == []
    await written.close()


def _no_fts5(connection: sqlite3.Connection) -> bool:
    return False


async def test_an_index_with_full_text_search_is_rebuilt_by_a_sqlite_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = await given(tmp_path)
    model = ReadModel(tmp_path)
    assert ids(model, text="tides") == ["t1"]
    monkeypatch.setattr(schema, "has_fts5", _no_fts5)
    monkeypatch.setattr("workflow_engine.readmodel.searching.has_fts5", _no_fts5)
    assert ids(model, text="tides") == ["t1"]
    await written.close()


@pytest.mark.parametrize("seconds", [-1.0, 60.0])
async def test_a_word_that_many_have_is_found_in_order(
    tmp_path: Path, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "FEW", 3)
    monkeypatch.setattr(searching, "TRY_SECONDS", seconds)
    monkeypatch.setattr(searching, "_LOOK_EVERY", 1)
    written = await Written(tmp_path).open()
    for number in range(8):
        await written.task(f"t{number}", data="common odd" if number % 2 else "common even")
    model = ReadModel(tmp_path)
    assert ids(model, text="common", limit=3) == ["t7", "t6", "t5"]
    assert ids(model, text="common even") == ["t6", "t4", "t2", "t0"]
    assert ids(model, text="comm* ev*", order="submitted") == ["t0", "t2", "t4", "t6"]
    await written.close()


async def test_new_outputs_are_found_and_old_ones_are_not(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1", output="first draft")
    model = ReadModel(tmp_path)
    assert ids(model, text="first") == ["t1"]
    second = PhaseProgress(2, "completed", 3.0, 4.0, 1, json("second draft"))
    await written.commit({"t1": {"progress+": {"draft": second}}})
    assert (ids(model, text="second"), ids(model, text="first")) == (["t1"], [])
    await written.close()


async def test_a_task_with_several_runs_is_in_all_of_their_phases(tmp_path: Path) -> None:
    written = await given(tmp_path)
    model = ReadModel(tmp_path)
    model.catch_up()
    about = question("t3", assignee="bob")
    await written.commit(
        {
            "t3/approve/1": components(
                Run("t3", "approve", 1, 60.0), Attempt(1), Suspended(WaitKind.HUMAN, 60.0, about.id), about
            ),
            "t3/print/1": components(Run("t3", "print", 1, 59.0), Attempt(1), Running(59.0)),
        }
    )
    assert ids(model, phase="approve") == ["t5", "t4", "t3"]
    assert ids(model, phase="approve", classification="write") == []
    assert ids(model, phase="draft", order="priority") == ["t6", "t3"]
    assert ids(model, text="sea", phase="print") == ["t3"]
    (row,) = model.tasks(TaskQuery(phase="print")).rows
    assert (row.phases, row.waiting) == (("draft", "print", "approve"), (WaitKind.HUMAN,))
    assert model.counts(TaskQuery(phase="approve")) == {TaskState.WAITING_HUMAN: 2, TaskState.IN_PROGRESS: 1}
    await written.commit({"t3/draft/1": None, "t3/approve/1": None})
    assert ids(model, phase="approve") == ["t5", "t4"]
    assert ids(model, phase="print") == ["t3"]
    await written.close()


async def test_open_questions_come_due_first_and_go_with_the_answer(tmp_path: Path) -> None:
    written = await given(tmp_path)
    await written.task("t7", TaskState.WAITING_HUMAN, phase="approve", question=question("t7", asked_at=0.5))
    model = ReadModel(tmp_path)

    def asked(**given: Any) -> list[str]:
        model.catch_up()
        return [row.task for row in model.questions(QuestionQuery(**given)).rows]

    assert asked() == ["t4", "t7", "t5"]
    assert asked(assignee="ann") == ["t4"]
    assert asked(candidate="ann") == ["t5"]
    assert asked(candidate="legal", kind="human", overdue=False) == ["t5"]
    assert asked(candidate="ann", task="t4") == []
    assert asked(task="t4") == ["t4"]
    assert asked(kind="io") == []
    first = model.questions(QuestionQuery(limit=2))
    assert [row.task for row in model.questions(QuestionQuery(limit=2, after=first.next)).rows] == ["t5"]
    (row,) = model.questions(QuestionQuery(task="t5")).rows
    assert (row.id, row.run, row.phase, row.workflow, row.candidates) == (
        "t5/approve/1/1q0",
        "t5/approve/1",
        "approve",
        "print",
        ("ann", "legal"),
    )
    late = msgspec.structs.replace(question("t4", assignee="ann", due=50.0), overdue=True)
    await written.commit({"t4/approve/1": {"question": late}})
    assert asked(overdue=True) == ["t4"]
    await written.commit({"t4/approve/1": {"question": None, "suspended": None}, "t5/approve/1": None})
    assert asked() == ["t7"]
    await written.close()


async def test_a_record_is_what_the_core_would_say(tmp_path: Path) -> None:
    written = await given(tmp_path)
    model = ReadModel(tmp_path)
    model.catch_up()
    record = model.record("t1")
    assert record is not None
    assert record.get(Identity).labels == {"team": "sea", "size": "big"}
    assert bytes(record.get(Progress).entries["draft"].output) == b'{"said":"tides"}'
    asked = model.record("t4")
    assert asked is not None
    assert asked.runs["t4/approve/1"]["question"].assignee == "ann"
    assert model.record("nobody") is None
    await written.close()


async def test_events_are_told_in_order(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    tasks = ("t0", "t1", "t2")
    told: list[Event] = []
    told += [TaskSubmitted(task, "review") for task in tasks]
    told += [PhaseStarted(task, "r") for task in tasks]
    pending = Status(TaskState.PENDING, 1.0)
    changes: Changes = {task: components(Identity(task, "review", "d1", 1.0), pending) for task in tasks}
    await written.commit(changes, (), tuple(told))
    await written.commit({"t1": {"status": Status(TaskState.IN_PROGRESS, 2.0)}}, (), (PhaseStarted("t1", "s"),))
    model = ReadModel(tmp_path)
    model.catch_up()
    assert [(row.n, row.at, row.event["event"]) for row in model.events("t1")] == [
        (2, 2.0, "TaskSubmitted"),
        (2, 2.0, "PhaseStarted"),
        (3, 3.0, "PhaseStarted"),
    ]
    assert [row.task for row in model.events()] == ["t0", "t1", "t2", "t0", "t1", "t2", "t1"]
    assert [(row.n, row.i) for row in model.events(after_n=2, after_i=3, limit=2)] == [(2, 4), (2, 5)]
    assert [(row.n, row.i) for row in model.events("t1", after_n=2, after_i=1)] == [(2, 4), (3, 0)]
    assert [row.n for row in model.events(after_n=2)] == [3]
    await written.commit({"t1": None}, (), (TaskPurged("t1"),))
    model.catch_up()
    assert [(row.task, row.event["event"]) for row in model.events(after_n=2)] == [("t1", "TaskPurged")]
    assert {row.task for row in model.events(after_n=1, limit=4)} == {"t0", "t2"}
    assert model.events("t1") == ()
    await written.close()


async def test_a_page_of_events_goes_on_behind_what_was_purged(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    tasks = [f"t{number}" for number in range(5)]
    for task in (*tasks, "last"):
        changes: Changes = {task: components(Identity(task, "review", "d1", 1.0), Status(TaskState.PENDING, 1.0))}
        await written.commit(changes, (), (TaskSubmitted(task, "review"),))
    await written.commit(dict.fromkeys(tasks))
    model = ReadModel(tmp_path)
    model.catch_up()
    assert [row.task for row in model.events(limit=2)] == ["last"]
    await written.close()


async def test_the_feed_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "FEED_BYTES", 1_000)
    written = await Written(tmp_path).open()
    model = ReadModel(tmp_path)
    for number in range(100):
        identity = components(Identity(f"t{number}", "review", "d1", 1.0), Status(TaskState.PENDING, 1.0))
        await written.commit({f"t{number}": identity}, (), (TaskSubmitted(f"t{number}", "review"),))
        if number % 7 == 0:
            model.catch_up()
    model.catch_up()
    rows = model.events(limit=1_000)
    assert rows[-1].task == "t99"
    assert 5 < len(rows) < 40
    assert [row.task for row in model.events("t3")] == ["t3"]
    await written.close()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"statuses": ("failed",)},
        {"workflows": ("review",)},
        {"order": "-since"},
        {"order": "priority", "statuses": ("pending",)},
        {"phase": "draft"},
        {"waiting": "human", "order": "submitted"},
        {"labels": {"a": "b"}},
        {"parent": "x"},
        {"failure_group": "x"},
        {"error": "Oops"},
        {"failed_phase": "draft", "order": "submitted"},
        {"definition": "d1"},
        {"since_after": 1.0, "order": "-since"},
        {"order": "priority"},
    ],
)
async def test_a_page_is_read_in_order_and_not_sorted(tmp_path: Path, asked: dict[str, Any]) -> None:
    written = await given(tmp_path)
    model = ReadModel(tmp_path)
    model.catch_up()
    connection = sqlite3.connect(model.path)
    plans: list[str] = []

    def execute(sql: Sql) -> list[tuple[Any, ...]]:
        plans.extend(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql.text}", sql.parameters))
        return connection.execute(sql.text, sql.parameters).fetchall()

    selecting.page(TaskQuery(limit=2, **asked), None, None, execute)
    connection.close()
    assert plans
    assert all("TEMP B-TREE" not in step and step != "SCAN tasks" for step in plans), plans
    await written.close()
