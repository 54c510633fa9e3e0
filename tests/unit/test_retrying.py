"""Retrying: an attempt that failed is tried again later, or its task gives up."""

import pytest

from tests.unit.core_helpers import STEADY, Driven, asks, decided, failed, perform, settled, started
from workflow_engine.core.components import Attempt, Backoff, Failure, PhaseProgress, Progress, Run, Status, TaskState
from workflow_engine.core.events import AttemptFailed, PhaseStarted, RetryScheduled, TaskFailed
from workflow_engine.core.inputs import Cancel, Retry, Serving
from workflow_engine.core.plan import pause
from workflow_engine.core.systems.retrying import again
from workflow_engine.core.tick import Failed
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import RetryPolicy

BROKE = AttemptFailed("t", "t/a/1", 1, "Boom", "it broke")


def test_a_failed_attempt_waits_out_its_backoff_and_is_made_again() -> None:
    driven = started()
    decision = driven.tick(101.0, failed())
    assert decided(decision) == ([], [BROKE, RetryScheduled("t", "t/a/1", 111.0)])
    assert decision.changes == {"t/a/1": {"running": None, "backoff": Backoff(111.0, "it broke")}}
    assert driven.state() is TaskState.IN_PROGRESS
    assert driven.tick(110.9).effects == []
    decision = driven.tick(111.0)
    assert decided(decision) == ([perform(attempt=2)], [PhaseStarted("t", "t/a/1", 2)])
    assert driven.core.snapshot()["t/a/1"]["attempt"] == Attempt(2)


def test_each_pause_is_longer_and_the_last_attempt_ends_the_task() -> None:
    driven = started()
    driven.tick(101.0, failed())
    driven.tick(111.0)
    driven.tick(112.0, failed(attempt=2))
    assert driven.core.next_due() == 132.0
    driven.tick(132.0)
    decision = driven.tick(133.0, failed(attempt=3, detail="a trace"))
    assert decided(decision) == (
        [],
        [AttemptFailed("t", "t/a/1", 3, "Boom", "it broke"), TaskFailed("t", "Boom", "it broke")],
    )
    assert decision.changes == {
        "t": {
            "progress+": {"a": PhaseProgress(1, "failed", 132.0, 133.0, 3)},
            "status": Status(TaskState.FAILED, 133.0, "it broke"),
            "failure": Failure("a", "Boom", "it broke", 3, "a trace"),
        },
        "t/a/1": None,
    }
    assert driven.core.next_due() is None


def test_a_permanent_failure_is_not_tried_again() -> None:
    driven = started()
    assert driven.tick(101.0, failed(permanent=True)).events == [BROKE, TaskFailed("t", "Boom", "it broke")]
    assert driven.find("t", Failure).attempts == 1


@pytest.mark.parametrize(("retry_after", "until"), [(5.0, 111.0), (10.0, 111.0), (300.0, 401.0), (0.0, 111.0)])
def test_the_outside_may_ask_for_a_longer_pause_but_not_for_a_shorter(retry_after: float, until: float) -> None:
    driven = started()
    driven.tick(101.0, failed(retry_after=retry_after))
    assert driven.core.next_due() == until


def test_each_run_draws_its_jitter_from_its_own_key() -> None:
    policy = RetryPolicy(initial=10.0)
    driven = Driven(retry=policy)
    driven.tick(100.0, driven.submit("t"), driven.submit("u"))
    events = driven.tick(101.0, failed("t/a/1"), failed("u/a/1")).events
    untils = [event.until for event in events if isinstance(event, RetryScheduled)]
    assert untils == [101.0 + pause(policy, 1, "t/a/1/1"), 101.0 + pause(policy, 1, "u/a/1/1")]
    assert untils[0] != untils[1]


def test_a_retried_task_starts_with_all_its_attempts() -> None:
    driven = started(Phase(id="a", retry=RetryPolicy(max_attempts=1)))
    driven.tick(101.0, failed())
    driven.tick(102.0, Retry("t"))
    assert driven.core.snapshot()["t/a/2"]["attempt"] == Attempt(1)
    assert driven.core.snapshot()["t/a/2"]["run"] == Run("t", "a", 2, 102.0)


def test_a_failure_in_the_tick_of_a_cancellation_leaves_no_timer() -> None:
    driven = started()
    driven.tick(101.0, failed(), Cancel("t"))
    assert (driven.state(), driven.core.next_due()) == (TaskState.CANCELLED, None)


def test_a_last_failure_in_the_tick_of_a_cancellation_cancels() -> None:
    driven = started()
    driven.tick(101.0, failed(permanent=True), Cancel("t"))
    assert driven.find("t", Status) == Status(TaskState.CANCELLED, 101.0)
    assert driven.find("t", Progress).entries["a"].outcome == "failed"
    record = driven.core.record("t")
    assert record is not None
    assert record.find(Failure) is None


def test_a_backoff_needs_no_place() -> None:
    driven = started()
    driven.tick(101.0, failed())
    assert driven.core.under_way() == 0


def test_a_question_in_time_forgets_nothing_of_the_attempts() -> None:
    driven = started()
    driven.tick(101.0, failed())
    driven.tick(111.0)
    driven.tick(112.0, asks(attempt=2))
    assert driven.marker()["question"].id == "t/a/1/2q0"
    driven.tick(113.0, Serving(True))
    assert driven.core.snapshot()["t/a/1"]["attempt"] == Attempt(2)


def test_the_verdict_is_never_or_a_time_after_now() -> None:
    assert again(Failed("r", "Boom", "it broke"), STEADY, 1, 100.0) == 110.0
    assert again(Failed("r", "Boom", "it broke"), STEADY, 2, 100.0) == 120.0
    assert again(Failed("r", "Boom", "it broke"), STEADY, 3, 100.0) is None
    assert again(Failed("r", "Boom", "it broke", permanent=True), STEADY, 1, 100.0) is None
    assert again(Failed("r", "Boom", "it broke", retry_after=90.0), STEADY, 1, 100.0) == 190.0


def test_a_run_that_succeeds_after_failures_says_how_many_attempts_it_took() -> None:
    driven = started()
    driven.tick(101.0, failed())
    driven.tick(111.0)
    driven.tick(115.0, settled(attempt=2))
    progress = driven.find("t", Progress).entries["a"]
    assert (progress.outcome, progress.started, progress.ended, progress.attempts) == ("completed", 111.0, 115.0, 2)
