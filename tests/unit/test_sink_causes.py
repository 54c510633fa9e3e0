"""Which event of a commit another one follows from."""

from typing import Any

import pytest

from workflow_engine.core.events import Event
from workflow_engine.sinks.causes import FOLLOWS, causes


def told(*events: tuple[str, str, dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Return events of one commit: (kind, task, other fields)."""
    return [(i, {"event": kind, "task": task, **fields}) for i, (kind, task, fields) in enumerate(events)]


RUN = {"run": "t/a/1"}
OTHER = {"run": "t/b/1"}


def test_a_retry_follows_from_the_failure_of_its_own_run() -> None:
    commit = told(
        ("AttemptFailed", "t", RUN),
        ("AttemptFailed", "t", OTHER),
        ("RetryScheduled", "t", RUN),
        ("TaskFailed", "t", {}),
    )
    assert causes(commit) == {2: 0, 3: 1}


def test_what_begins_follows_from_what_ended_in_the_same_task() -> None:
    commit = told(("PhaseCompleted", "t", RUN), ("PhaseCompleted", "u", {"run": "u/a/1"}), ("PhaseStarted", "t", OTHER))
    assert causes(commit) == {2: 0}


def test_a_forked_task_follows_from_the_fork_that_is_told_behind_it() -> None:
    commit = told(("TaskSubmitted", "t~a.1.1", {}), ("TasksForked", "t", {**RUN, "tasks": ["t~a.1.1"]}))
    assert causes(commit) == {0: 1}


def test_an_event_that_leads_to_nothing_else_is_no_cause() -> None:
    assert causes(told(("QuestionCommented", "t", RUN), ("TaskCompleted", "t", {}), ("PhaseStarted", "t", RUN))) == {}


@pytest.mark.parametrize("kind", sorted({*FOLLOWS, *(cause for kinds in FOLLOWS.values() for cause in kinds)}))
def test_every_kind_in_the_table_exists(kind: str) -> None:
    assert kind in {event.__name__ for event in Event.__subclasses__()}


def test_a_large_commit_takes_one_pass() -> None:
    commit = told(
        *[("PhaseCompleted", f"t{i}", {"run": f"t{i}/a/1"}) for i in range(20_000)], ("TaskCompleted", "t7", {})
    )
    assert causes(commit) == {20_000: 7}
