"""Planning: what a task does next."""

import pytest

from tests.unit.core_helpers import Driven, asks, decided, defined, failed, perform, raw, settled, started
from workflow_engine.core.components import Failure, Identity, PhaseProgress, Progress, Run, TaskState
from workflow_engine.core.events import (
    AttemptFailed,
    PhaseCompleted,
    PhaseStarted,
    TaskClassified,
    TaskCompleted,
    TaskFailed,
)
from workflow_engine.core.inputs import Retry
from workflow_engine.spec.model import Phase, WorkflowSpec

CHOICE = (
    Phase(id="a", next_classifications=("review", "c")),
    Phase(id="b", target_classification="review"),
    Phase(id="c"),
)
LOOP = (Phase(id="a", next_classifications=("b",)), Phase(id="b", next_classifications=("a",), max_visits=2))


def test_phases_follow_each_other_in_one_tick_each() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    decision = driven.tick(101.0, settled(output=1))
    assert decided(decision) == (
        [perform("t/b/1")],
        [PhaseCompleted("t", "t/a/1"), PhaseStarted("t", "t/b/1", 1)],
    )
    assert decision.changes["t"] == {"progress+": {"a": PhaseProgress(1, "completed", 100.0, 101.0, 1, raw(1))}}
    assert decision.changes["t/a/1"] is None
    assert driven.tick(102.0, settled("t/b/1")).events[-1] == TaskCompleted("t")


@pytest.mark.parametrize(("pick", "run"), [(None, "t/b/1"), ("review", "t/b/1"), ("b", "t/b/1"), ("c", "t/c/1")])
def test_a_result_picks_what_follows_and_none_is_the_first(pick: str | None, run: str) -> None:
    assert started(*CHOICE).tick(101.0, settled(pick=pick)).effects == [perform(run)]


def test_a_result_that_picks_what_cannot_follow_fails_the_task() -> None:
    driven = started(*CHOICE)
    message = "phase 'a' picked 'z', which is not among its next classifications (review, c)"
    assert driven.tick(101.0, settled(pick="z")).events == [
        AttemptFailed("t", "t/a/1", 1, "UnknownPick", message),
        TaskFailed("t", "UnknownPick", message),
    ]
    assert driven.find("t", Failure) == Failure("a", "UnknownPick", message, 1)


def test_a_phase_without_successors_ends_the_task_whatever_comes_after_it_in_the_file() -> None:
    driven = started(*CHOICE)
    driven.tick(101.0, settled())
    driven.tick(102.0, settled("t/b/1"))
    assert driven.state() is TaskState.COMPLETED


def test_a_loop_counts_visits_and_keeps_the_latest_outcome() -> None:
    driven = started(*LOOP)
    driven.tick(101.0, settled(output=1))
    driven.tick(102.0, settled("t/b/1", output=2))
    driven.tick(103.0, settled("t/a/2", output=3))
    assert driven.core.snapshot()["t/b/2"]["run"] == Run("t", "b", 2, 103.0)
    assert driven.find("t", Progress).entries["a"] == PhaseProgress(2, "completed", 102.0, 103.0, 1, raw(3))


def test_one_visit_too_many_fails_the_task_with_the_remedy() -> None:
    driven = started(*LOOP)
    for number, run in enumerate(("t/a/1", "t/b/1", "t/a/2", "t/b/2")):
        driven.tick(101.0 + number, settled(run))
    decision = driven.tick(110.0, settled("t/a/3"))
    message = "the task came to phase 'b' more than 2 times; mend the loop, or raise max_visits of the phase"
    assert decided(decision) == ([], [PhaseCompleted("t", "t/a/3"), TaskFailed("t", "TooManyVisits", message)])
    assert driven.find("t", Failure) == Failure("b", "TooManyVisits", message, 0)


def test_a_retry_of_a_task_that_came_too_often_fails_at_once_again() -> None:
    driven = started(*LOOP)
    for number, run in enumerate(("t/a/1", "t/b/1", "t/a/2", "t/b/2", "t/a/3")):
        driven.tick(101.0 + number, settled(run))
    decision = driven.tick(120.0, Retry("t", ticket=7))
    assert (decision.effects, decision.replies, list(decision.ended)) == ([], [(7, "t")], ["t"])
    assert driven.state() is TaskState.FAILED


def test_failed_visits_count_too() -> None:
    driven = started(Phase(id="a", max_visits=2))
    for visit in (1, 2):
        driven.tick(100.0 + visit, failed(f"t/a/{visit}", permanent=True))
        driven.tick(100.5 + visit, Retry("t"))
    assert driven.find("t", Failure).error == "TooManyVisits"


def test_a_classified_task_goes_on_in_its_workflow_with_its_data() -> None:
    driven = started()
    other = WorkflowSpec(name="v", phases=(Phase(id="x"), Phase(id="y")))
    decision = driven.tick(101.0, defined(other), settled(output="v", rebind=other.digest()))
    assert decided(decision) == (
        [perform("t/x/1")],
        [PhaseCompleted("t", "t/a/1"), TaskClassified("t", "v"), PhaseStarted("t", "t/x/1", 1)],
    )
    assert driven.find("t", Identity) == Identity("t", "v", other.digest(), 100.0)
    assert driven.tick(102.0, settled("t/x/1")).effects == [perform("t/y/1")]


def test_a_task_that_goes_on_in_a_graph_begins_all_phases_that_need_nothing() -> None:
    driven = started()
    phases = (Phase(id="x", depends_on=()), Phase(id="y", depends_on=()), Phase(id="z", depends_on=("x", "y")))
    other = WorkflowSpec(name="v", phases=phases)
    decision = driven.tick(101.0, defined(other), settled(rebind=other.digest()))
    assert decision.effects == [perform("t/x/1"), perform("t/y/1")]


def test_a_classified_task_may_begin_in_a_later_phase() -> None:
    driven = started()
    other = WorkflowSpec(name="v", phases=(Phase(id="x"), Phase(id="y")))
    decision = driven.tick(101.0, defined(other), settled(rebind=other.digest(), start="y"))
    assert decision.effects == [perform("t/y/1")]


def test_a_task_stays_on_the_definition_it_started_with() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    newer = WorkflowSpec(name="w", phases=(Phase(id="a"), Phase(id="z")))
    driven.tick(101.0, defined(newer))
    assert driven.tick(102.0, settled()).effects == [perform("t/b/1")]
    assert driven.core.definition("w") == (newer.digest(), newer.stored())


def test_an_override_of_the_task_holds_where_the_phase_has_none() -> None:
    driven = Driven(Phase(id="a"), Phase(id="b", assigned_to="human"), Phase(id="c"))
    assert driven.tick(100.0, driven.submit(assigned_to="agentic")).effects == [perform("t/a/1", adapter="agentic")]
    assert driven.tick(101.0, settled()).effects == [perform("t/b/1", adapter="human")]
    driven.tick(102.0, asks("t/b/1"))
    driven.tick(103.0)
    assert driven.core.lacks("t") == {}
