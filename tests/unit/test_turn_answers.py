"""Answers that cost: a turn of a model that was asked some time ago."""

from tests.unit.core_helpers import Driven, answer, asks, started
from workflow_engine.core.components import Answers, Cost, Ledger, Question, Spent, WaitKind, ledger_entity
from workflow_engine.core.inputs import Reserve
from workflow_engine.errors import AnswerRefused, BudgetExceeded
from workflow_engine.spec.parts import Budget

PAID = Cost(tokens=15, dollars=0.1)


def waiting() -> Driven:
    """Return a core with a turn that waits, and of a budget of one dollar 90 cents put aside for it."""
    driven = started(budget=Budget(workflow=1.0, then="fail"))
    driven.tick(101.0, Reserve("t/a/1", 1, "turn", Cost(100, 0.9)))
    driven.tick(101.0, asks(step="turn", assignee="a batch of double"))
    return driven


def test_an_answer_books_what_it_cost_in_place_of_what_was_put_aside() -> None:
    driven = waiting()
    driven.tick(200.0, answer(value={"reply": 1}, cost=PAID))
    assert driven.find("t", Spent) == Spent(PAID)
    assert driven.core.snapshot()[ledger_entity("w")] == {"ledger": Ledger("w", PAID)}
    assert driven.tick(201.0, Reserve("t/a/1", 1, "turn#2", Cost(100, 0.9), ticket=1)).replies == [(1, "t/a/1")]


def test_what_is_put_aside_is_kept_while_the_turn_waits() -> None:
    driven = waiting()
    driven.tick(102.0, driven.submit("other"))
    reply = driven.tick(103.0, Reserve("other/a/1", 1, "turn", Cost(100, 0.2), ticket=1)).replies[0][1]
    assert isinstance(reply, BudgetExceeded)


def test_of_two_answers_in_one_tick_the_first_alone_is_booked() -> None:
    driven = waiting()
    decision = driven.tick(200.0, answer(value=1, cost=PAID), answer(value=2, cost=PAID, ticket=2))
    assert isinstance(dict(decision.replies)[2], AnswerRefused)
    assert driven.find("t", Spent) == Spent(PAID)
    assert len(driven.find("t", Answers).entries) == 1


def test_the_open_questions_are_found_with_who_carries_them_out() -> None:
    driven = waiting()
    (found,) = driven.core.questions(WaitKind.HUMAN)
    assert driven.core.questions(WaitKind.IO) == []
    assert (found.id, driven.core.adapter("t/a/1"), driven.core.adapter("gone/a/1")) == (
        "t/a/1/1q0",
        "functional",
        None,
    )
    assert isinstance(found, Question)
