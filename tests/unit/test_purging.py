"""Removing tasks that have ended."""

import msgspec

from workflow_engine.core.components import TaskState
from workflow_engine.core.core import Core
from workflow_engine.core.events import TaskPurged
from workflow_engine.core.inputs import Cancel, Define, Purge, Retry, Serving, Submit
from workflow_engine.core.tick import Decision
from workflow_engine.errors import EngineError, IllegalTransition, UnknownTask
from workflow_engine.spec.model import Phase, WorkflowSpec

SPEC = WorkflowSpec(name="w", phases=(Phase(id="a"),))


def core_with_task(*, ended: bool) -> Core:
    """Return a core with the task t1, live or cancelled."""
    core = Core()
    define = Define(SPEC.digest(), SPEC.name, msgspec.Raw(SPEC.stored()))
    core.tick([Serving(True), define, Submit("t1", SPEC.digest(), msgspec.Raw(b"1"))], 1.0)
    if ended:
        core.tick([Cancel("t1")], 2.0)
    return core


def purged(core: Core, task: str = "t1") -> Decision:
    return core.tick([Purge(task, ticket=7)], 3.0)


def accepted(decision: Decision) -> list[int]:
    """Return the tickets whose callers are not refused."""
    return [ticket for ticket, reply in decision.replies if not isinstance(reply, EngineError)]


def test_an_ended_task_is_removed_from_the_journal_and_from_memory() -> None:
    core = core_with_task(ended=True)
    decision = purged(core)
    assert decision.changes == {"t1": None}
    assert decision.events == [TaskPurged("t1")]
    assert decision.replies == [(7, "t1")]
    assert not core.knows("t1")


def test_a_live_task_is_not_purged() -> None:
    core = core_with_task(ended=False)
    decision = purged(core)
    assert (decision.changes, decision.events) == ({}, [])
    [(_, refusal)] = decision.replies
    assert isinstance(refusal, IllegalTransition)
    assert str(refusal) == "task t1 is in_progress and does not accept purge"
    assert core.knows("t1")


def test_neither_an_unknown_task_nor_a_run_is_purged() -> None:
    for name in ("t2", "t1/a/1"):
        [(_, refusal)] = purged(core_with_task(ended=False), name).replies
        assert isinstance(refusal, UnknownTask)


def test_a_task_is_purged_once() -> None:
    core = core_with_task(ended=True)
    purged(core)
    [(_, refusal)] = purged(core).replies
    assert isinstance(refusal, UnknownTask)


def test_the_id_of_a_purged_task_can_be_taken_again_with_other_data() -> None:
    core = core_with_task(ended=True)
    purged(core)
    decision = core.tick([Submit("t1", SPEC.digest(), msgspec.Raw(b"2"), ticket=8)], 4.0)
    assert accepted(decision) == [8]
    record = core.record("t1")
    assert record is not None
    assert record.components["status"].state is TaskState.IN_PROGRESS


def test_a_task_that_is_submitted_or_retried_in_the_same_tick_is_seen_by_the_purge() -> None:
    core = core_with_task(ended=True)
    again = Submit("t1", SPEC.digest(), msgspec.Raw(b"1"), ticket=6)
    assert accepted(core.tick([Purge("t1", ticket=7), again], 3.0)) == [6, 7]
    core = core_with_task(ended=True)
    replies = core.tick([Purge("t1", ticket=7), Retry("t1", ticket=6)], 3.0).replies
    assert isinstance(replies[0][1], IllegalTransition)  # it was cancelled, which cannot be retried
    assert replies[1] == (7, "t1")
