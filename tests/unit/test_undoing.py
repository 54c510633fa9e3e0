"""Undoing: before a task fails or is cancelled, what it has done is compensated, in reverse order."""

from tests.unit.core_helpers import Driven, defined, failed, performed, raw, rejects, settled, started
from tests.unit.test_flow import needs
from tests.unit.test_restore import Journaled
from workflow_engine.core.components import Failure, Status, TaskState
from workflow_engine.core.core import Core
from workflow_engine.core.events import UndoBegun, UndoFailed
from workflow_engine.core.inputs import Cancel, Retry, Serving, Skipped, Submit
from workflow_engine.spec.model import Phase, WorkflowSpec

A = Phase(id="a", compensate="undo a")
B = Phase(id="b", compensate="undo b")
C = Phase(id="c")


def undo(phase: str, visit: int = 1) -> str:
    """Return the run that compensates a phase."""
    return f"t/{phase}:compensate/{visit}"


def failing() -> Driven:
    """Return a task that has done a and b and failed in c."""
    driven = started(A, B, C)
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, settled("t/b/1"))
    decision = driven.tick(103.0, failed("t/c/1", permanent=True))
    assert UndoBegun("t", "it broke") in decision.events
    assert performed(decision) == [undo("b")]
    return driven


def test_what_was_done_is_undone_in_reverse_order_and_the_task_then_fails_for_its_own_reason() -> None:
    driven = failing()
    assert performed(driven.tick(104.0, settled(undo("b")))) == [undo("a")]
    driven.tick(105.0, settled(undo("a")))
    assert driven.find("t", Failure) == Failure("c", "Boom", "it broke", 1)
    assert driven.outcomes() | {"a": "compensated", "b": "compensated", "c": "failed"} == driven.outcomes()


def test_the_order_is_that_of_completion_even_within_one_moment() -> None:
    driven = started(needs("late", "early", compensate="x"), needs("early", compensate="x"), needs("c"))
    driven.tick(101.0, settled("t/early/1"))
    driven.tick(101.0, settled("t/late/1"))
    assert performed(driven.tick(101.0, failed("t/c/1", permanent=True))) == [undo("late")]


def test_a_cancelled_task_undoes_what_it_has_done_and_answers_at_once() -> None:
    driven = started(A, C)
    driven.tick(101.0, settled("t/a/1"))
    decision = driven.tick(102.0, Cancel("t", "enough", ticket=1))
    assert (decision.replies, performed(decision)) == ([(1, "t")], [undo("a")])
    decision = driven.tick(103.0, settled(undo("a")))
    assert (decision.replies, driven.find("t", Status)) == ([], Status(TaskState.CANCELLED, 103.0, "enough"))


def test_a_phase_that_completes_in_the_tick_of_the_cancellation_is_undone() -> None:
    driven = started(A, C)
    assert performed(driven.tick(101.0, settled("t/a/1"), Cancel("t"))) == [undo("a")]


def test_where_nothing_was_done_nothing_is_undone() -> None:
    driven = started(A, C)
    driven.tick(101.0, Skipped("t/a/1", 1))
    driven.tick(102.0, Cancel("t"))
    assert driven.state() is TaskState.CANCELLED


def test_a_compensation_is_tried_again_and_one_that_fails_for_good_does_not_keep_the_others_from_it() -> None:
    driven = failing()
    driven.tick(104.0, failed(undo("b")))
    assert performed(driven.tick(114.0)) == [undo("b")]
    decision = driven.tick(115.0, failed(undo("b"), attempt=2, permanent=True))
    assert UndoFailed("t", "b", "it broke") in decision.events
    assert performed(decision) == [undo("a")]
    driven.tick(116.0, settled(undo("a")))
    assert driven.find("t", Failure).message == "it broke; could not be compensated: b"


def test_a_phase_that_was_to_be_done_again_is_undone_for_the_work_it_did() -> None:
    driven = started(needs("a", compensate="x"), needs("review", "a", on_reject={"target": "a"}))
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, rejects("t/review/1", 1, "no"))
    assert performed(driven.tick(103.0, Cancel("t"))) == [undo("a")]


