"""Rates: how soon something may go."""

import pytest

from workflow_engine.agents.rates import Rate


def test_a_minutes_worth_goes_at_once_and_what_is_beyond_it_as_it_comes_in() -> None:
    rate = Rate(60, 0.0)
    assert [rate.take(1, 0.0) for _ in range(62)] == [0.0] * 60 + [1.0, 2.0]


def test_what_was_not_taken_is_there_later_but_never_more_than_a_minutes_worth() -> None:
    rate = Rate(60, 0.0)
    rate.take(60, 0.0)
    assert rate.take(30, 30.0) == 0.0
    assert rate.take(61, 1_000.0) == 0.0
    assert rate.take(59, 1_000.0) == 60.0


def test_who_takes_more_than_a_minutes_worth_goes_when_all_is_there() -> None:
    rate = Rate(60, 0.0)
    assert rate.take(30, 0.0) == 0.0
    assert rate.take(600, 0.0) == pytest.approx(30.0)
    assert rate.take(1, 0.0) == pytest.approx(571.0)


def test_what_is_given_back_is_there_for_others() -> None:
    rate = Rate(60, 0.0)
    rate.take(60, 0.0)
    rate.give_back(50, 0.0)
    assert rate.take(50, 0.0) == 0.0
    rate.give_back(-60, 0.0)
    assert rate.take(1, 0.0) == pytest.approx(61.0)
