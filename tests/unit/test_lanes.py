"""The queue of ready runs: by priority, then age, within limits."""

import pytest

from workflow_engine.core.lanes import LaneKey, Lanes

A, B = LaneKey("functional", "a"), LaneKey("functional", "b")
AGENT = LaneKey("agentic", "a")


def lanes(**queued: tuple[LaneKey, int, float]) -> Lanes:
    """Return lanes with runs by name: where, with what priority, of a task how old."""
    made = Lanes()
    for run, (key, priority, at) in queued.items():
        made.add(made.lane(key), (-priority, at, run))
    return made


def taken(made: Lanes) -> list[str]:
    return [run for _, run in made.take()]


def test_higher_priority_goes_first_then_the_older_task_then_the_smaller_id() -> None:
    made = lanes(
        young=(A, 0, 3.0),
        urgent=(B, 5, 9.0),
        old=(B, 0, 1.0),
        twin_b=(A, 0, 2.0),
        twin_a=(B, 0, 2.0),
        later=(A, -1, 0.0),
    )
    assert taken(made) == ["urgent", "old", "twin_a", "twin_b", "young", "later"]


def test_each_run_is_taken_once_and_with_its_lane() -> None:
    made = lanes(x=(A, 0, 1.0), y=(AGENT, 0, 2.0))
    assert list(made.take()) == [(made.lane(A), "x"), (made.lane(AGENT), "y")]
    assert list(made.take()) == []


@pytest.mark.parametrize(("scope", "name"), [("pool", "functional"), ("classification", "a")])
def test_a_limit_lets_so_many_through_and_the_best_of_the_rest_as_each_ends(scope: str, name: str) -> None:
    made = Lanes()
    made.limit(scope, name, 2)
    for number, run in enumerate(("one", "two", "three", "four")):
        made.add(made.lane(A), (0, float(number), run))
    made.add(made.lane(A), (-9, 9.0, "urgent"))
    assert taken(made) == ["urgent", "one"]
    assert taken(made) == []
    made.end(made.lane(A))
    assert taken(made) == ["two"]
    made.end(made.lane(A))
    made.end(made.lane(A))
    assert taken(made) == ["three", "four"]


def test_a_pool_is_shared_by_its_classifications_and_a_classification_by_its_pools() -> None:
    pool = lanes(x=(A, 0, 1.0), y=(B, 0, 2.0), z=(AGENT, 0, 3.0))
    pool.limit("pool", "functional", 1)
    assert taken(pool) == ["x", "z"]
    classification = lanes(x=(A, 0, 1.0), y=(B, 0, 2.0), z=(AGENT, 0, 3.0))
    classification.limit("classification", "a", 1)
    assert taken(classification) == ["x", "y"]


def test_the_tighter_of_two_limits_holds() -> None:
    made = lanes(x=(A, 0, 1.0), y=(A, 0, 2.0), z=(B, 0, 3.0))
    made.limit("pool", "functional", 2)
    made.limit("classification", "a", 1)
    assert taken(made) == ["x", "z"]


def test_what_another_lane_frees_in_the_same_pool_is_used_by_the_best_of_all() -> None:
    made = lanes(x=(A, 0, 1.0))
    made.limit("pool", "functional", 1)
    assert taken(made) == ["x"]
    made.add(made.lane(A), (0, 2.0, "older"))
    made.add(made.lane(B), (-1, 3.0, "urgent"))
    assert taken(made) == []
    made.end(made.lane(A))
    assert taken(made) == ["urgent"]


def test_a_raised_or_removed_limit_lets_the_waiting_through() -> None:
    made = lanes(x=(A, 0, 1.0), y=(A, 0, 2.0), z=(A, 0, 3.0))
    made.limit("classification", "a", 1)
    assert taken(made) == ["x"]
    made.limit("classification", "a", 2)
    assert taken(made) == ["y"]
    made.limit("classification", "a", None)
    assert taken(made) == ["z"]


def test_a_limit_below_what_is_under_way_holds_until_enough_have_ended() -> None:
    made = lanes(x=(A, 0, 1.0), y=(A, 0, 2.0), z=(A, 0, 3.0))
    assert taken(made) == ["x", "y", "z"]
    made.limit("pool", "functional", 2)
    made.add(made.lane(A), (0, 4.0, "next"))
    made.end(made.lane(A))
    assert taken(made) == []
    made.end(made.lane(A))
    assert taken(made) == ["next"]


def test_a_lane_that_needs_something_is_held_until_it_may_try_again() -> None:
    made = lanes(x=(A, 0, 1.0), y=(B, 0, 2.0))
    made.block(made.lane(A), "a handler for 'a'")
    assert (made.lane(A).needs, made.lane(B).needs, made.lane(AGENT).needs) == ("a handler for 'a'", None, None)
    assert taken(made) == ["y"]
    made.add(made.lane(A), (-9, 3.0, "urgent"))
    assert taken(made) == []
    made.unblock()
    assert made.lane(A).needs is None
    assert taken(made) == ["urgent", "x"]


def test_a_discarded_run_is_not_taken_wherever_it_stood() -> None:
    made = lanes(x=(A, 0, 1.0), y=(A, 0, 2.0), z=(A, 0, 3.0))
    for run in ("x", "z", "nobody"):
        made.discard(run)
    assert taken(made) == ["y"]


def test_a_run_that_was_discarded_and_queued_again_is_taken_once() -> None:
    made = lanes(x=(A, 0, 1.0))
    made.discard("x")
    made.add(made.lane(A), (0, 1.0, "x"))
    assert taken(made) == ["x"]
    made.end(made.lane(A))
    assert taken(made) == []


@pytest.mark.parametrize("held", ["blocked", "full"])
def test_what_waits_in_a_held_lane_costs_nothing(held: str) -> None:
    """Once a held lane was looked at, taking from another does not touch it again, however much waits in it."""
    made = Lanes()
    if held == "blocked":
        made.block(made.lane(A), "a handler")
    else:
        made.limit("classification", "a", 1)
        made.add(made.lane(AGENT), (0, 0.0, "first"))
        assert taken(made) == ["first"]
    for number in range(1_000):
        made.add(made.lane(A), _Counting((0, float(number), f"waiting-{number}")))
    assert taken(made) == []
    _Counting.compared = 0
    for number in range(10):
        made.add(made.lane(B), (0, 5_000.0, f"moving-{number}"))
        assert taken(made) == [f"moving-{number}"]
        made.end(made.lane(B))
    assert _Counting.compared == 0


class _Counting(tuple[int, float, str]):
    """A place in the queue that counts how often it was compared."""

    compared = 0

    def __lt__(self, other: tuple[int, float, str]) -> bool:  # type: ignore[override]
        _Counting.compared += 1
        return tuple(self) < tuple(other)
