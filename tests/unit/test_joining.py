"""Joining: a run forks tasks, and goes on once all of these have ended."""

from typing import Any

import msgspec

from tests.unit.core_helpers import Driven, aborted, defined, failed, performed, raw, refused, settled, started
from tests.unit.test_flow import needs
from tests.unit.test_restore import Journaled
from workflow_engine.core.components import Failure, Forking, Identity, StepRecord, Steps, TaskState
from workflow_engine.core.core import Core
from workflow_engine.core.events import TasksForked
from workflow_engine.core.inputs import Branch, Cancel, FanOut, Fork, Purge, Retry, Serving, Submit
from workflow_engine.core.systems.joining import NESTING_MAX
from workflow_engine.spec.model import Phase, WorkflowSpec

CHILD = WorkflowSpec(name="child", phases=(Phase(id="c"),))
UNDOABLE = WorkflowSpec(name="undoable", phases=(Phase(id="c", compensate="undo"), Phase(id="d")))


def fork(run: str = "t/a/1", count: int = 2, spec: WorkflowSpec = CHILD, **given: Any) -> Fork:
    """Return a handler's wish for some tasks."""
    return Fork(run, 1, "fork", 0, tuple(Branch(spec.digest()) for _ in range(count)), **given)


def forked(count: int = 2, *phases: Phase, spec: WorkflowSpec = CHILD) -> Driven:
    """Return a task that waits for some it has forked."""
    driven = started(*phases)
    driven.tick(101.0, defined(spec), fork(count=count, spec=spec))
    return driven


def joined(driven: Driven, run: str = "t/a/1") -> Any:
    """Return what the step of the handler that forked gives."""
    steps = driven.core.snapshot()[run]["steps"]
    assert isinstance(steps, Steps)
    record = steps.entries["fork"]
    assert isinstance(record, StepRecord)
    return msgspec.json.decode(record.value)


def test_forked_tasks_have_ids_of_their_own_and_know_who_waits_for_them() -> None:
    driven = started()
    decision = driven.tick(101.0, defined(CHILD), fork())
    assert TasksForked("t", "t/a/1", ("t~a.1.1", "t~a.1.2")) in decision.events
    assert performed(decision) == ["t~a.1.1/c/1", "t~a.1.2/c/1"]
    identity = driven.find("t~a.1.1", Identity)
    assert (identity.parent, identity.parent_run, identity.workflow) == ("t", "t/a/1", "child")
    assert driven.state() is TaskState.IN_PROGRESS


def test_a_run_goes_on_once_all_have_ended_with_what_they_gave_in_their_order() -> None:
    driven = forked()
    driven.tick(102.0, settled("t~a.1.2/c/1", output=2, context={"k": raw("v")}))
    assert performed(driven.tick(103.0)) == []
    driven.tick(104.0, settled("t~a.1.1/c/1", output=1))
    assert driven.core.next_due() == 104.0
    assert performed(driven.tick(104.0)) == ["t/a/1"]
    assert joined(driven) == [
        {"task": "t~a.1.1", "output": 1, "changes": {}},
        {"task": "t~a.1.2", "output": 2, "changes": {"k": "v"}},
    ]


def test_a_forked_task_begins_with_the_context_of_its_parent_and_gives_back_what_it_has_changed() -> None:
    driven = Driven()
    driven.tick(99.0, defined(CHILD))
    driven.tick(100.0, driven.submit())
    driven.tick(101.0, fork(count=1, context={"same": raw(1), "other": raw(2)}))
    driven.tick(102.0, settled("t~a.1.1/c/1", context={"same": raw(1), "other": raw(3)}))
    driven.tick(103.0)
    assert joined(driven)[0]["changes"] == {"other": 3}


