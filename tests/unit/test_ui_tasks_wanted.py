"""Wanted: an address says which tasks, and says the same again."""

import pytest
from werkzeug.datastructures import MultiDict

from workflow_engine.core.components import TaskState
from workflow_engine.readmodel.rows import TaskQuery
from workflow_engine.ui.pages.bulk_chosen import carried, wanted_from
from workflow_engine.ui.pages.tasks_wanted import LABELS_MAX, Fault, Wanted, wanted_of


def of(query: list[tuple[str, str]]) -> Wanted:
    return wanted_of(MultiDict(query))


def test_without_anything_all_tasks_are_wanted_the_newest_first() -> None:
    assert of([]) == Wanted()
    assert Wanted().query(0) == TaskQuery()
    assert not Wanted().args()


FULL = Wanted(
    statuses=(TaskState.FAILED, TaskState.CANCELLED),
    workflow="a b",
    phase="p&q",
    labels=(("team", "press=agency"), ("region", "")),
    within="day",
    first="2026-01-02T03:04",
    last="2026-05-06",
    text="ship* it",
    group="k",
    order="since",
    size=100,
)


def test_what_is_carried_is_read_back() -> None:
    assert wanted_from(carried(FULL)) == FULL


def test_a_query_has_all_of_it() -> None:
    assert FULL.query(2_000_000_000.0) == TaskQuery(
        statuses=(TaskState.FAILED, TaskState.CANCELLED),
        workflows=("a b",),
        phase="p&q",
        labels={"team": "press=agency", "region": ""},
        text="ship* it",
        submitted_after=2_000_000_000.0 - 86_400,
        submitted_before=1_778_025_600.0,
        failure_group="k",
        order="since",
        limit=100,
    )


def test_of_two_beginnings_the_later_one_counts() -> None:
    assert of([("within", "day"), ("from", "2026-01-02T03:04Z")]).query(86_400.0).submitted_after == 1_767_323_040.0
    assert of([("from", "1970-01-01T01:00+01:00")]).query(0).submitted_after == 0.0


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("label", "press", Fault("press", "Write a name and a value, as team=press")),
        ("label", "=press", Fault("=press", "Write a name and a value, as team=press")),
        ("to", "10000-01-01", Fault("10000-01-01", "Write a day and a time, as 2026-05-31 14:00")),
        ("size", "9" * 5_000, Fault("9" * 5_000, f"There is no '{'9' * 60}' here; use 25, 50, 100, 200")),
        ("waiting", "dog", Fault("dog", "There is no 'dog' here; use human, agent, io")),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out_and_told(name: str, value: str, fault: Fault) -> None:
    found = of([(name, value)])
    assert found.faults == {name: fault}
    assert not found.args()


def test_a_label_has_one_value() -> None:
    found = of([("label", "team=press"), ("label", "team=sales"), ("label", "team=press")])
    assert found.labels == (("team", "press"),)
    assert found.faults == {"label": Fault("team=sales", "A task has one value for team; remove the other one first")}


def test_labels_are_bounded() -> None:
    found = of([("label", f"l{n}=1") for n in range(LABELS_MAX + 5)])
    assert len(found.labels) == LABELS_MAX
    assert "label" in found.faults
