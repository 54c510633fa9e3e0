"""Dispatch: ready runs are started as far as there is room, the most urgent first."""

import pytest

from tests.unit.core_helpers import Driven, asks, failed, perform, settled
from workflow_engine.core.components import Ready, Running, Status, TaskState
from workflow_engine.core.effects import Abort, Effect, Perform
from workflow_engine.core.inputs import Cancel, HandedBack, Limit, Serving
from workflow_engine.core.tick import Decision
from workflow_engine.spec.model import Phase


def limited(scope: str, name: str, most: int, *phases: Phase) -> Driven:
    driven = Driven(*phases)
    driven.tick(1.0, Limit(scope, name, most))
    return driven


def tasks(effects: list[Effect]) -> list[str]:
    return [effect.task for effect in effects if isinstance(effect, Perform)]


def test_higher_priority_goes_first_then_the_older_task() -> None:
    driven = Driven(serving=False)
    for at, (name, priority) in enumerate((("old", 0), ("low", -1), ("urgent", 9), ("young", 0))):
        driven.tick(100.0 + at, driven.submit(name, priority=priority))
    assert tasks(driven.tick(200.0, Serving(True)).effects) == ["urgent", "old", "young", "low"]


def test_an_older_task_goes_first_also_in_its_later_phases() -> None:
    driven = limited("pool", "functional", 1, Phase(id="a"), Phase(id="b"))
    driven.tick(100.0, driven.submit("old"))
    driven.tick(101.0, driven.submit("young"))
    assert driven.tick(102.0, settled("old/a/1")).effects == [perform("old/b/1")]


@pytest.mark.parametrize(("scope", "name"), [("pool", "functional"), ("classification", "a")])
def test_no_more_than_the_limit_are_under_way_and_the_next_starts_as_one_ends(scope: str, name: str) -> None:
    driven = limited(scope, name, 2)
    decision = driven.tick(100.0, *(driven.submit(f"t{number}") for number in range(5)))
    assert tasks(decision.effects) == ["t0", "t1"]
    assert driven.marker("t2/a/1") == {"ready": Ready(100.0)}
    assert driven.state("t2") is TaskState.PENDING
    assert tasks(driven.tick(101.0, settled("t1/a/1")).effects) == ["t2"]
    assert tasks(driven.tick(102.0, failed("t0/a/1"), asks("t2/a/1")).effects) == ["t3", "t4"]


def test_a_pool_limit_leaves_other_pools_alone() -> None:
    driven = limited("pool", "functional", 1)
    decision = driven.tick(100.0, driven.submit("t"), driven.submit("u"), driven.submit("v", assigned_to="agentic"))
    assert tasks(decision.effects) == ["t", "v"]


def test_a_raised_limit_starts_what_waits() -> None:
    driven = limited("classification", "a", 1)
    driven.tick(100.0, driven.submit("t"), driven.submit("u"), driven.submit("v"))
    assert tasks(driven.tick(101.0, Limit("classification", "a", 2)).effects) == ["u"]
    assert tasks(driven.tick(102.0, Limit("classification", "a", None)).effects) == ["v"]


def test_a_cancelled_task_gives_its_place_and_its_turn_to_others() -> None:
    driven = limited("classification", "a", 1)
    driven.tick(100.0, driven.submit("t"), driven.submit("u"), driven.submit("v"))
    assert driven.tick(101.0, Cancel("u")).effects == []
    assert driven.tick(102.0, Cancel("t")).effects == [Abort("t/a/1", 1), perform("v/a/1")]


def test_what_starts_is_under_way_since_this_moment_until_its_timeout() -> None:
    driven = Driven(Phase(id="a", timeout=30))
    driven.tick(100.0, driven.submit())
    assert driven.marker() == {"running": Running(100.0, 130.0)}
    assert driven.find("t", Status) == Status(TaskState.IN_PROGRESS, 100.0)
    assert driven.core.under_way() == 1


def test_what_cannot_start_yet_has_no_timeout_running() -> None:
    driven = limited("pool", "functional", 1, Phase(id="a", timeout=30))
    driven.tick(100.0, driven.submit("t"), driven.submit("u"))
    driven.tick(110.0, settled("t/a/1"))
    assert driven.marker("u/a/1") == {"running": Running(110.0, 140.0)}


def test_nothing_is_started_while_the_host_does_not_serve() -> None:
    driven = Driven()
    driven.tick(100.0, driven.submit("t"))
    assert driven.tick(101.0, Serving(False), driven.submit("u")).effects == []
    assert driven.tick(102.0, settled("t/a/1")) != Decision({}, {}, [], [], [])
    assert tasks(driven.tick(103.0, Serving(True)).effects) == ["u"]


def test_a_run_that_waits_for_a_place_and_is_handed_back_again_starts_once() -> None:
    driven = limited("classification", "a", 1)
    driven.tick(100.0, driven.submit("t"), driven.submit("u"))
    driven.tick(101.0, Serving(False), HandedBack("t/a/1", 1))
    assert tasks(driven.tick(102.0, Serving(True)).effects) == ["t"]
    assert tasks(driven.tick(103.0, settled("t/a/1")).effects) == ["u"]
    assert tasks(driven.tick(104.0, settled("u/a/1")).effects) == []


def test_many_submissions_in_one_tick_start_in_the_order_of_their_ids() -> None:
    driven = Driven()
    names = [f"t{number:02}" for number in range(20)]
    decision = driven.tick(100.0, *(driven.submit(name) for name in reversed(names)))
    assert tasks(decision.effects) == names
