"""Timing: what is due at a moment happens then, once."""

from itertools import product

import pytest

from tests.unit.core_helpers import (
    Driven,
    answer,
    asks,
    decided,
    failed,
    perform,
    refused,
    settled,
    sleeps,
    started,
)
from workflow_engine.core.components import Failure, Running, Status, TaskState
from workflow_engine.core.effects import Abort
from workflow_engine.core.events import AttemptFailed, QuestionEscalated, QuestionOverdue, RetryScheduled, TaskFailed
from workflow_engine.core.inputs import AssignQuestion, ClaimQuestion, HandedBack, Serving, SetQuestionDue
from workflow_engine.core.tick import Decision
from workflow_engine.errors import AnswerRefused
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import RetryPolicy

NOTHING = Decision({}, {}, [], [], [])
ONCE = RetryPolicy(max_attempts=1)


def test_an_attempt_that_takes_too_long_is_stopped_and_tried_again() -> None:
    driven = started(Phase(id="a", timeout=30))
    assert driven.marker() == {"running": Running(100.0, 130.0)}
    assert driven.core.next_due() == 130.0
    assert driven.tick(129.9) == NOTHING
    assert decided(driven.tick(130.0)) == (
        [Abort("t/a/1", 1)],
        [
            AttemptFailed("t", "t/a/1", 1, "Timeout", "the attempt took longer than 30 s"),
            RetryScheduled("t", "t/a/1", 140.0),
        ],
    )
    assert driven.tick(140.0).effects == [perform(attempt=2)]
    assert driven.core.next_due() == 170.0


def test_the_last_attempt_that_takes_too_long_fails_the_task() -> None:
    driven = started(Phase(id="a", timeout=30, retry=ONCE))
    decision = driven.tick(130.0)
    assert decision.events[-1] == TaskFailed("t", "Timeout", "the attempt took longer than 30 s")
    assert driven.find("t", Failure) == Failure("a", "Timeout", "the attempt took longer than 30 s", 1)


def test_a_result_that_comes_after_the_timeout_is_ignored() -> None:
    driven = started(Phase(id="a", timeout=30))
    driven.tick(130.0)
    assert driven.tick(130.1, settled()) == NOTHING


def test_a_result_that_comes_in_the_moment_of_the_timeout_counts() -> None:
    driven = started(Phase(id="a", timeout=30))
    assert driven.tick(130.0, settled()).effects == []
    assert driven.state() is TaskState.COMPLETED


def test_a_timeout_is_that_of_one_attempt_and_ends_with_it() -> None:
    for came in (failed(), HandedBack("t/a/1", 1), sleeps(500.0)):
        driven = started(Phase(id="a", timeout=30))
        driven.tick(110.0, Serving(False), came)
        assert driven.core.next_due() in (None, 120.0, 610.0)
        assert driven.tick(131.0).effects == []


def test_a_question_of_a_phase_is_bound_by_the_timeout_of_the_phase() -> None:
    driven = started(Phase(id="a", timeout=30))
    driven.tick(110.0, asks())
    assert driven.core.next_due() == 140.0
    decision = driven.tick(140.0)
    assert decision.effects == []
    assert decision.events[-1] == TaskFailed("t", "Unanswered", "nobody answered 'Well?' within 30 s")
    assert refused(driven.tick(141.0, answer(ticket=7)))[0] is AnswerRefused


def test_a_question_of_a_step_is_not_bound_by_the_timeout_of_the_phase() -> None:
    driven = started(Phase(id="a", timeout=30))
    driven.tick(110.0, asks(step="ask"))
    assert driven.core.next_due() is None


def test_a_question_that_falls_due_is_announced_once_and_stays_open() -> None:
    driven = started()
    driven.tick(110.0, asks(due_in=60.0))
    assert driven.tick(169.9) == NOTHING
    decision = driven.tick(170.0)
    assert decided(decision) == ([], [QuestionOverdue("t", "t/a/1", "t/a/1/1q0")])
    assert driven.marker()["question"].overdue
    assert driven.core.next_due() is None
    assert driven.tick(9_999.0) == NOTHING
    driven.tick(10_000.0, answer())
    assert driven.state() is TaskState.COMPLETED


def test_a_question_that_falls_due_may_fail_the_task_for_good() -> None:
    driven = started()
    driven.tick(110.0, asks(due_in=60.0, on_due="fail"))
    decision = driven.tick(171.5)
    message = "nobody answered 'Well?' within 1 min 2 s"
    assert decision.events == [
        QuestionOverdue("t", "t/a/1", "t/a/1/1q0"),
        AttemptFailed("t", "t/a/1", 1, "Unanswered", message),
        TaskFailed("t", "Unanswered", message),
    ]
    assert driven.find("t", Status) == Status(TaskState.FAILED, 171.5, message)
    assert driven.core.next_due() is None