def test_a_second_visit_that_fails_does_not_hide_what_the_first_did() -> None:
    driven = started(needs("a", compensate="x"), needs("review", "a", on_reject={"target": "a"}))
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, rejects("t/review/1", 1, "no"))
    assert performed(driven.tick(103.0, failed("t/a/2", permanent=True))) == [undo("a")]
    driven.tick(104.0, settled(undo("a")))
    assert driven.state() is TaskState.FAILED


def test_a_phase_that_never_ended_is_not_undone_though_it_was_superseded() -> None:
    driven = started(
        needs("draft"), needs("slow", "draft", compensate="x"), needs("review", "draft", on_reject={"target": "draft"})
    )
    driven.tick(101.0, settled("t/draft/1"))
    driven.tick(102.0, rejects("t/review/1", 1, "no"))
    driven.tick(103.0, Cancel("t"))
    assert driven.state() is TaskState.CANCELLED


def test_what_was_undone_is_not_undone_again_by_a_second_failure() -> None:
    driven = failing()
    driven.tick(104.0, settled(undo("b")))
    driven.tick(105.0, settled(undo("a")))
    assert performed(driven.tick(106.0, Retry("t"))) == ["t/a/2"]
    assert performed(driven.tick(107.0, failed("t/a/2", permanent=True))) == []
    assert driven.state() is TaskState.FAILED


def test_the_retry_of_a_graph_does_again_what_was_undone_and_what_builds_on_it() -> None:
    driven = started(needs("a", compensate="x"), needs("b", "a"), needs("other"), needs("c", "b", "other"))
    driven.tick(101.0, settled("t/a/1"), settled("t/other/1"))
    driven.tick(102.0, settled("t/b/1"))
    driven.tick(103.0, failed("t/c/1", permanent=True))
    driven.tick(104.0, settled(undo("a")))
    assert performed(driven.tick(105.0, Retry("t"))) == ["t/a/2"]
    assert performed(driven.tick(106.0, settled("t/a/2"))) == ["t/b/2"]
    assert performed(driven.tick(107.0, settled("t/b/2"))) == ["t/c/2"]


def test_the_retry_of_a_sequence_goes_back_to_what_was_undone_first() -> None:
    driven = failing()
    driven.tick(104.0, failed(undo("b"), permanent=True))
    driven.tick(105.0, settled(undo("a")))
    assert performed(driven.tick(106.0, Retry("t"))) == ["t/a/2"]


def test_a_phase_that_was_compensated_too_often_does_not_keep_the_task_from_ending() -> None:
    driven = started(Phase(id="a", compensate="undo a", max_visits=1_000), Phase(id="c", max_visits=1_000))
    for visit in range(1, 101):
        driven.tick(200.0, settled(f"t/a/{visit}"))
        driven.tick(200.0, failed(f"t/c/{visit}", permanent=True))
        driven.tick(200.0, settled(undo("a", visit)))
        driven.tick(200.0, Retry("t"))
    driven.tick(201.0, settled("t/a/101"))
    driven.tick(201.0, failed("t/c/101", permanent=True))
    assert (driven.state(), driven.outcomes()["a"]) == (TaskState.FAILED, "uncompensated")


def test_a_task_that_undoes_goes_on_with_it_after_a_restart() -> None:
    spec = WorkflowSpec(name="w", phases=(needs("a", compensate="x"), needs("b"), needs("c")), max_concurrency=2)
    first = Journaled(Core())
    first.tick([defined(spec), Serving(True), Submit("t", spec.digest(), raw(1))], 100.0)
    first.tick([settled("t/a/1")], 101.0)
    first.tick([Cancel("t")], 102.0)
    second = first.restored(103.0)
    assert performed(second.tick([Serving(True)], 104.0)) == [undo("a")]
    assert list(second.tick([settled(undo("a"))], 105.0).ended) == ["t"]
