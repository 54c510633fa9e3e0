"""Intake: submissions become tasks once, failed tasks are taken up again."""

import pytest

from tests.unit.core_helpers import Driven, decided, failed, perform, raw, refused, settled, started
from workflow_engine.core.components import (
    Attempt,
    Data,
    Definition,
    Identity,
    Progress,
    Run,
    Running,
    Status,
    TaskState,
)
from workflow_engine.core.events import PhaseStarted, TaskRetried, TaskSubmitted
from workflow_engine.core.inputs import Cancel, Define, Retry, Serving
from workflow_engine.core.tick import Components, Decision
from workflow_engine.errors import DuplicateTask, IllegalTransition, InputRefused, UnknownTask
from workflow_engine.spec.model import Phase, WorkflowSpec


def failed_for_good(*phases: Phase) -> Driven:
    """Return a core whose task t failed in its second phase, at 120."""
    driven = started(*phases)
    driven.tick(110.0, settled())
    driven.tick(120.0, failed("t/b/1", permanent=True))
    assert driven.state() is TaskState.FAILED
    return driven


def test_a_submission_becomes_a_task_with_its_first_run_under_way() -> None:
    driven = Driven()
    decision = driven.tick(
        100.0,
        driven.submit(data={"n": 1}, assigned_to="agentic", priority=5, parent="p", labels={"for": "Ann"}, ticket=7),
    )
    identity = Identity("t", "w", driven.digest, 100.0, "agentic", 5, "p", {"for": "Ann"})
    components: Components = {
        "identity": identity,
        "data": Data(raw({"n": 1})),
        "status": Status(TaskState.PENDING, 100.0),
    }
    assert decision == Decision(
        changes={
            "t": {"identity": identity, "data": Data(raw({"n": 1})), "status": Status(TaskState.IN_PROGRESS, 100.0)},
            "t/a/1": {"run": Run("t", "a", 1, 100.0), "attempt": Attempt(1), "running": Running(100.0)},
        },
        ended={},
        effects=[perform(adapter="agentic")],
        events=[TaskSubmitted("t", "w"), PhaseStarted("t", "t/a/1", 1)],
        replies=[(7, components)],
    )


def test_a_task_may_begin_in_a_later_phase() -> None:
    driven = Driven(Phase(id="a"), Phase(id="b"))
    assert driven.tick(100.0, driven.submit(start="b")).effects == [perform("t/b/1")]


def test_while_nothing_is_carried_out_a_task_waits() -> None:
    driven = Driven(serving=False)
    assert driven.tick(100.0, driven.submit()).effects == []
    assert driven.state() is TaskState.PENDING
    assert driven.tick(101.0, Serving(True)).effects == [perform()]


@pytest.mark.parametrize("data", [{"x": 1, "y": [2]}, {"y": [2], "x": 1}], ids=["the same", "in another order"])
def test_the_same_submission_again_is_the_same_task(data: object) -> None:
    driven = Driven()
    driven.tick(100.0, driven.submit(data={"x": 1, "y": [2]}))
    assert driven.tick(101.0, driven.submit(data=data, ticket=7)) == Decision({}, {}, [], [], [(7, "t")])


@pytest.mark.parametrize("data", [{"x": 2}, {"x": True}, {"x": 1, "y": None}, {}, None, [1]])
def test_the_same_id_with_other_data_is_refused(data: object) -> None:
    driven = Driven()
    driven.tick(100.0, driven.submit(data={"x": 1}))
    decision = driven.tick(101.0, driven.submit(data=data, ticket=7))
    assert decision[:4] == ({}, {}, [], [])
    assert refused(decision) == (
        DuplicateTask,
        "task t exists with other data; submit under another id, or the same data to get the existing task",
    )


def test_a_submission_that_comes_twice_in_one_tick_is_one_task() -> None:
    driven = Driven()
    decision = driven.tick(100.0, driven.submit(ticket=7), driven.submit(ticket=8), driven.submit(data=2, ticket=9))
    assert decision.effects == [perform()]
    [first, second, (_, third)] = decision.replies
    assert (first[0], second, type(third)) == (7, (8, "t"), DuplicateTask)


def test_a_task_that_has_ended_is_known_again_by_its_id_and_data() -> None:
    driven = started()
    driven.tick(110.0, settled())
    assert driven.tick(120.0, driven.submit(ticket=7)) == Decision({}, {}, [], [], [(7, "t")])
    assert refused(driven.tick(121.0, driven.submit(data=2, ticket=8)))[0] is DuplicateTask


def test_a_definition_that_is_not_known_is_refused() -> None:
    driven = Driven()
    submit = driven.submit(ticket=7)
    other = Driven(Phase(id="z"))
    assert refused(other.tick(100.0, submit)) == (
        InputRefused,
        f"task t names a definition that is not known: {driven.digest}",
    )


