"""One sentence for every wait: what or whom, since when, when it next wakes, and what happens then."""

from collections.abc import Callable

import pytest

from tests.unit.core_helpers import Driven, answer, asks, failed, settled, sleeps, started
from workflow_engine.core.components import WaitKind
from workflow_engine.core.explain import explain
from workflow_engine.core.inputs import (
    Cancel,
    ClaimQuestion,
    Declined,
    HandedBack,
    Input,
    Limit,
    Retry,
    Serving,
    Suspend,
)
from workflow_engine.core.moments import moment, span
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import RetryPolicy

NOON = 1_800_014_400.0
"""2027-01-15 12:00:00 UTC: when the task of these tests is submitted."""


def why(driven: Driven, now: float, task: str = "t", *, serving: bool = True) -> str:
    record = driven.core.record(task)
    assert record is not None
    return explain(record, now, serving=serving, lacks=driven.core.lacks(task))


def told(*phases: Phase) -> Driven:
    """Return a core whose task t is under way in its first phase since noon."""
    driven = Driven(*phases)
    driven.tick(NOON, driven.submit())
    return driven


def after(*inputs: Input, phase: Phase | None = None, then: Input | None = None) -> str:
    """Return why a task waits ten minutes after these inputs came at a minute past noon."""
    driven = told(phase or Phase(id="a"))
    driven.tick(NOON + 60, *inputs)
    if then is not None:
        driven.tick(NOON + 61, then)
    return why(driven, NOON + 660)


def question(kind: WaitKind = WaitKind.HUMAN, **given: object) -> Suspend:
    return Suspend("t/a/1", 1, kind, prompt="Publish?", **given)  # type: ignore[arg-type]


SINCE = "since 2027-01-15 12:01:00 UTC (10 min ago)"

