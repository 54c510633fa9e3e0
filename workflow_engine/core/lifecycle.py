"""The transition tables: the only place that says how a task or a run may change its state.

A row that is missing is an `IllegalTransition`, with the state unchanged.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from workflow_engine.core.components import (
    TERMINAL,
    Backoff,
    Component,
    Joining,
    Ready,
    Running,
    Status,
    Suspended,
    TaskState,
)
from workflow_engine.errors import IllegalTransition


class Move(StrEnum):
    """What can happen to a task."""

    PLAN = "plan"  # a run is ready and none is under way
    WORK = "work"  # a run is under way or waits for its next attempt
    AWAIT_HUMAN = "await_human"
    AWAIT_AGENT = "await_agent"
    AWAIT_IO = "await_io"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    RETRY = "retry"


_STANDING: Final = {
    Move.PLAN: TaskState.PENDING,
    Move.WORK: TaskState.IN_PROGRESS,
    Move.AWAIT_HUMAN: TaskState.WAITING_HUMAN,
    Move.AWAIT_AGENT: TaskState.WAITING_AGENT,
    Move.AWAIT_IO: TaskState.WAITING_IO,
}
_ENDING: Final = {
    Move.COMPLETE: TaskState.COMPLETED,
    Move.FAIL: TaskState.FAILED,
    Move.CANCEL: TaskState.CANCELLED,
}

# A live task may move between all live states, since each follows from its runs, and may end in three ways.
# A terminal one accepts nothing, but for the retry of a failed task.
TRANSITIONS: Final[Mapping[tuple[TaskState, Move], TaskState]] = MappingProxyType(
    {
        **{
            (state, move): target
            for state in TaskState
            if state not in TERMINAL
            for move, target in {**_STANDING, **_ENDING}.items()
        },
        (TaskState.FAILED, Move.RETRY): TaskState.PENDING,
    }
)

RUN_TRANSITIONS: Final[Mapping[type[Component] | None, frozenset[type[Component]]]] = MappingProxyType(
    {
        None: frozenset({Ready, Running, Suspended}),  # planned; a gate that a person decides about
        Ready: frozenset({Running, Suspended}),  # dispatched; suspended from outside
        # handed back; taken up after a crash; failed; waits; waits for runs or tasks of its own
        Running: frozenset({Ready, Running, Backoff, Suspended, Joining}),
        Backoff: frozenset({Ready, Running, Suspended}),
        Suspended: frozenset({Ready, Running, Backoff, Suspended}),  # answered, woken; unanswered; escalated
        Joining: frozenset({Ready, Running, Backoff}),  # joined; a part failed
    }
)
"""Which marker may replace which; a run that settles is removed with whatever marker it has."""


def advance(task: str, status: Status, move: Move, at: float, reason: str | None = None) -> Status:
    """Return the status of *task* after *move*, at engine time *at* in seconds.

    Raises:
        IllegalTransition: the table has no row for this state and move.
    """
    state = TRANSITIONS.get((status.state, move))
    if state is None:
        raise IllegalTransition(f"task {task}", status.state, move)
    return Status(state, at, reason)
