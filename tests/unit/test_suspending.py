"""Suspending: runs begin to wait, by themselves or because somebody outside wants it."""

from itertools import permutations

import pytest

from tests.unit.core_helpers import (
    Driven,
    answer,
    asks,
    decided,
    failed,
    perform,
    raw,
    refused,
    settled,
    sleeps,
    started,
)
from workflow_engine.core.components import Attempt, Question, StepRecord, Suspended, TaskState, WaitKind
from workflow_engine.core.effects import Abort
from workflow_engine.core.events import PhaseStarted, QuestionAnswered, QuestionAsked, TimerSet
from workflow_engine.core.inputs import Cancel, Declined, HandedBack, Input, Serving, Suspend
from workflow_engine.errors import IllegalTransition, UnknownTask
from workflow_engine.spec.model import Phase

WAITING = {
    WaitKind.HUMAN: TaskState.WAITING_HUMAN,
    WaitKind.AGENT: TaskState.WAITING_AGENT,
    WaitKind.IO: TaskState.WAITING_IO,
}
OUTSIDE = "t/a/1/1x1"
"""The first question from outside."""


def from_outside(task: str = "t") -> Suspend:
    return Suspend("", 0, WaitKind.IO, prompt="Hold", task=task, ticket=7)


def in_marker(name: str) -> Driven:
    """Return a core whose task t has this marker, at 101."""
    driven = started()
    match name:
        case "running":
            pass
        case "ready":
            driven.tick(101.0, Serving(False), HandedBack("t/a/1", 1))
        case "parked":
            driven.tick(101.0, Declined("t/a/1", 1, "a handler"))
        case "backoff":
            driven.tick(101.0, failed())
        case "asking":
            driven.tick(101.0, asks())
        case _:
            driven.tick(101.0, sleeps(60.0))
    return driven


@pytest.mark.parametrize("kind", WAITING)
def test_a_question_makes_a_task_wait_for_whom_it_is_meant(kind: WaitKind) -> None:
    driven = started()
    decision = driven.tick(110.0, Suspend("t/a/1", 1, kind, prompt="Well?", assignee="ann"))
    assert decided(decision) == ([], [QuestionAsked("t", "t/a/1", "t/a/1/1q0", kind, "ann")])
    assert driven.state() is WAITING[kind]


def test_a_question_keeps_what_it_was_asked_with() -> None:
    driven = started()
    driven.tick(
        110.0,
        asks(
            step="ask",
            index=3,
            form=raw({"type": "object"}),
            show=raw([1]),
            assignee="ann",
            candidates=("bob", "eve"),
            due_in=60.0,
            on_due="fail",
        ),
    )
    assert driven.marker() == {
        "suspended": Suspended(WaitKind.HUMAN, 110.0, "t/a/1/1q3", "ask", 3),
        "question": Question(
            "t/a/1/1q3",
            WaitKind.HUMAN,
            "Well?",
            110.0,
            raw({"type": "object"}),
            raw([1]),
            "ann",
            ("bob", "eve"),
            170.0,
            "fail",
        ),
    }
    assert driven.core.question("t/a/1/1q3") == driven.marker()["question"]


def test_a_question_of_a_phase_offers_what_may_follow_and_one_of_a_step_does_not() -> None:
    choice = (Phase(id="a", next_classifications=("b", "c")), Phase(id="b"), Phase(id="c"))
    of_phase, of_step = started(*choice), started(*choice)
    of_phase.tick(110.0, asks())
    of_step.tick(110.0, asks(step="ask"))
    assert (of_phase.marker()["question"].picks, of_step.marker()["question"].picks) == (("b", "c"), ())


def test_a_question_frees_the_place_of_its_run() -> None:
    driven = started()
    driven.tick(110.0, asks())
    assert driven.core.under_way() == 0


def test_a_sleeping_run_wakes_at_its_time_with_the_step_recorded() -> None:
    driven = started()
    decision = driven.tick(110.0, sleeps(60.0))
    assert decided(decision) == ([], [TimerSet("t", "t/a/1", 170.0)])
    assert driven.marker() == {"suspended": Suspended(WaitKind.IO, 110.0, None, "sleep", 0, 170.0)}
    assert (driven.state(), driven.core.next_due()) == (TaskState.WAITING_IO, 170.0)
    assert driven.tick(169.9).effects == []
    woken = driven.tick(170.0)
    assert decided(woken) == ([perform()], [PhaseStarted("t", "t/a/1", 1)])
    assert woken.changes["t/a/1"] is not None
    assert woken.changes["t/a/1"]["steps+"] == {"sleep": StepRecord(0, raw(None))}


@pytest.mark.parametrize("marker", ["running", "ready", "parked", "backoff"])
def test_what_moves_or_is_about_to_can_be_suspended_from_outside(marker: str) -> None:
    driven = in_marker(marker)
    decision = driven.tick(105.0, from_outside())
    assert decision.effects == ([Abort("t/a/1", 1)] if marker == "running" else [])
    assert decision.replies == [(7, OUTSIDE)]
    assert driven.marker() == {
        "suspended": Suspended(WaitKind.IO, 105.0, OUTSIDE, "resumed#1", -1),
        "question": Question(OUTSIDE, WaitKind.IO, "Hold", 105.0),
    }
    assert (driven.state(), driven.core.next_due()) == (TaskState.WAITING_IO, None)
    assert driven.tick(9_999.0, Serving(True)).effects == []


