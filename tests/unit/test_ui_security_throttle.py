"""The throttle: pauses, forgiveness, and bounded memory."""

import pytest

from tests.unit.ui_security_given import Clock
from workflow_engine.ui.security import throttle
from workflow_engine.ui.security.throttle import FORGOTTEN_AFTER, KEPT_MAX, TRIES_OF_ADDRESS, Throttle


def tries(found: Throttle, name: str, address: str, count: int) -> list[float]:
    """Return the pauses that so many tries find."""
    return [found.attempt(name, address) for _ in range(count)]


def test_five_tries_are_free_and_then_there_is_a_pause() -> None:
    clock = Clock()
    found = Throttle(clock)
    assert tries(found, "ann", "1.1.1.1", 7) == [0, 0, 0, 0, 0, 5, 5]
    clock.now += 4
    assert found.attempt("ann", "1.1.1.1") == 1
    clock.now += 1
    assert tries(found, "ann", "1.1.1.1", 2) == [0, 10]


def test_a_try_within_a_pause_does_not_make_it_longer() -> None:
    clock = Clock()
    found = Throttle(clock)
    tries(found, "ann", "1.1.1.1", 1_000)
    clock.now += 5
    assert found.attempt("ann", "1.1.1.1") == 0


def test_tries_under_way_at_once_count() -> None:
    found = Throttle(Clock())
    assert tries(found, "ann", "1.1.1.1", 100).count(0) == 5  # none of them has come to an end


def test_the_case_of_a_name_makes_no_other_name() -> None:
    found = Throttle(Clock())
    assert [found.attempt(name, "1.1.1.1") > 0 for name in ("ann", "ANN", "Ann", "aNn", "anN", "ann")][-1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("1.1.1.1", "::ffff:1.1.1.1", True),
        ("1.1.1.1", "1.1.1.2", False),
        ("", "", True),
    ],
)
def test_an_address_is_what_one_customer_has(one: str, other: str, same: bool) -> None:
    found = Throttle(Clock())
    for number in range(TRIES_OF_ADDRESS):
        assert found.attempt(f"n{number}", one) == 0
    assert (found.attempt("x", other) > 0) == same


def test_a_success_forgives_the_name_and_not_the_address() -> None:
    clock = Clock()
    found = Throttle(clock)
    for number in range(TRIES_OF_ADDRESS - 1):
        found.attempt(f"n{number}", "1.1.1.1")
    found.attempt("mine", "1.1.1.1")
    found.succeeded("mine", "1.1.1.1")
    assert (found.attempt("n0", "1.1.1.1"), found.attempt("n1", "1.1.1.1") > 0) == (0, True)


def test_all_is_forgiven_after_an_hour() -> None:
    clock = Clock()
    found = Throttle(clock)
    for _ in range(12):
        clock.now += found.attempt("ann", "1.1.1.1")
    clock.now += FORGOTTEN_AFTER
    assert tries(found, "ann", "1.1.1.1", 6) == [0, 0, 0, 0, 0, 5]


def test_names_that_are_made_up_do_not_fill_the_memory() -> None:
    found = Throttle(Clock())
    for number in range(KEPT_MAX + 100):
        found.attempt(f"n{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(found) == KEPT_MAX


def test_the_longest_pause_is_five_minutes() -> None:
    assert throttle.PAUSE_MAX == 300
