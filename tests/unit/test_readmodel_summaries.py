"""Overview, workflows and groups of failures against a plain look at all tasks."""

import math
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.unit.readmodel_given import Known, Written, folded, json, known, story
from tests.unit.test_readmodel_filters import group_of
from workflow_engine.core.components import TERMINAL, AnswerRecord, Cost, Failure, TaskState, WaitKind
from workflow_engine.core.events import PhaseStarted, TaskPurged, TaskSubmitted
from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.grouping import normalised
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import (
    AnsweredRow,
    Bucket,
    DefinitionRow,
    FailureGroup,
    Latency,
    Oldest,
    Spending,
    TaskQuery,
    Waiting,
    WorkflowRow,
)
from workflow_engine.readmodel.summaries import quantile


@pytest.mark.parametrize("seed", range(4))
async def test_workflows_are_those_of_all_tasks(tmp_path: Path, seed: int) -> None:
    commits = await story(tmp_path, seed)
    tasks = known(commits)
    expected: list[WorkflowRow] = []
    for name in sorted({task.workflow for task in tasks}):
        own = [task for task in tasks if task.workflow == name]
        rows = [_definition(digest, own, tasks) for digest in {task.definition for task in own}]
        rows.sort(key=lambda row: (-row.last_at, row.digest))
        expected.append(WorkflowRow(name, tuple(rows), dict(Counter(task.state for task in own))))
    assert ReadModel(tmp_path).workflows() == tuple(expected)


def _definition(digest: str, own: list[Known], tasks: list[Known]) -> DefinitionRow:
    times = [task.submitted_at for task in tasks if task.definition == digest]
    states = [task.state for task in own if task.definition == digest]
    return DefinitionRow(digest, min(times), max(times), sum(state not in TERMINAL for state in states), len(states))


@pytest.mark.parametrize("order", ["-last", "-count"])
@pytest.mark.parametrize("seed", range(4))
async def test_groups_of_failures_are_those_of_all_failed_tasks(tmp_path: Path, seed: int, order: str) -> None:
    tasks = known(await story(tmp_path, seed))
    model = ReadModel(tmp_path)
    groups: defaultdict[str, list[Known]] = defaultdict(list)
    for task in tasks:
        key = group_of(task)
        if key is not None:
            groups[key].append(task)
    expected = [_group(key, members) for key, members in groups.items()]
    field = "last_at" if order == "-last" else "count"
    expected.sort(key=lambda group: (getattr(group, field), group.key), reverse=True)
    assert len(expected) > 3
    for workflow in (None, "print"):
        found: list[FailureGroup] = []
        after: str | None = None
        while True:
            page = model.failures(workflow, 2, after, "-last" if order == "-last" else "-count")
            found += page.rows
            after = page.next
            if after is None:
                break
        assert found == [group for group in expected if workflow in (None, group.workflow)]
    for group in expected:
        listed = model.tasks(TaskQuery(failure_group=group.key)).rows
        assert {row.id for row in listed} == {task.id for task in groups[group.key]}


def _group(key: str, members: list[Known]) -> FailureGroup:
    members = sorted(members, key=lambda task: (task.since, task.id), reverse=True)
    failure = members[0].failure or {}
    return FailureGroup(
        key,
        members[0].workflow,
        failure["phase"],
        failure["error"],
        failure["message"],
        len(members),
        members[-1].since,
        members[0].since,
        tuple(task.id for task in members[:5]),
    )