@pytest.mark.parametrize("marker", ["running", "ready", "parked", "backoff"])
def test_what_was_suspended_from_outside_goes_on_with_the_same_attempt_when_resumed(marker: str) -> None:
    driven = in_marker(marker)
    driven.tick(105.0, from_outside(), Serving(True))
    decision = driven.tick(120.0, answer(OUTSIDE, {"go": 1}))
    assert decided(decision) == (
        [perform()],
        [QuestionAnswered("t", "t/a/1", OUTSIDE), PhaseStarted("t", "t/a/1", 1)],
    )
    view = driven.core.view("t/a/1", 1)
    assert view is not None
    assert view.steps is not None
    assert view.steps.entries == {"resumed#1": StepRecord(-1, raw({"go": 1}))}


@pytest.mark.parametrize("marker", ["asking", "asleep"])
def test_what_waits_already_is_not_suspended_from_outside(marker: str) -> None:
    driven = in_marker(marker)
    before = driven.marker()
    assert refused(driven.tick(105.0, from_outside())) == (
        IllegalTransition,
        "task t is waiting already, or between phases and does not accept suspend",
    )
    assert driven.marker() == before


def test_a_task_can_be_suspended_again_and_again() -> None:
    driven = started()
    for number in (1, 2, 3):
        question = f"t/a/1/1x{number}"
        assert driven.tick(100.0 + number, from_outside()).replies == [(7, question)]
        driven.tick(100.5 + number, answer(question, number))
    view = driven.core.view("t/a/1", 1)
    assert view is not None
    assert view.steps is not None
    assert [record.value for record in view.steps.entries.values()] == [raw(1), raw(2), raw(3)]


@pytest.mark.parametrize("name", ["nobody", "t/a/1", "#", ""])
def test_what_is_no_task_is_not_suspended(name: str) -> None:
    assert refused(started().tick(101.0, from_outside(name)))[0] is UnknownTask


def test_a_task_that_has_ended_is_not_suspended() -> None:
    driven = started()
    driven.tick(101.0, settled())
    assert refused(driven.tick(102.0, from_outside()))[1] == "task t is completed and does not accept suspend"


def test_what_an_attempt_gives_after_it_was_suspended_from_outside_is_ignored() -> None:
    driven = started()
    driven.tick(105.0, from_outside())
    before = driven.marker()
    driven.tick(106.0, settled(), failed(), asks(), sleeps(1.0))
    assert driven.marker() == before


@pytest.mark.parametrize(
    "came", [failed(), HandedBack("t/a/1", 1), Declined("t/a/1", 1, "a handler")], ids=lambda came: type(came).__name__
)
def test_a_failure_in_the_tick_of_a_suspension_from_outside_is_forgotten_in_either_order(came: Input) -> None:
    for inputs in permutations((came, from_outside())):
        driven = started()
        decision = driven.tick(105.0, *inputs)
        assert (decision.effects, decision.replies) == ([], [(7, OUTSIDE)])
        assert driven.marker()["suspended"].question == OUTSIDE
        assert driven.core.next_due() is None


def test_a_result_in_the_tick_of_a_suspension_from_outside_wins_in_either_order() -> None:
    for inputs in permutations((settled(), from_outside())):
        driven = started(Phase(id="a"), Phase(id="b"))
        decision = driven.tick(105.0, *inputs)
        assert decision.effects == [perform("t/b/1")]
        assert refused(decision)[0] is IllegalTransition


def test_a_cancellation_in_the_tick_of_a_suspension_from_outside_wins_in_either_order() -> None:
    for inputs in permutations((Cancel("t"), from_outside())):
        driven = started()
        decision = driven.tick(105.0, *inputs)
        assert (driven.state(), refused(decision)[0]) == (TaskState.CANCELLED, IllegalTransition)
        assert driven.core.next_due() is None


def test_of_a_question_and_a_suspension_from_outside_in_one_tick_the_first_to_come_is_asked() -> None:
    driven = started()
    driven.tick(105.0, asks(step="ask"), from_outside())
    assert driven.marker()["question"].id == "t/a/1/1q0"
    driven = started()
    driven.tick(105.0, from_outside(), asks(step="ask"))
    assert driven.marker()["question"].id == OUTSIDE


def test_a_backoff_that_is_over_in_the_tick_of_a_suspension_from_outside_waits() -> None:
    driven = in_marker("backoff")
    decision = driven.tick(111.0, from_outside())
    assert (decision.effects, decision.replies) == ([], [(7, "t/a/1/2x1")])
    assert driven.core.snapshot()["t/a/1"]["attempt"] == Attempt(2)
    assert driven.tick(120.0, answer("t/a/1/2x1")).effects == [perform(attempt=2)]
