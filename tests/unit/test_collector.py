"""The garbage collector is left as it was found."""

import gc
from collections.abc import Iterator

import pytest

from workflow_engine.collector import SELDOM, SeldomCollecting, collecting_paused


@pytest.fixture(autouse=True)
def thresholds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(SeldomCollecting, "_users", 0)  # engines that died in simulations never ended
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_the_last_of_several_engines_puts_the_thresholds_back() -> None:
    first, second = SeldomCollecting(), SeldomCollecting()
    first.begin()
    second.begin()
    assert gc.get_threshold() == SELDOM
    first.end()
    assert gc.get_threshold() == SELDOM
    second.end()
    assert gc.get_threshold() == (700, 10, 10)


def test_what_lives_when_an_engine_begins_is_not_looked_at_until_it_ends() -> None:
    seldom = SeldomCollecting()
    seldom.begin()
    assert gc.get_freeze_count() > 0
    seldom.end()
    assert gc.get_freeze_count() == 0


def test_thresholds_that_the_program_has_set_are_left_alone() -> None:
    gc.set_threshold(1_234, 5, 6)
    seldom = SeldomCollecting()
    seldom.begin()
    assert gc.get_threshold() == (1_234, 5, 6)
    seldom.end()
    assert gc.get_threshold() == (1_234, 5, 6)


def test_loading_pauses_the_collector_and_an_error_does_not_keep_it_off() -> None:
    with collecting_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collecting_paused():
        print(1 / 0)
    assert gc.isenabled()
