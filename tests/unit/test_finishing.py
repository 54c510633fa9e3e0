"""Finishing: tasks end and leave the world; those that live on stand where their runs stand."""

import pytest

from tests.unit.core_helpers import Driven, answer, asks, failed, raw, settled, sleeps, started
from workflow_engine.core.components import Data, Failure, Identity, PhaseProgress, Progress, Status, TaskState
from workflow_engine.core.events import TaskCancelled, TaskCompleted, TaskFailed
from workflow_engine.core.inputs import Cancel, Declined, HandedBack, Input, Limit, Serving
from workflow_engine.spec.model import Phase


def test_a_completed_task_leaves_the_world_with_all_that_is_known_of_it() -> None:
    driven = started()
    decision = driven.tick(105.0, settled(output=[1]))
    assert decision.ended == {
        "t": {
            "identity": Identity("t", "w", driven.digest, 100.0),
            "data": Data(raw(1)),
            "status": Status(TaskState.COMPLETED, 105.0),
            "progress": Progress({"a": PhaseProgress(1, "completed", 100.0, 105.0, 1, raw([1]))}),
        }
    }
    assert list(driven.core.snapshot()) == ["#" + driven.digest]
    assert (driven.core.tasks(), driven.core.under_way(), driven.core.live()) == (0, 0, 1)


@pytest.mark.parametrize(
    ("come", "event", "status"),
    [
        (settled(), TaskCompleted("t"), Status(TaskState.COMPLETED, 105.0)),
        (
            failed(permanent=True),
            TaskFailed("t", "Boom", "it broke"),
            Status(TaskState.FAILED, 105.0, "it broke"),
        ),
        (Cancel("t", "enough"), TaskCancelled("t", "enough"), Status(TaskState.CANCELLED, 105.0, "enough")),
    ],
    ids=["completed", "failed", "cancelled"],
)
def test_a_task_ends_in_three_ways(come: Input, event: object, status: Status) -> None:
    driven = started()
    assert driven.tick(105.0, come).events[-1] == event
    assert driven.find("t", Status) == status


def test_what_is_known_of_an_ended_task_can_be_forgotten() -> None:
    driven = started()
    driven.tick(105.0, settled())
    assert driven.core.knows("t")
    driven.core.forget(["t", "nobody"])
    assert not driven.core.knows("t")
    assert driven.core.record("t") is None


def test_a_record_does_not_change_with_the_task() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    driven.tick(101.0, settled(context={"x": raw(1)}))
    before = driven.core.record("t")
    driven.tick(102.0, settled("t/b/1", context={"x": raw(2)}))
    assert before is not None
    assert before.components["context"].entries == {"x": raw(1)}
    assert list(before.runs) == ["t/b/1"]


@pytest.mark.parametrize(
    ("come", "state"),
    [
        ([], TaskState.IN_PROGRESS),
        ([failed()], TaskState.IN_PROGRESS),
        ([asks()], TaskState.WAITING_HUMAN),
        ([sleeps(60.0)], TaskState.WAITING_IO),
        ([Serving(False), HandedBack("t/a/1", 1)], TaskState.PENDING),
        ([Declined("t/a/1", 1, "a handler")], TaskState.PENDING),
    ],
    ids=["running", "backoff", "asking", "asleep", "ready", "parked"],
)
def test_a_task_stands_where_its_run_stands(come: list[Input], state: TaskState) -> None:
    driven = started()
    driven.tick(105.0, *come)
    assert driven.state() is state


def test_since_is_when_the_state_changed_and_not_when_anything_did() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    driven.tick(105.0, settled())
    driven.tick(110.0, failed("t/b/1"))
    driven.tick(120.0)
    assert driven.find("t", Status) == Status(TaskState.IN_PROGRESS, 100.0)
    driven.tick(121.0, asks("t/b/1", 2, step="ask"))
    driven.tick(130.0, answer("t/b/1/2q0"))
    assert driven.find("t", Status) == Status(TaskState.IN_PROGRESS, 130.0)


def test_an_ended_task_frees_its_place() -> None:
    driven = Driven()
    driven.tick(1.0, Limit("pool", "functional", 1))
    driven.tick(100.0, driven.submit("t"), driven.submit("u"))
    driven.tick(101.0, failed(permanent=True))
    assert driven.state("u") is TaskState.IN_PROGRESS
    record = driven.core.record("t")
    assert record is not None
    assert record.get(Failure).phase == "a"


def test_a_tick_without_news_changes_nothing() -> None:
    driven = started()
    assert driven.tick(500.0) == ({}, {}, [], [], [])