SENTENCES: dict[str, tuple[Callable[[], str], str]] = {
    "running": (
        lambda: after(),
        "Task t (w) is being carried out in phase 'a', since 2027-01-15 12:00:00 UTC (11 min ago); "
        "it has no time limit.",
    ),
    "running with a timeout": (
        lambda: after(phase=Phase(id="a", timeout="1h")),
        "Task t (w) is being carried out in phase 'a', since 2027-01-15 12:00:00 UTC (11 min ago); "
        "it is given up 2027-01-15 13:00:00 UTC (in 49 min).",
    ),
    "backoff": (
        lambda: after(failed(retry_after=720.0)),
        "Task t (w) failed in phase 'a' (it broke) and makes attempt 2 2027-01-15 12:13:00 UTC (in 2 min).",
    ),
    "asleep": (
        lambda: after(sleeps(7_200.0)),
        f"Task t (w) sleeps in phase 'a' {SINCE}, until 2027-01-15 14:01:00 UTC (in 1 h 50 min); then it goes on.",
    ),
    "a human": (
        lambda: after(question()),
        f"Task t (w) waits in phase 'a' {SINCE} for somebody to answer 'Publish?' (question t/a/1/1q0); "
        "it goes on with the answer, however long that takes.",
    ),
    "an agent": (
        lambda: after(question(WaitKind.AGENT)),
        f"Task t (w) waits in phase 'a' {SINCE} for an agent to answer 'Publish?' (question t/a/1/1q0); "
        "it goes on with the answer, however long that takes.",
    ),
    "the outside": (
        lambda: after(question(WaitKind.IO)),
        f"Task t (w) waits in phase 'a' {SINCE} for the outside to answer 'Publish?' (question t/a/1/1q0); "
        "it goes on with the answer, however long that takes.",
    ),
    "an assignee": (
        lambda: after(question(assignee="ann", candidates=("bob",))),
        f"Task t (w) waits in phase 'a' {SINCE} for ann to answer 'Publish?' (question t/a/1/1q0); "
        "it goes on with the answer, however long that takes.",
    ),
    "candidates": (
        lambda: after(question(candidates=("bob", "eve"))),
        f"Task t (w) waits in phase 'a' {SINCE} for bob or eve to answer 'Publish?' (question t/a/1/1q0); "
        "it goes on with the answer, however long that takes.",
    ),
    "a due time": (
        lambda: after(question(due_in=3_600.0)),
        f"Task t (w) waits in phase 'a' {SINCE} for somebody to answer 'Publish?' (question t/a/1/1q0); "
        "due 2027-01-15 13:01:00 UTC (in 50 min), after that it is overdue and keeps waiting.",
    ),
    "a deadline": (
        lambda: after(question(due_in=3_600.0, on_due="fail")),
        f"Task t (w) waits in phase 'a' {SINCE} for somebody to answer 'Publish?' (question t/a/1/1q0); "
        "due 2027-01-15 13:01:00 UTC (in 50 min), it fails then.",
    ),
    "an escalation": (
        lambda: after(question(assignee="ann", due_in=3_600.0, on_due="escalate", escalate_to=("bob", "eve"))),
        f"Task t (w) waits in phase 'a' {SINCE} for ann to answer 'Publish?' (question t/a/1/1q0); "
        "if nobody answers by 2027-01-15 13:01:00 UTC (in 50 min), it goes to bob or eve.",
    ),
    "an escalation before a timeout": (
        lambda: after(
            question(due_in=3_600.0, on_due="escalate", escalate_to=("bob",)), phase=Phase(id="a", timeout="2d")
        ),
        f"Task t (w) waits in phase 'a' {SINCE} for somebody to answer 'Publish?' (question t/a/1/1q0); "
        "if nobody answers by 2027-01-15 13:01:00 UTC (in 50 min), it goes to bob, "
        "and without an answer it fails 2027-01-17 12:01:00 UTC (in 1 d 23 h).",
    ),
    "a claim": (
        lambda: after(question(candidates=("bob", "eve")), then=ClaimQuestion("t/a/1/1q0", "eve")),
        f"Task t (w) waits in phase 'a' {SINCE} for bob or eve to answer 'Publish?' "
        "(question t/a/1/1q0, claimed by eve); it goes on with the answer, however long that takes.",
    ),
    "a question with a timeout": (
        lambda: after(question(), phase=Phase(id="a", timeout="2d")),
        f"Task t (w) waits in phase 'a' {SINCE} for somebody to answer 'Publish?' (question t/a/1/1q0); "
        "without an answer it fails 2027-01-17 12:01:00 UTC (in 1 d 23 h).",
    ),
    "parked": (
        lambda: after(Declined("t/a/1", 1, "a handler for 'a'")),
        f"Task t (w) waits in phase 'a' {SINCE} for a handler for 'a', which is not registered; "
        "it goes on as soon as it is.",
    ),
    "suspended from outside": (
        lambda: after(Suspend("", 0, WaitKind.IO, prompt="Hold", task="t")),
        f"Task t (w) waits in phase 'a' {SINCE} for the outside to answer 'Hold' (question t/a/1/1x1); "
        "it goes on with the answer, however long that takes.",
    ),
    "completed": (
        lambda: after(settled()),
        f"Task t (w) is completed, {SINCE}; nothing more happens.",
    ),
    "cancelled": (
        lambda: after(Cancel("t")),
        "Task t (w) was cancelled 2027-01-15 12:01:00 UTC (10 min ago); nothing more happens.",
    ),
    "cancelled with a reason": (
        lambda: after(Cancel("t", "No money.")),
        "Task t (w) was cancelled 2027-01-15 12:01:00 UTC (10 min ago): No money; nothing more happens.",
    ),
    "failed": (
        lambda: after(failed(permanent=True)),
        "Task t (w) failed in phase 'a' at attempt 1, 2027-01-15 12:01:00 UTC (10 min ago): Boom: it broke; "
        "it stays so until it is retried from there.",
    ),
}


@pytest.mark.parametrize(("sentence", "expected"), SENTENCES.values(), ids=list(SENTENCES))
def test_every_wait_is_one_sentence(sentence: Callable[[], str], expected: str) -> None:
    assert sentence() == expected


def test_an_escalated_question_says_who_has_it_and_that_it_is_late() -> None:
    driven = told()
    driven.tick(NOON + 60, question(due_in=60.0, on_due="escalate", escalate_to=("bob",)))
    driven.tick(NOON + 120)
    assert why(driven, NOON + 660) == (
        f"Task t (w) waits in phase 'a' {SINCE} for bob to answer 'Publish?' (question t/a/1/1q0); "
        "that is overdue, and it keeps waiting."
    )


def test_an_overdue_question_says_so() -> None:
    driven = told()
    driven.tick(NOON + 60, question(due_in=60.0))
    driven.tick(NOON + 120)
    assert why(driven, NOON + 660).endswith(
        "(question t/a/1/1q0); that was due 2027-01-15 12:02:00 UTC (9 min ago), and it keeps waiting."
    )