def test_a_task_that_fails_fails_the_run_and_cancels_its_siblings() -> None:
    driven = forked(3)
    driven.tick(102.0, settled("t~a.1.1/c/1"))
    driven.tick(103.0, failed("t~a.1.2/c/1", permanent=True))
    driven.tick(103.0)
    message = "task t~a.1.2, which it forked, is failed: it broke"
    assert driven.find("t", Failure) == Failure("a", "ForkedTaskFailed", message, 1)
    decision = driven.tick(103.0)
    assert (aborted(decision), driven.state("t~a.1.3")) == (["t~a.1.3/c/1"], TaskState.CANCELLED)
    assert driven.core.next_due() is None


def test_a_forked_task_that_somebody_cancels_fails_the_run() -> None:
    driven = forked(1)
    driven.tick(102.0, Cancel("t~a.1.1", "enough"))
    driven.tick(102.0)
    assert driven.find("t", Failure).message == "task t~a.1.1, which it forked, is cancelled: enough"


def test_cancelling_the_parent_cancels_children_and_their_children_in_one_tick() -> None:
    driven = forked(2)
    driven.tick(102.0, fork("t~a.1.1/c/1", 1))
    decision = driven.tick(103.0, Cancel("t", ticket=1))
    assert sorted(decision.ended) == ["t", "t~a.1.1", "t~a.1.1~c.1.1", "t~a.1.2"]
    assert {driven.state(task) for task in decision.ended} == {TaskState.CANCELLED}
    assert driven.tick(103.0).changes == {}
    assert driven.core.next_due() is None


def test_a_parent_that_fails_for_another_reason_takes_its_children_along() -> None:
    driven = forked(1, needs("a"), needs("b"))
    driven.tick(102.0, failed("t/b/1", permanent=True))
    assert sorted(driven.tick(102.0).ended) == ["t~a.1.1"]


def test_a_fork_and_a_cancellation_in_one_tick_leave_no_task_behind() -> None:
    driven = started()
    driven.tick(101.0, defined(CHILD), fork(), Cancel("t"))
    assert [entity for entity in driven.core.snapshot() if not entity.startswith("#")] == []


def test_children_that_end_in_the_tick_in_which_their_parent_does_leave_nothing_behind() -> None:
    driven = forked(2)
    driven.tick(102.0, settled("t~a.1.1/c/1"), failed("t~a.1.2/c/1", permanent=True), Cancel("t"))
    assert (driven.tick(102.0).changes, driven.core.tasks()) == ({}, 0)


def test_work_that_is_superseded_while_it_waits_for_tasks_cancels_them() -> None:
    driven = started(needs("draft"), needs("a", "draft"), needs("review", "draft", on_reject={"target": "draft"}))
    driven.tick(101.0, defined(CHILD), settled("t/draft/1"))
    driven.tick(102.0, fork(count=1))
    driven.tick(103.0, settled("t/review/1", issues=raw([])))
    assert list(driven.tick(103.0).ended) == ["t~a.1.1"]


def test_an_item_of_a_fan_out_forks_tasks_of_its_own() -> None:
    driven = started(Phase(id="a", for_each="inputs"))
    driven.tick(101.0, defined(CHILD), FanOut("t/a/1", 1, raw([1, 2])))
    assert performed(driven.tick(102.0, fork("t/a/1.1", 1))) == ["t~a.1.1.1/c/1"]
    driven.tick(103.0, failed("t~a.1.1.1/c/1", permanent=True))
    driven.tick(103.0)
    assert (driven.find("t", Failure).error, driven.core.tasks()) == ("ForkedTaskFailed", 0)


def test_a_run_that_forks_again_numbers_on() -> None:
    driven = forked(1)
    driven.tick(102.0, settled("t~a.1.1/c/1"))
    driven.tick(102.0)
    again = Fork("t/a/1", 1, "fork#2", 1, (Branch(CHILD.digest()),))
    assert performed(driven.tick(103.0, again)) == ["t~a.1.2/c/1"]
    assert driven.core.snapshot()["t/a/1"]["forking"] == Forking("fork#2", 1, 2)


