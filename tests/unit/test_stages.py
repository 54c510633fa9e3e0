"""Stages: where a task stands in its users' own words."""

from typing import Any

from tests.unit.core_helpers import Driven, defined, failed, performed, rejects, settled, started
from tests.unit.test_flow import needs
from workflow_engine.core.components import Failure, Stage, TaskState
from workflow_engine.core.events import StageChanged
from workflow_engine.core.inputs import Retry, Skipped
from workflow_engine.spec.model import Phase, WorkflowSpec

STATES: dict[str, Any] = {
    "initial": "new",
    "terminal": ["published", "dropped"],
    "transitions": {"new": ["writing"], "writing": ["review", "dropped"], "review": ["writing", "published"]},
}
WRITE = Phase(id="write", stages={"start": "writing", "complete": "review", "fail": "dropped"})
REVIEW = Phase(
    id="review", on_reject={"target": "write"}, stages={"complete": "published", "reject": "writing"}
)  # fmt: skip


def written(*more: Phase) -> Driven:
    """Return a task that is being written."""
    return started(WRITE, REVIEW, *more, states=STATES)


def stage(driven: Driven) -> Stage:
    return driven.find("t", Stage)


def test_a_task_goes_from_stage_to_stage_with_its_phases() -> None:
    driven = written()
    assert stage(driven) == Stage("writing", 100.0)
    assert StageChanged("t", "review", "writing") in driven.tick(101.0, settled("t/write/1")).events
    driven.tick(102.0, rejects("t/review/1", 1, "no"))
    assert stage(driven) == Stage("writing", 102.0)
    driven.tick(103.0, settled("t/write/2"))
    driven.tick(104.0, settled("t/review/2"))
    assert (stage(driven), driven.state()) == (Stage("published", 104.0), TaskState.COMPLETED)


def test_a_skipped_phase_moves_no_task() -> None:
    driven = written()
    driven.tick(101.0, Skipped("t/write/1", 1))
    assert stage(driven) == Stage("writing", 100.0)


def test_a_stage_that_may_not_follow_fails_the_task_with_the_remedy() -> None:
    driven = started(Phase(id="a", stages={"complete": "published"}), states=STATES)
    driven.tick(101.0, settled())
    message = "a task at stage 'new' may not go to 'published'; mend states.transitions"
    assert driven.find("t", Failure) == Failure("a", "IllegalStage", message, 0)


def test_a_rejection_that_may_not_move_the_task_leaves_no_run_behind() -> None:
    driven = started(
        needs("a"), needs("b", "a", on_reject={"target": "a"}, stages={"reject": "published"}), states=STATES
    )
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, rejects("t/b/1", 1, "no"))
    assert (driven.find("t", Failure).error, driven.live()) == ("IllegalStage", [])


def test_a_handler_may_move_its_task() -> None:
    driven = started(Phase(id="a"), states=STATES)
    driven.tick(101.0, settled(stage="writing"))
    assert stage(driven) == Stage("writing", 101.0)


def test_a_failure_moves_the_task_and_its_reason_stays() -> None:
    driven = written()
    driven.tick(101.0, failed("t/write/1", permanent=True))
    assert (stage(driven), driven.find("t", Failure).error) == (Stage("dropped", 101.0), "Boom")


def test_a_failure_that_may_not_move_the_task_keeps_its_reason() -> None:
    driven = started(Phase(id="a", stages={"fail": "published"}), states=STATES)
    driven.tick(101.0, failed(permanent=True))
    assert (driven.find("t", Failure).error, stage(driven)) == ("Boom", Stage("new", 100.0))


def test_a_task_that_is_retried_leaves_the_stage_that_no_way_leads_out_of() -> None:
    driven = written()
    driven.tick(101.0, failed("t/write/1", permanent=True))
    assert performed(driven.tick(102.0, Retry("t"))) == ["t/write/2"]
    assert stage(driven) == Stage("writing", 102.0)


def test_a_task_that_is_classified_begins_at_the_first_stage_of_its_workflow() -> None:
    driven = started(Phase(id="a", stages={"start": "sorting"}), states={"initial": "in"})
    other = WorkflowSpec(name="v", phases=(Phase(id="x"),), states={"initial": "fresh", "transitions": {}})
    driven.tick(101.0, defined(other), settled(rebind=other.digest()))
    assert stage(driven) == Stage("fresh", 101.0)