def test_a_question_that_falls_due_goes_to_others_and_waits_for_them_without_a_due_time() -> None:
    driven = started()
    driven.tick(110.0, asks(assignee="ann", due_in=60.0, on_due="escalate", escalate_to=("bob", "eve")))
    driven.tick(111.0, ClaimQuestion("t/a/1/1q0", "ann"))
    assert decided(driven.tick(170.0)) == (
        [],
        [QuestionOverdue("t", "t/a/1", "t/a/1/1q0"), QuestionEscalated("t", "t/a/1", "t/a/1/1q0", ("bob", "eve"))],
    )
    question = driven.marker()["question"]
    assert (question.assignee, question.candidates, question.claimed_by) == (None, ("bob", "eve"), None)
    assert (question.due, question.overdue) == (None, True)
    assert driven.core.next_due() is None
    driven.tick(10_000.0, answer())
    assert driven.state() is TaskState.COMPLETED


def test_a_question_that_goes_to_one_person_has_that_assignee() -> None:
    driven = started()
    driven.tick(110.0, asks(candidates=("ann",), due_in=60.0, on_due="escalate", escalate_to=("bob",)))
    driven.tick(170.0)
    question = driven.marker()["question"]
    assert (question.assignee, question.candidates) == ("bob", ())


def test_a_question_that_was_escalated_and_falls_due_again_goes_there_again() -> None:
    driven = started()
    driven.tick(110.0, asks(due_in=60.0, on_due="escalate", escalate_to=("bob",)))
    driven.tick(170.0)
    driven.tick(171.0, AssignQuestion("t/a/1/1q0", "ann"), SetQuestionDue("t/a/1/1q0", 10.0))
    assert not driven.marker()["question"].overdue
    assert [type(event) for event in driven.tick(181.0).events] == [QuestionOverdue, QuestionEscalated]
    assert driven.marker()["question"].assignee == "bob"


@pytest.mark.parametrize(
    ("task", "due_in", "on_due"), list(product(["t", "0"], [10.0, 20.0, 30.0], ["fail", "notify"]))
)
def test_a_due_time_and_a_timeout_that_have_both_passed_fail_the_task_once(
    task: str, due_in: float, on_due: str
) -> None:
    """An engine that was down wakes with both behind it; which comes first depends on their times and on the ids."""
    driven = Driven(Phase(id="a", timeout=20))
    driven.tick(100.0, driven.submit(task))
    driven.tick(110.0, asks(f"{task}/a/1", due_in=due_in, on_due=on_due))
    events = driven.tick(500.0).events
    assert events[-1] == TaskFailed(task, "Unanswered", "nobody answered 'Well?' within 6 min 30 s")
    assert [type(event) for event in events].count(TaskFailed) == 1
    assert driven.core.next_due() is None


def test_a_backoff_ends_at_its_time() -> None:
    driven = started()
    driven.tick(101.0, failed())
    assert driven.core.next_due() == 111.0
    assert driven.tick(110.9) == NOTHING
    assert driven.tick(111.0).effects == [perform(attempt=2)]


def test_a_backoff_that_ends_while_nothing_is_carried_out_waits_as_ready() -> None:
    driven = started()
    driven.tick(101.0, failed(), Serving(False))
    assert driven.tick(111.0).effects == []
    assert driven.state() is TaskState.PENDING
    assert driven.tick(200.0, Serving(True)).effects == [perform(attempt=2)]


def test_what_is_due_at_once_happens_by_time_then_by_id() -> None:
    driven = Driven()
    for name, at in (("c", 101.0), ("d", 102.0), ("b", 102.0), ("a", 103.0)):
        driven.tick(at, driven.submit(name))
        driven.tick(at, asks(f"{name}/a/1", due_in=10.0))
    events = driven.tick(500.0).events
    assert [event.task for event in events] == ["c", "b", "d", "a"]


def test_engine_time_never_goes_back() -> None:
    driven = started()
    driven.tick(200.0, sleeps(60.0))
    driven.tick(150.0, driven.submit("u"))
    assert driven.find("u", Status) == Status(TaskState.IN_PROGRESS, 200.0)
    assert driven.tick(259.0) == NOTHING
    assert driven.tick(100.0) == NOTHING
    assert driven.tick(260.0).effects == [perform()]


def test_what_is_not_due_is_not_touched() -> None:
    driven = started()
    driven.tick(101.0, sleeps(60.0))
    assert driven.tick(102.0) == NOTHING