def test_tasks_do_not_fork_tasks_without_end() -> None:
    name = "~".join("t" * (NESTING_MAX + 1))
    driven = Driven()
    driven.tick(100.0, defined(CHILD), Submit(name, CHILD.digest(), raw(1)))
    driven.tick(101.0, fork(f"{name}/c/1", 1))
    assert driven.find(name, Failure).error == "ForkedTooDeep"


def test_a_forked_task_that_is_retried_goes_on_alone() -> None:
    driven = forked(1)
    driven.tick(102.0, failed("t~a.1.1/c/1", permanent=True))
    driven.tick(102.0)
    driven.tick(103.0, Retry("t~a.1.1"))
    assert driven.find("t~a.1.1", Identity).parent_run is None
    driven.tick(104.0, settled("t~a.1.1/c/2"))
    assert (driven.state("t~a.1.1"), driven.state()) == (TaskState.COMPLETED, TaskState.FAILED)


def test_a_retry_in_the_tick_in_which_the_parent_hears_of_the_failure_does_not_keep_the_task() -> None:
    driven = forked(1)
    driven.tick(102.0, failed("t~a.1.1/c/1", permanent=True))
    driven.tick(102.0, Retry("t~a.1.1"))
    assert (driven.state(), driven.state("t~a.1.1")) == (TaskState.FAILED, TaskState.IN_PROGRESS)
    assert driven.find("t~a.1.1", Identity).parent_run is None


def test_a_parent_that_is_retried_forks_anew() -> None:
    driven = forked(1)
    driven.tick(102.0, failed("t~a.1.1/c/1", permanent=True))
    driven.tick(102.0)
    driven.tick(103.0, Retry("t"))
    assert performed(driven.tick(104.0, fork("t/a/2", 1))) == ["t~a.2.1/c/1"]


def test_a_child_that_compensates_outlives_its_parent_and_ends_by_itself() -> None:
    driven = forked(1, spec=UNDOABLE)
    driven.tick(102.0, settled("t~a.1.1/c/1"))
    decision = driven.tick(103.0, Cancel("t"))
    assert (list(decision.ended), performed(decision)) == (["t"], ["t~a.1.1/c:compensate/1"])
    driven.tick(104.0, Purge("t"))
    driven.tick(105.0, settled("t~a.1.1/c:compensate/1"))
    assert driven.state("t~a.1.1") is TaskState.CANCELLED


def test_a_child_whose_parent_ended_is_cancelled_by_the_next_start() -> None:
    first = Journaled(Core())
    spec = WorkflowSpec(name="w", phases=(needs("a"), needs("b")))
    first.tick([defined(spec), defined(CHILD), Serving(True), Submit("t", spec.digest(), raw(1))], 100.0)
    first.tick([fork(count=1)], 101.0)
    first.tick([failed("t/b/1", permanent=True)], 102.0)
    second = first.restored(103.0)
    assert list(second.tick([], 104.0).ended) == ["t~a.1.1"]


def test_a_child_that_ended_is_joined_by_the_next_start() -> None:
    first = Journaled(Core())
    spec = WorkflowSpec(name="w", phases=(Phase(id="a"),))
    first.tick([defined(spec), defined(CHILD), Serving(True), Submit("t", spec.digest(), raw(1))], 100.0)
    first.tick([fork(count=1)], 101.0)
    first.tick([settled("t~a.1.1/c/1")], 102.0)
    second = first.restored(103.0)
    assert performed(second.tick([Serving(True)], 104.0)) == ["t/a/1"]


def test_a_task_that_compensates_is_not_cancelled_once_more() -> None:
    driven = forked(1, spec=UNDOABLE)
    driven.tick(102.0, settled("t~a.1.1/c/1"))
    driven.tick(103.0, Cancel("t~a.1.1"))
    _, why = refused(driven.tick(104.0, Cancel("t~a.1.1", ticket=1)))
    assert why == "task t~a.1.1 is compensating already and does not accept cancel"
