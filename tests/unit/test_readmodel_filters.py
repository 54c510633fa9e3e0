"""Every combination of filters and orders against a plain look at all tasks."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.readmodel_given import Known, known, story
from workflow_engine.core.components import TERMINAL, TaskState
from workflow_engine.readmodel import counting, narrowing, selecting
from workflow_engine.readmodel.grouping import failure_group
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import Counted, TaskQuery


def fits(query: TaskQuery, task: Known) -> bool:
    """Whether *task* is one that *query* asks for."""
    failure = task.failure or {}
    asked = (query.phase, query.classification, query.waiting)
    places = any(all(a is None or a == b for a, b in zip(asked, place, strict=True)) for place in task.places)
    return all(
        (
            not query.statuses or task.state in query.statuses,
            not query.workflows or task.workflow in query.workflows,
            asked == (None, None, None) or places,
            all(task.labels.get(name) == value for name, value in query.labels.items()),
            query.text is None or query.text in task.data.replace("'", " ").split() or task.id.startswith(query.text),
            query.parent is None or task.parent == query.parent,
            query.definition is None or task.definition == query.definition,
            query.submitted_after is None or task.submitted_at >= query.submitted_after,
            query.submitted_before is None or task.submitted_at < query.submitted_before,
            query.since_after is None or task.since >= query.since_after,
            query.since_before is None or task.since < query.since_before,
            query.failed_phase is None or failure.get("phase") == query.failed_phase,
            query.error is None or failure.get("error") == query.error,
            query.failure_group is None or group_of(task) == query.failure_group,
        )
    )


def group_of(task: Known) -> str | None:
    """Return the key of the group of failures that *task* is in."""
    failure = task.failure
    if failure is None or task.state is not TaskState.FAILED:
        return None
    return failure_group(task.workflow, failure["phase"], failure["error"], failure["message"])


def expected(query: TaskQuery, tasks: list[Known]) -> list[str]:
    """Return the ids of all tasks of *query*, in its order."""
    keys: dict[str, Callable[[Known], Any]] = {
        "submitted": lambda task: (task.submitted_at, task.id),
        "since": lambda task: (task.since, task.id),
        "priority": lambda task: (-task.priority, task.submitted_at, task.id),
        "id": lambda task: task.id,
    }
    listed = sorted((task for task in tasks if fits(query, task)), key=keys[query.order.removeprefix("-")])
    return [task.id for task in (reversed(listed) if query.order.startswith("-") else listed)]


def all_pages(model: ReadModel, asked: dict[str, Any]) -> list[str]:
    """Return the ids that a query lists, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = model.tasks(TaskQuery(**asked, limit=7, after=after))
        found += [row.id for row in page.rows]
        after = page.next
        if after is None:
            return found


class Asking:
    """Makes up queries about *tasks*."""

    def __init__(self, dice: random.Random, tasks: list[Known]) -> None:
        self._dice = dice
        self._tasks = tasks

    def query(self) -> dict[str, Any]:
        """Return the arguments of a query with up to three filters."""
        dice, task = self._dice, self._dice.choice(self._tasks)
        failed = [one for one in self._tasks if one.failure]
        failure = dice.choice(failed).failure or {}
        times = sorted((task.since, dice.choice(self._tasks).submitted_at))
        filters: list[dict[str, Any]] = [
            {"statuses": (task.state,)},
            {"statuses": tuple(dice.sample(list(TaskState), 3))},
            {"workflows": (task.workflow,)},
            {"workflows": ("print", "ship", "none")},
            {"phase": dice.choice(("draft", "approve"))},
            {"classification": "write"},
            {"waiting": dice.choice(("human", "io"))},
            {"labels": {"team": dice.choice("abc")}},
            {"text": dice.choice((task.id, task.id[:3], "again", "word7", "t"))},
            {"parent": task.parent or task.id},
            {"definition": task.definition},
            {"submitted_after": times[0]},
            {"submitted_before": times[1], "submitted_after": times[0]},
            {"since_after": times[0]},
            {"since_before": times[1], "since_after": times[0]},
            {"failed_phase": failure["phase"]},
            {"error": failure["error"]},
            {"failure_group": group_of(dice.choice(failed)) or "none"},
        ]
        asked: dict[str, Any] = {"order": dice.choice(list(selecting.ORDERS))}
        for chosen in dice.sample(filters, dice.randint(0, 3)):
            asked |= chosen
        return asked


@pytest.mark.parametrize("few", [3, narrowing.FEW])
@pytest.mark.parametrize("seed", range(3))
async def test_every_filter_and_order_lists_and_counts_what_a_plain_look_finds(
    tmp_path: Path, seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "FEW", few)
    monkeypatch.setattr(counting, "AMONG", few)
    tasks = known(await story(tmp_path, seed))
    model = ReadModel(tmp_path)
    asking = Asking(random.Random(seed), tasks)
    for _ in range(120):
        asked = asking.query()
        ids = expected(TaskQuery(**asked), tasks)
        assert all_pages(model, asked) == ids, asked
        states = Counter(task.state for task in tasks if task.id in set(ids))
        assert model.counts(TaskQuery(**asked)) == dict(states), asked


async def test_counting_stops_where_it_would_take_long_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = known(await story(tmp_path, 9))
    model = ReadModel(tmp_path)
    drafts = TaskQuery(error="Oops")
    exact = {state: Counted(count) for state, count in model.counts(drafts).items()}
    assert model.counted(drafts) == exact
    monkeypatch.setattr(counting, "AMONG", 4)
    found = model.counted(drafts)
    assert set(found) == set(TaskState)  # any of them may have more
    assert all(one.capped for one in found.values())
    assert sum(one.n for one in found.values()) == 4
    everything = Counter(task.state for task in tasks)
    assert model.counted() == {state: Counted(count) for state, count in everything.items()}
    of_one = Counter(task.state for task in tasks if task.workflow == "print" and task.definition == "d2")
    assert model.counts(TaskQuery(workflows=("print",), definition="d2")) == dict(of_one)
    monkeypatch.setattr(counting, "COUNTED_MAX", 2)
    monkeypatch.setattr(counting, "AMONG", 1_000)
    assert model.counted(TaskQuery(error="Oops", statuses=("failed",))) == {TaskState.FAILED: Counted(2, True)}


async def test_a_task_is_found_by_what_its_run_is_called(tmp_path: Path) -> None:
    tasks = known(await story(tmp_path, 4))
    model = ReadModel(tmp_path)
    task = next(task for task in tasks if task.state not in TERMINAL)
    for text in (task.id, f"{task.id}/draft/1", f"{task.id}/approve/7/1q0", f" {task.id} "):
        assert [row.id for row in model.tasks(TaskQuery(text=text)).rows] == [task.id], text
    assert model.tasks(TaskQuery(text=f"{task.id[:-1]}/draft/1")).rows == ()