def test_a_task_for_which_there_is_no_place_says_so() -> None:
    driven = told()
    driven.tick(NOON + 60, Limit("pool", "functional", 1), driven.submit("u"))
    assert why(driven, NOON + 660, "u") == (
        f"Task u (w) is ready for phase 'a' {SINCE} and waits for a free place; it goes on when others end."
    )


def test_a_task_that_was_parked_and_waits_for_a_place_now_says_so() -> None:
    driven = told()
    driven.tick(NOON + 60, Declined("t/a/1", 1, "a handler for 'a'"))
    driven.tick(NOON + 61, driven.submit("u", priority=5), Limit("classification", "a", 1))
    driven.tick(NOON + 62, Serving(True))
    assert why(driven, NOON + 660) == (
        f"Task t (w) is ready for phase 'a' {SINCE} and waits for a free place; it goes on when others end."
    )


def test_a_task_behind_one_that_is_parked_says_what_both_need() -> None:
    driven = told()
    driven.tick(NOON + 60, Declined("t/a/1", 1, "a handler for 'a'"), driven.submit("u"))
    assert why(driven, NOON + 660, "u") == (
        f"Task u (w) waits in phase 'a' {SINCE} for a handler for 'a', which is not registered; "
        "it goes on as soon as it is."
    )


def test_without_an_engine_a_ready_task_waits_for_one() -> None:
    driven = told()
    driven.tick(NOON + 60, Serving(False), HandedBack("t/a/1", 1))
    assert why(driven, NOON + 660, serving=False) == (
        f"Task t (w) is ready for phase 'a' {SINCE} and waits for an engine to run."
    )


def test_without_an_engine_a_parked_task_still_says_what_it_lacks() -> None:
    driven = told()
    driven.tick(NOON + 60, Declined("t/a/1", 1, "a handler for 'a'"))
    assert "for a handler for 'a', which is not registered" in why(driven, NOON + 660, serving=False)


def test_without_an_engine_what_was_under_way_is_taken_up_again() -> None:
    assert why(told(), NOON + 660, serving=False) == (
        "Task t (w) was in phase 'a' when its engine stopped; it is taken up again when an engine runs."
    )


def test_a_task_that_came_too_often_failed_at_planning() -> None:
    driven = told(Phase(id="a", max_visits=1))
    driven.tick(NOON + 1, failed(permanent=True))
    driven.tick(NOON + 60, Retry("t"))
    assert why(driven, NOON + 660).startswith(
        "Task t (w) failed in phase 'a' at planning, 2027-01-15 12:01:00 UTC (10 min ago): TooManyVisits: the task came"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.2, "less than a second"),
        (1.0, "1 s"),
        (59.6, "1 min"),
        (61.0, "1 min 1 s"),
        (3_600.0, "1 h"),
        (3_661.0, "1 h 1 min"),
        (86_400.0 + 59, "1 d"),
        (200_000.0, "2 d 7 h"),
    ],
)
def test_a_span_is_its_two_largest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_moment_is_a_time_and_how_far_it_is() -> None:
    assert moment(NOON, NOON + 60) == "2027-01-15 12:00:00 UTC (1 min ago)"
    assert moment(NOON + 60, NOON) == "2027-01-15 12:01:00 UTC (in 1 min)"
    assert moment(NOON, NOON) == "2027-01-15 12:00:00 UTC (0 s ago)"


@pytest.mark.parametrize("at", [1e12, 1e300])
def test_a_moment_beyond_the_calendar_is_still_told(at: float) -> None:
    assert moment(at, 0.0).startswith("after the year 9999 (in ")


def test_an_answered_question_is_no_longer_waited_for() -> None:
    driven = told()
    driven.tick(NOON + 60, asks(step="ask"))
    driven.tick(NOON + 120, answer())
    assert why(driven, NOON + 660).startswith("Task t (w) is being carried out in phase 'a', since 2027-01-15 12:02:00")


def test_a_policy_of_one_attempt_explains_the_end_and_not_a_pause() -> None:
    driven = Driven(Phase(id="a", retry=RetryPolicy(max_attempts=1)))
    driven.tick(NOON, driven.submit())
    driven.tick(NOON + 60, failed())
    assert "failed in phase 'a' at attempt 1" in why(driven, NOON + 660)


def test_explaining_needs_no_lacks() -> None:
    record = started().core.record("t")
    assert record is not None
    assert explain(record, 200.0, serving=True).startswith("Task t (w) is being carried out")
