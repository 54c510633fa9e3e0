"""Fan-outs: a phase is carried out once for each item of a list."""

from typing import Any

import pytest

from tests.unit.core_helpers import Driven, aborted, failed, performed, raw, settled, started
from workflow_engine.core.components import Failure, Progress, Running, TaskState
from workflow_engine.core.events import FannedOut, ItemFailed
from workflow_engine.core.inputs import Cancel, FanOut, Retry
from workflow_engine.spec.model import Phase


def fanned(items: int, *, room: int = 100, collects: bool = False, **given: Any) -> Driven:
    """Return a task that carries a phase out for each of some items."""
    mode = "collect" if collects else "fail"
    each = {"items": "inputs", "max_concurrency": room, "on_item_failure": mode}
    driven = started(Phase(id="a", for_each=each, **given))
    decision = driven.tick(101.0, FanOut("t/a/1", 1, raw(list(range(items)))))
    assert decision.events[0] == FannedOut("t", "t/a/1", items)
    return driven


def output(driven: Driven) -> object:
    return driven.find("t", Progress).entries["a"].output


def test_results_stand_in_the_order_of_the_items() -> None:
    driven = fanned(3)
    assert driven.live() == ["t/a/1", "t/a/1.0", "t/a/1.1", "t/a/1.2"]
    driven.tick(102.0, settled("t/a/1.2", output="c"), settled("t/a/1.0", output="a"))
    driven.tick(103.0, settled("t/a/1.1", output="b"))
    assert (driven.state(), output(driven), driven.live()) == (TaskState.COMPLETED, raw(["a", "b", "c"]), [])


def test_no_more_items_are_under_way_than_may_be() -> None:
    driven = fanned(4, room=2)
    assert driven.live() == ["t/a/1", "t/a/1.0", "t/a/1.1"]
    assert performed(driven.tick(102.0, settled("t/a/1.1"))) == ["t/a/1.2"]
    assert performed(driven.tick(103.0, settled("t/a/1.0"), settled("t/a/1.2"))) == ["t/a/1.3"]


def test_an_empty_list_gives_an_empty_list() -> None:
    driven = fanned(0)
    assert (driven.state(), output(driven)) == (TaskState.COMPLETED, raw([]))


def test_an_item_sees_itself() -> None:
    driven = fanned(2)
    view = driven.core.view("t/a/1.1", 1)
    assert view is not None
    assert (view.item, view.visit.item, view.key) == (raw(1), 1, "t/a/1.1/1")


def test_an_item_is_tried_again_on_its_own() -> None:
    driven = fanned(2)
    driven.tick(102.0, failed("t/a/1.0"), settled("t/a/1.1"))
    assert performed(driven.tick(112.0)) == ["t/a/1.0"]
    driven.tick(113.0, settled("t/a/1.0", attempt=2))
    assert driven.state() is TaskState.COMPLETED


def test_the_first_item_that_fails_for_good_fails_the_task_and_stops_the_others() -> None:
    driven = fanned(3)
    decision = driven.tick(102.0, failed("t/a/1.1", permanent=True))
    assert driven.find("t", Failure) == Failure("a", "Boom", "item 1: it broke", 1)
    assert (sorted(aborted(decision)), driven.live()) == (["t/a/1.0", "t/a/1.2"], [])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_item_that_fails_in_the_tick_in_which_the_last_is_done_fails_the_task(order: tuple[int, int]) -> None:
    driven = fanned(2)
    both = (settled("t/a/1.0"), failed("t/a/1.1", permanent=True))
    driven.tick(102.0, *(both[position] for position in order))
    assert (driven.state(), driven.live()) == (TaskState.FAILED, [])


def test_two_items_that_fail_in_one_tick_fail_the_task_once() -> None:
    driven = fanned(2)
    decision = driven.tick(102.0, failed("t/a/1.0", permanent=True), failed("t/a/1.1", permanent=True))
    assert driven.find("t", Failure).message == "item 0: it broke"
    assert [event for event in decision.events if type(event).__name__ == "TaskFailed"] == decision.events[-1:]


def test_failures_are_collected_in_the_place_of_results() -> None:
    driven = fanned(2, collects=True)
    decision = driven.tick(102.0, failed("t/a/1.0", permanent=True))
    assert ItemFailed("t", "t/a/1.0", "Boom", "it broke") in decision.events
    driven.tick(103.0, settled("t/a/1.1", output=7))
    assert output(driven) == raw([{"error": "Boom", "message": "it broke"}, 7])


def test_the_last_item_may_fail_where_failures_are_collected() -> None:
    driven = fanned(2, collects=True, room=1)
    driven.tick(102.0, settled("t/a/1.0", output=7))
    driven.tick(103.0, failed("t/a/1.1", permanent=True))
    assert output(driven) == raw([7, {"error": "Boom", "message": "it broke"}])


def test_an_item_that_is_collected_does_not_move_the_task_to_the_stage_of_a_failure() -> None:
    each = {"items": "inputs", "on_item_failure": "collect"}
    driven = started(
        Phase(id="a", for_each=each, stages={"start": "working", "complete": "done", "fail": "broken"}),
        states={"initial": "new", "transitions": {"new": ["working"], "working": ["done"]}, "terminal": ["broken"]},
    )
    driven.tick(101.0, FanOut("t/a/1", 1, raw([1])))
    driven.tick(102.0, failed("t/a/1.0", permanent=True))
    assert driven.state() is TaskState.COMPLETED


def test_a_fan_out_that_is_cancelled_leaves_nothing_behind() -> None:
    driven = fanned(5, room=3)
    driven.tick(102.0, failed("t/a/1.0"))
    decision = driven.tick(103.0, settled("t/a/1.1"), Cancel("t"))
    assert (driven.state(), driven.live(), driven.core.next_due()) == (TaskState.CANCELLED, [], None)
    assert aborted(decision) == ["t/a/1.2"]
    assert driven.core.under_way() == 0


def test_a_retry_does_all_items_again() -> None:
    driven = fanned(2)
    driven.tick(102.0, settled("t/a/1.0"), failed("t/a/1.1", permanent=True))
    assert performed(driven.tick(103.0, Retry("t"))) == ["t/a/2"]
    driven.tick(104.0, FanOut("t/a/2", 1, raw([1, 2])))
    assert isinstance(driven.marker("t/a/2.0")["running"], Running)
