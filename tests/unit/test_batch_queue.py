"""The queue of turns that wait for a batch: what is sent when, and what is where."""

import itertools

import pytest

from workflow_engine.agents.batch_queue import GATHER, LOOK_FIRST, LOOK_MOST, SLACK, BatchQueue, Doubt, Line, Turn

M = Line("m", size=3, wait=300.0)
OTHER = Line("other", size=3, wait=300.0)


def turn(number: int, queued: float = 0.0, line: Line = M, expires: float = 86_400.0) -> Turn:
    return Turn(f"id{number}", f"t{number}/a/1/1q0", line, queued, expires, queued)


def with_turns(*turns: Turn) -> BatchQueue:
    queue = BatchQueue()
    for one in turns:
        queue.add(one)
    return queue


def ids(turns: tuple[Turn, ...] | list[Turn]) -> list[str]:
    return [one.id for one in turns]


def send(queue: BatchQueue, batch: str, now: float) -> None:
    turns = queue.cut(now)
    queue.sending(turns, now, 30.0)
    queue.sent(batch, turns, now)


def test_turns_that_come_in_the_same_moment_share_a_batch() -> None:
    queue = with_turns(turn(1), turn(2, 0.5))
    assert (queue.next_due(), queue.cut(GATHER - 0.1)) == (GATHER, ())
    assert ids(queue.cut(GATHER)) == ["id1", "id2"]


def test_a_full_batch_waits_for_nothing() -> None:
    queue = with_turns(*(turn(number) for number in range(4)))
    assert ids(queue.cut(0.0)) == ["id0", "id1", "id2"]


def test_behind_an_outstanding_batch_a_turn_waits_for_company() -> None:
    queue = with_turns(turn(1))
    send(queue, "b1", 1.0)
    queue.add(turn(2, 2.0))
    assert queue.cut(301.9) == ()
    assert ids(queue.cut(302.0)) == ["id2"]


def test_a_turn_is_sent_at_once_when_nothing_is_outstanding_any_more() -> None:
    queue = with_turns(turn(1))
    send(queue, "b1", 1.0)
    queue.add(turn(2, 2.0))
    queue.done(queue.batches["b1"])
    assert ids(queue.cut(3.0)) == ["id2"]


def test_what_asks_another_model_is_another_batch() -> None:
    queue = with_turns(turn(1), turn(2, line=OTHER))
    assert ids(queue.cut(1.0)) == ["id1"]
    send(queue, "b1", 1.0)
    assert ids(queue.cut(1.0)) == ["id2"]


def test_nothing_is_sent_while_a_line_is_held() -> None:
    queue = with_turns(turn(1))
    queue.hold(M, 90.0)
    assert (queue.cut(89.0), ids(queue.cut(90.0)), queue.next_due()) == ((), ["id1"], 90.0)


def test_a_turn_that_is_known_is_not_taken_in_again() -> None:
    queue = with_turns(turn(1))
    send(queue, "b1", 1.0)
    queue.add(turn(1))
    assert (queue.cut(1_000.0), ids(queue.within(queue.batches["b1"]))) == ((), ["id1"])


def test_looks_at_a_batch_grow_rarer_up_to_a_bound() -> None:
    queue = with_turns(turn(1))
    send(queue, "b1", GATHER)
    looks: list[float] = []
    for _ in range(9):
        looks.append(queue.batches["b1"].look)
        queue.later(queue.batches["b1"], looks[-1])
    pauses = [after - before for before, after in itertools.pairwise(looks)]
    assert looks[0] == GATHER + LOOK_FIRST
    assert pauses == sorted(pauses)
    assert pauses[-1] == LOOK_MOST


def test_a_turn_in_doubt_is_sent_once_the_list_must_have_had_it() -> None:
    queue = BatchQueue()
    queue.add(turn(1), Doubt(0.0, 30.0))
    queue.trust([], now=29.0)
    assert queue.cut(29.0) == ()
    queue.trust([], now=30.0)
    assert ids(queue.cut(30.0)) == ["id1"]


@pytest.mark.parametrize(("sent", "held"), [(-SLACK, True), (1_000.0, True), (-SLACK - 1, False)])
def test_a_batch_of_unknown_content_holds_what_may_be_in_it(sent: float, held: bool) -> None:
    queue = BatchQueue()
    queue.add(turn(1), Doubt(0.0, 0.0))
    queue.trust([sent], now=60.0)
    assert ids(queue.cut(60.0)) == ([] if held else ["id1"])


def test_a_batch_is_taken_over_if_a_turn_in_doubt_is_in_it() -> None:
    queue = with_turns(turn(2))
    queue.add(turn(1), Doubt(0.0, 30.0))
    queue.found("theirs", ["x"], sent=1.0, now=5.0)
    queue.found("ours", ["id1", "gone"], sent=2.0, now=5.0)
    assert list(queue.batches) == ["ours"]
    ours = queue.batches["ours"]
    assert (ids(queue.within(ours)), ours.count, ours.sent, ours.look) == (["id1"], 2, 2.0, 5.0)


def test_a_turn_that_was_sent_twice_is_in_the_later_batch_and_has_had_a_try() -> None:
    queue = BatchQueue()
    queue.add(turn(1), Doubt(0.0, 30.0))
    queue.found("b1", ["id1"], sent=1.0, now=5.0)
    queue.found("b2", ["id1"], sent=2.0, now=5.0)
    assert (ids(queue.within(queue.batches["b1"])), ids(queue.within(queue.batches["b2"]))) == ([], ["id1"])
    assert queue.turns["id1"].tries == 1


def test_a_turn_without_a_reply_is_queued_anew() -> None:
    queue = with_turns(turn(1))
    send(queue, "b1", 1.0)
    queue.again(queue.turns["id1"], 500.0)
    queue.done(queue.batches["b1"])
    again = queue.cut(501.0)
    assert [(one.id, one.queued, one.tries) for one in again] == [("id1", 500.0, 1)]


def test_a_turn_without_a_reply_in_a_batch_that_was_found_is_in_doubt_again() -> None:
    queue = BatchQueue()
    queue.add(turn(1), Doubt(0.0, 30.0))
    queue.found("b1", ["id1"], sent=1.0, now=5.0)
    queue.again(queue.turns["id1"], 6.0)
    assert queue.doubts == {"id1": Doubt(1.0, 6.0)}


def test_a_turn_expires_wherever_it_is_and_once_only() -> None:
    queue = with_turns(turn(1, expires=50.0), turn(2, expires=60.0), turn(3, expires=70.0))
    send(queue, "b1", 0.0)
    assert (ids(queue.expired(49.0)), ids(queue.expired(60.0))) == ([], ["id1", "id2"])
    for one in queue.expired(60.0):
        queue.drop(one.id)
    assert ids(queue.expired(60.0)) == []
    assert ids(queue.within(queue.batches["b1"])) == ["id3"]


def test_an_empty_queue_has_nothing_to_do() -> None:
    queue = with_turns(turn(1))
    queue.drop("id1")
    assert (queue.next_due(), queue.cut(1e9), queue.turns) == (None, (), {})