def test_a_definition_is_stored_once() -> None:
    spec = WorkflowSpec(name="v", phases=(Phase(id="z"),))
    define = Define(spec.digest(), "v", raw(spec.model_dump(mode="json", exclude_defaults=True)))
    driven = Driven()
    assert driven.tick(1.0, define, define).changes == {
        "#" + spec.digest(): {"definition": Definition("v", define.spec, told=1.0)}
    }
    assert driven.tick(2.0, define) == Decision({}, {}, [], [], [])


def test_a_failed_task_is_retried_from_the_phase_that_failed() -> None:
    driven = failed_for_good(Phase(id="a"), Phase(id="b"))
    decision = driven.tick(130.0, Retry("t", ticket=7))
    assert decided(decision) == ([perform("t/b/2")], [TaskRetried("t", "b"), PhaseStarted("t", "t/b/2", 1)])
    assert decision.replies == [(7, "t")]
    record = driven.core.record("t")
    assert record is not None
    assert record.components["status"] == Status(TaskState.IN_PROGRESS, 130.0)
    assert "failure" not in record.components
    assert list(record.runs) == ["t/b/2"]


def test_a_failed_task_is_retried_from_another_phase_and_goes_on_from_there() -> None:
    driven = failed_for_good(Phase(id="a"), Phase(id="b"))
    assert driven.tick(130.0, Retry("t", "a")).effects == [perform("t/a/2")]
    assert driven.tick(131.0, settled("t/a/2")).effects == [perform("t/b/2")]


def test_a_retry_journals_everything_since_the_task_had_left() -> None:
    driven = failed_for_good(Phase(id="a"), Phase(id="b"))
    progress = driven.find("t", Progress).entries
    identity = driven.find("t", Identity)
    assert driven.tick(130.0, Retry("t")).changes["t"] == {
        "identity": identity,
        "data": Data(raw(1)),
        "progress+": progress,
        "status": Status(TaskState.IN_PROGRESS, 130.0),
    }


def test_a_retry_from_a_phase_that_is_none_is_refused_and_changes_nothing() -> None:
    driven = failed_for_good(Phase(id="a"), Phase(id="b"))
    decision = driven.tick(130.0, Retry("t", "z", ticket=7))
    assert refused(decision) == (InputRefused, "task t has no phase 'z'; its phases are a, b")
    assert decision.changes == {}
    assert driven.state() is TaskState.FAILED


def test_only_a_failed_task_is_retried() -> None:
    live = started()
    assert refused(live.tick(101.0, Retry("t", ticket=7))) == (
        IllegalTransition,
        "task t is in_progress and does not accept retry; "
        "wait until it has ended, or cancel it and fork it as a new task",
    )
    completed = started()
    completed.tick(101.0, settled())
    _, why = refused(completed.tick(102.0, Retry("t", ticket=7)))
    assert why == "task t is completed and does not accept retry; fork it as a new task"
    cancelled = started()
    cancelled.tick(101.0, Cancel("t"))
    _, why = refused(cancelled.tick(102.0, Retry("t", ticket=7)))
    assert why == "task t is cancelled and does not accept retry; fork it as a new task"


@pytest.mark.parametrize("name", ["nobody", "t/a/1", "#", ""])
def test_what_is_no_task_is_not_retried(name: str) -> None:
    assert refused(started().tick(101.0, Retry(name, ticket=7)))[0] is UnknownTask


def test_a_definition_is_no_task() -> None:
    driven = started()
    assert refused(driven.tick(101.0, Retry("#" + driven.digest, ticket=7)))[0] is UnknownTask


def test_of_two_retries_in_one_tick_the_second_is_refused() -> None:
    driven = failed_for_good(Phase(id="a"), Phase(id="b"))
    decision = driven.tick(130.0, Retry("t", ticket=7), Retry("t", ticket=8))
    assert decision.effects == [perform("t/b/2")]
    [first, (_, second)] = decision.replies
    assert first == (7, "t")
    assert str(second).startswith("task t is pending and does not accept retry; wait until it has ended")


def test_a_retry_and_a_cancellation_in_one_tick_leave_it_cancelled() -> None:
    driven = failed_for_good(Phase(id="a"), Phase(id="b"))
    decision = driven.tick(130.0, Cancel("t", ticket=8), Retry("t", ticket=7))
    assert (decision.effects, decision.replies) == ([], [(7, "t"), (8, "t")])
    assert driven.find("t", Status) == Status(TaskState.CANCELLED, 130.0)
    assert list(decision.ended) == ["t"]
