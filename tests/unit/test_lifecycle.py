"""The transition tables, pair by pair."""

from itertools import product

import pytest

from workflow_engine.core.components import (
    Attempt,
    Backoff,
    Component,
    Joining,
    Ready,
    Run,
    Running,
    Status,
    Suspended,
    TaskState,
    WaitKind,
)
from workflow_engine.core.lifecycle import Move, advance
from workflow_engine.core.world import World
from workflow_engine.errors import IllegalTransition

LIVE = (
    TaskState.PENDING,
    TaskState.IN_PROGRESS,
    TaskState.WAITING_HUMAN,
    TaskState.WAITING_AGENT,
    TaskState.WAITING_IO,
)
TERMINAL = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)
LEADS_TO = {
    Move.PLAN: TaskState.PENDING,
    Move.WORK: TaskState.IN_PROGRESS,
    Move.AWAIT_HUMAN: TaskState.WAITING_HUMAN,
    Move.AWAIT_AGENT: TaskState.WAITING_AGENT,
    Move.AWAIT_IO: TaskState.WAITING_IO,
    Move.COMPLETE: TaskState.COMPLETED,
    Move.FAIL: TaskState.FAILED,
    Move.CANCEL: TaskState.CANCELLED,
}

MARKERS: dict[str, Component] = {
    "Ready": Ready(1.0),
    "Running": Running(1.0),
    "Backoff": Backoff(2.0, "it broke"),
    "Suspended": Suspended(WaitKind.IO, 1.0, step="sleep", until=2.0),
    "Joining": Joining(1.0),
}
RUN_PAIRS = {
    (None, "Ready"),
    (None, "Running"),
    (None, "Suspended"),
    ("Ready", "Running"),
    ("Ready", "Suspended"),
    ("Running", "Ready"),
    ("Running", "Running"),
    ("Running", "Backoff"),
    ("Running", "Suspended"),
    ("Running", "Joining"),
    ("Backoff", "Ready"),
    ("Backoff", "Running"),
    ("Backoff", "Suspended"),
    ("Suspended", "Ready"),
    ("Suspended", "Running"),
    ("Suspended", "Backoff"),
    ("Suspended", "Suspended"),
    ("Joining", "Ready"),
    ("Joining", "Running"),
    ("Joining", "Backoff"),
}


def test_every_state_is_live_or_terminal() -> None:
    assert set(LIVE) | set(TERMINAL) == set(TaskState)
    assert [state for state in TaskState if state.terminal] == list(TERMINAL)


@pytest.mark.parametrize(("state", "move"), list(product(LIVE, LEADS_TO)))
def test_a_live_task_may_move_anywhere_and_the_move_alone_says_where(state: TaskState, move: Move) -> None:
    assert advance("t", Status(state, 1.0, "old"), move, 5.0, "new") == Status(LEADS_TO[move], 5.0, "new")


@pytest.mark.parametrize("state", LIVE)
def test_a_live_task_is_not_retried(state: TaskState) -> None:
    with pytest.raises(IllegalTransition, match=f"task t is {state} and does not accept retry"):
        advance("t", Status(state, 1.0), Move.RETRY, 5.0)


@pytest.mark.parametrize(("state", "move"), list(product(TERMINAL, Move)))
def test_a_terminal_task_accepts_nothing_but_the_retry_of_a_failed_one(state: TaskState, move: Move) -> None:
    if (state, move) == (TaskState.FAILED, Move.RETRY):
        assert advance("t", Status(state, 1.0), move, 5.0) == Status(TaskState.PENDING, 5.0)
        return
    with pytest.raises(IllegalTransition) as refusal:
        advance("t", Status(state, 1.0), move, 5.0)
    assert str(refusal.value) == f"task t is {state} and does not accept {move}"
    assert (refusal.value.subject, refusal.value.state, refusal.value.event) == ("task t", state, move)


@pytest.mark.parametrize(("old", "new"), list(product([None, *MARKERS], MARKERS)))
def test_a_run_changes_its_marker_as_the_table_says_and_not_otherwise(old: str | None, new: str) -> None:
    world = World()
    with world.entered():
        before = MARKERS[old] if old else None
        if before is not None:
            world.load("t/a/1", Run("t", "a", 1, 1.0), Attempt(1), before)
        if (old, new) in RUN_PAIRS:
            change(world, before, MARKERS[new])
            expected: Component | None = MARKERS[new]
        else:
            with pytest.raises(IllegalTransition, match=f"run t/a/1 is {old or 'new'} and does not accept {new}"):
                change(world, before, MARKERS[new])
            expected = before
        markers = [world.find("t/a/1", type(marker)) for marker in MARKERS.values()]
        assert [marker for marker in markers if marker is not None] == ([expected] if expected else [])
    world.close()


def change(world: World, old: Component | None, new: Component) -> None:
    """Give a run its first marker, or another one."""
    if old is None:
        world.begin("t/a/1", Run("t", "a", 1, 1.0), Attempt(1), new)
    else:
        world.turn("t/a/1", type(old), new)
