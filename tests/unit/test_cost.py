"""A tick costs what changed, not what exists: counted in calls, which are the same on every machine."""

import functools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.unit.core_helpers import Driven, answer, asks, failed, settled, sleeps
from workflow_engine.core.components import Artifacts, WaitKind
from workflow_engine.core.inputs import Attach, Cancel, Declined, Input, Limit, Suspend
from workflow_engine.spec.model import Phase

FEW, MANY = 10, 5_000
PHASES = (Phase(id="a", timeout=1_000), Phase(id="b"), Phase(id="held"))


def calls(work: Callable[[], object]) -> int:
    """Return how many functions, Python's and C's, are called by *work*."""
    counted = 0

    def count(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def crowd(size: int, state: str) -> Driven:
    """Return a core with *size* tasks that are all in one state."""
    driven = Driven(*PHASES)
    names = [f"p{number:05}" for number in range(size)]
    start = "held" if state in ("parked", "full") else "a"
    if state == "full":
        driven.tick(99.0, Limit("classification", "held", 1))
    driven.tick(100.0, *(driven.submit(name, start=start) for name in names))
    come: dict[str, Callable[[str], Input]] = {
        "asking": lambda name: asks(f"{name}/a/1", due_in=1e6),
        "asleep": lambda name: sleeps(1e6, f"{name}/a/1"),
        "backoff": lambda name: failed(f"{name}/a/1", retry_after=1e6),
        "parked": lambda name: Declined(f"{name}/held/1", 1, "a handler"),
        "ended": lambda name: Cancel(name),
    }
    if state in come:
        driven.tick(101.0, *(come[state](name) for name in names))
    return driven


def moves(task: str) -> dict[str, Callable[[Driven], object]]:
    run = f"{task}/a/1"
    return {
        "nothing": lambda driven: driven.tick(300.0),
        "submit": lambda driven: driven.tick(300.0, driven.submit("u", ticket=1)),
        "settle": lambda driven: driven.tick(300.0, settled(run)),
        "fail": lambda driven: driven.tick(300.0, failed(run)),
        "ask": lambda driven: driven.tick(300.0, asks(run, step="ask", due_in=10.0)),
        "ask and answer": lambda driven: (
            driven.tick(300.0, asks(run, step="ask")),
            driven.tick(300.0, answer(f"{run}/1q0")),
        ),
        "attach": lambda driven: driven.tick(300.0, Attach(task, {"f": answer().value})),
        "cancel": lambda driven: driven.tick(300.0, Cancel(task)),
        "look": lambda driven: (driven.core.record(task), driven.core.view(run, 1), driven.core.next_due()),
        "suspend": lambda driven: driven.tick(300.0, Suspend("", 0, WaitKind.IO, prompt="Hold", task=task)),
    }


@pytest.mark.parametrize("state", ["under way", "asking", "asleep", "backoff", "parked", "full", "ended"])
def test_a_tick_that_moves_one_task_costs_the_same_however_many_wait(state: str) -> None:
    costs: list[dict[str, int]] = []
    for size in (FEW, MANY):
        driven = crowd(size, state)
        names = list(moves(""))
        driven.tick(200.0, *(driven.submit(name.replace(" ", "-")) for name in names))
        driven.tick(201.0, settled("submit/a/1"), failed("nothing/a/1"))  # what is looked up once has been looked up
        costs.append({name: calls(functools.partial(moves(name.replace(" ", "-"))[name], driven)) for name in names})
        costs[-1]["what is due"] = calls(functools.partial(driven.tick, 310.0))
        driven.core.close()
    few, many = costs
    assert few == many


def test_one_more_entry_of_a_table_costs_and_journals_the_same_however_many_there_are() -> None:
    driven = Driven(*PHASES)
    driven.tick(100.0, driven.submit())

    def attach(number: int) -> Attach:
        return Attach("t", {f"f{number}": answer().value})

    first = calls(lambda: driven.tick(101.0, attach(1)))
    driven.tick(101.0, *(attach(number) for number in range(2, 5_000)))
    assert len(driven.find("t", Artifacts).entries) == 4_999
    second = calls(lambda: driven.tick(102.0, attach(5_000)))
    assert second <= first
    assert driven.tick(103.0, attach(5_001)).changes == {"t": {"artifacts+": {"f5001": answer().value}}}