async def test_failures_are_refused_with_a_remedy(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    model = ReadModel(tmp_path)
    model.catch_up()
    with pytest.raises(InputRefused, match="use -last, -count"):
        model.failures(order="loudest")  # type: ignore[arg-type] # what a request may hold
    await written.task("t1", TaskState.FAILED, failure=Failure("draft", "Oops", "one", 1))
    await written.task("t2", TaskState.FAILED, failure=Failure("draft", "Oops", "two", 1))
    model.catch_up()
    after = model.failures(limit=1).next
    with pytest.raises(InputRefused, match="belongs to the order"):
        model.failures(after=after, order="-count")
    with pytest.raises(InputRefused, match="1 to 1000"):
        model.failures(limit=0)
    with pytest.raises(InputRefused, match="ask for a window"):
        model.overview(0.0, 59)
    await written.close()


async def test_a_failure_that_is_retried_or_purged_leaves_its_group(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    model = ReadModel(tmp_path)
    for number in (1, 2, 3):
        failure = Failure("draft", "Oops", f"no page {number} of 'book {number}'", 1)
        await written.task(f"t{number}", TaskState.FAILED, failure=failure)
    model.catch_up()
    (group,) = model.failures().rows
    assert (group.count, group.first_at, group.last_at, group.newest) == (3, 2.0, 4.0, ("t3", "t2", "t1"))
    assert group.message == "no page 3 of 'book 3'"
    await written.commit({"t3": None})
    model.catch_up()
    (group,) = model.failures().rows
    assert (group.count, group.last_at, group.newest) == (2, 3.0, ("t2", "t1"))
    await written.task("t1")  # taken up again
    model.catch_up()
    (group,) = model.failures().rows
    assert (group.count, group.first_at, group.newest) == (1, 3.0, ("t2",))
    await written.task("t2")
    model.catch_up()
    assert model.failures().rows == ()
    await written.close()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no page 7", "no page 12"),
        ("timeout after 3.5s", "timeout after 10.25s"),
        ("no file 'a b.txt' here", "no file 'c.txt' here"),
        ('key "x" is missing', 'key "other" is missing'),
        ("task 1ng0ra83ddsc-00001 is gone", "task 1ng0ra83ddsc-00002~draft.1.2 is gone"),
        ("object at 0x7f3a", "object at 0xdeadbeef"),
        ("commit deadbeefcafe", "commit 4086f26503986596"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-0000-0000-0000-000000000000"),
        ("items [1, 2, 3] differ", "items [4, 5] differ"),
        ("host db-1.internal:5432 refused", "host db-22.internal:5432 refused"),
        ("two\nlines", "two   lines"),
    ],
)
def test_messages_that_differ_in_values_fall_together(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("connection refused", "connection reset"),
        ("can't open it, won't try", "can't find it, won't try"),
        ("no page 7", "no line 7"),
        ("", "x"),
    ],
)
def test_messages_that_differ_in_words_stay_apart(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(("seed", "window"), [(0, 60), (0, 100), (1, 100), (1, 3_600), (2, 86_400)])
async def test_an_overview_says_what_a_plain_look_finds(tmp_path: Path, seed: int, window: int) -> None:
    commits = await story(tmp_path, seed)
    tasks, entities = known(commits), folded(commits)
    now = commits[-1].at + 30
    found = ReadModel(tmp_path).overview(now, window)
    assert found.bucket_seconds == 60 * math.ceil(window / 3_600)
    assert found.buckets == tuple(_buckets(tasks, now, found.bucket_seconds, math.ceil(window / found.bucket_seconds)))
    assert found.statuses == dict(Counter(task.state for task in tasks))
    assert found.waiting == tuple(_waiting(tasks, kind) for kind in WaitKind)
    living = [task for task in tasks if task.state not in TERMINAL]
    first = min(living, key=lambda task: (task.submitted_at, task.id))
    assert found.oldest == Oldest(first.id, first.state, first.submitted_at)
    questions = [parts["question"] for parts in entities.values() if "question" in parts]
    assert (found.questions, found.overdue) == (len(questions), sum(bool(one.get("overdue")) for one in questions))
    ledgers = sorted(ReadModel(tmp_path).ledgers(), key=lambda ledger: -ledger.cost.dollars)
    assert found.spending == tuple(Spending(ledger.workflow, ledger.cost) for ledger in ledgers)
    costs = [Cost(**task.cost) for task in tasks if task.cost]
    (day,) = found.days
    assert (day.at, day.cost.tokens) == (0.0, sum(cost.tokens for cost in costs))
    assert day.cost.dollars == pytest.approx(sum(cost.dollars for cost in costs))
    assert day.cost.unpriced == sum(cost.unpriced for cost in costs)
    seconds = sorted(
        task.since - task.submitted_at for task in tasks if task.state in TERMINAL and task.since >= now - window
    )
    expected = Latency(len(seconds), quantile(seconds, 0.5), quantile(seconds, 0.95)) if seconds else Latency(0)
    assert found.latency == expected


def _buckets(tasks: list[Known], now: float, length: int, number: int) -> list[Bucket]:
    limit = int(now // length) + 1
    return [
        Bucket(
            float(one * length),
            sum(task.submitted_at // length == one for task in tasks),
            *(
                sum(task.since // length == one and task.state is state for task in tasks)
                for state in (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)
            ),
        )
        for one in range(limit - number, limit)
    ]


def _waiting(tasks: list[Known], kind: WaitKind) -> Waiting:
    times = [task.since for task in tasks if task.state == f"waiting_{kind}"]
    return Waiting(kind, len(times), min(times, default=None))


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.51, 0.95)] == [1.0, 2.0, 3.0, 4.0]


async def test_minutes_are_kept_for_a_month(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    model = ReadModel(tmp_path)
    for day in range(0, 60, 6):
        written.at = day * 86_400.0
        await written.task(f"t{day}", TaskState.COMPLETED)
        model.catch_up()
    buckets = model.overview(written.at, 30 * 86_400).buckets
    assert sum(bucket.completed for bucket in buckets) == 5
    model.reindex()
    assert model.overview(written.at, 30 * 86_400).buckets == buckets
    await written.close()


async def test_answered_questions_are_listed_in_order(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1", TaskState.WAITING_HUMAN, phase="approve")
    await written.commit({"t1": {"answers+": {"t1/approve/1/1q1": AnswerRecord(5.0, json({"ok": True}), "ann")}}})
    await written.commit({"t1": {"answers+": {"t1/approve/1/1q0": AnswerRecord(4.0, json("yes"))}}})
    model = ReadModel(tmp_path)
    model.catch_up()
    assert model.answered("t1") == (
        AnsweredRow("t1/approve/1/1q0", 4.0, "yes"),
        AnsweredRow("t1/approve/1/1q1", 5.0, {"ok": True}, "ann"),
    )
    assert model.answered("t2") == ()
    await written.close()


@pytest.mark.parametrize("seed", range(3))
async def test_the_newest_events_are_all_events_backwards(tmp_path: Path, seed: int) -> None:
    await story(tmp_path, seed)
    model = ReadModel(tmp_path)
    everything = list(reversed(model.events(limit=1_000)))
    assert list(model.latest_events(limit=1_000)) == everything
    failed = [row for row in everything if row.event["event"] in ("TaskFailed", "TaskCancelled")]
    assert list(model.latest_events(1_000, ("TaskFailed", "TaskCancelled"))) == failed
    first = model.latest_events(5)
    assert list(model.latest_events(5, before_n=first[-1].n, before_i=first[-1].i)) == everything[5:10]
    assert model.latest_events(5, kinds=()) == ()


async def test_the_newest_events_say_nothing_of_what_was_purged(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    await written.task("t1")
    await written.commit({}, (), (TaskSubmitted("t1", "review"), PhaseStarted("t1", "r")))
    await written.commit({"t1": None}, (), (TaskPurged("t1"),))
    model = ReadModel(tmp_path)
    model.catch_up()
    assert [row.event["event"] for row in model.latest_events()] == ["TaskPurged"]
    await written.close()
