"""The circuit breaker: when a server may be asked."""

import pytest

from workflow_engine.agents.breaker import FAILURES, REST, REST_MAX, Breaker


def opened(at: float = 0.0) -> Breaker:
    """Return a breaker of a server that has failed too often."""
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.wait(at) is None
        breaker.failed(at)
    return breaker


def test_a_closed_one_lets_everybody_go_until_the_last_failure_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(0.0)
    assert (breaker.wait(0.0), breaker.state(0.0)) == (None, "closed")
    breaker.failed(0.0)
    assert (breaker.wait(1.0), breaker.state(1.0)) == (REST - 1, "open")


def test_an_answer_between_makes_failures_count_anew() -> None:
    breaker = Breaker()
    for _ in range(3 * FAILURES):
        breaker.failed(0.0)
        breaker.succeeded()
    assert (breaker.wait(0.0), breaker.failures) == (None, 0)


def test_after_the_rest_one_may_go_and_the_others_wait_for_what_comes_of_it() -> None:
    breaker = opened()
    assert breaker.state(REST) == "half-open"
    assert [breaker.wait(REST) for _ in range(2)] == [None, 1.0]
    breaker.succeeded()
    assert ([breaker.wait(REST) for _ in range(2)], breaker.state(REST)) == ([None, None], "closed")


def test_each_time_the_server_fails_again_it_rests_twice_as_long_up_to_a_bound() -> None:
    breaker, now, rests = opened(), REST, list[float]()
    for _ in range(6):
        assert breaker.wait(now) is None
        breaker.failed(now)
        rest = breaker.wait(now)
        assert rest is not None
        rests.append(rest)
        now += rest
    assert rests == [30.0, 60.0, 120.0, 240.0, REST_MAX, REST_MAX]


def test_after_an_answer_the_rest_is_short_again() -> None:
    breaker = opened()
    breaker.wait(REST)
    breaker.failed(REST)
    breaker.wait(4 * REST)
    breaker.succeeded()
    for _ in range(FAILURES):
        breaker.failed(100.0)
    assert breaker.wait(100.0) == REST


def test_requests_that_were_under_way_when_it_opened_do_not_prolong_the_rest() -> None:
    breaker = opened(at=0.0)
    breaker.failed(10.0)
    assert breaker.wait(10.0) == pytest.approx(REST - 10)


def test_a_request_that_was_given_up_leaves_its_place_to_the_next() -> None:
    breaker = opened()
    assert breaker.wait(REST) is None
    breaker.gave_up()
    assert breaker.wait(REST) is None
