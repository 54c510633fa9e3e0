"""Flow: the phases of a graph begin, are left out, or decide, when those before them have ended."""

import pytest

from tests.unit.core_helpers import (
    Driven,
    aborted,
    defined,
    failed,
    performed,
    raw,
    rejects,
    settled,
    started,
)
from tests.unit.test_restore import Journaled
from workflow_engine.core.components import Failure, PhaseProgress, Progress, Result, TaskState
from workflow_engine.core.core import Core
from workflow_engine.core.events import PhaseSkipped
from workflow_engine.core.inputs import Cancel, Retry, Serving, Skipped, Submit
from workflow_engine.spec.model import Phase, WorkflowSpec


def needs(name: str, *needed: str, **given: object) -> Phase:
    """Return a phase of a graph."""
    return Phase.model_validate({"id": name, "depends_on": needed, **given})


DIAMOND = (needs("a"), needs("b", "a"), needs("c", "a"), needs("d", "b", "c"))
CHOICE = (needs("a", next_classifications=["b", "c"]), needs("b", "a"), needs("c", "a"), needs("d", "b", "c"))
REVIEWED = (
    needs("draft"),
    needs("one", "draft"),
    needs("two", "draft"),
    Phase(id="gate", gate={"of": ["one", "two"], "require": "any"}),
    needs("end", "gate"),
)


def test_what_needs_the_same_begins_together_and_what_needs_several_waits_for_all() -> None:
    driven = started(*DIAMOND)
    assert performed(driven.tick(101.0, settled("t/a/1"))) == ["t/b/1", "t/c/1"]
    assert performed(driven.tick(102.0, settled("t/c/1"))) == []
    assert performed(driven.tick(103.0, settled("t/b/1"))) == ["t/d/1"]
    driven.tick(104.0, settled("t/d/1", output="end"))
    assert (driven.state(), driven.find("t", Result).value) == (TaskState.COMPLETED, raw("end"))


def test_the_result_of_several_last_phases_is_an_object() -> None:
    driven = started(needs("a"), needs("b"), needs("c", "b"))
    driven.tick(101.0, settled("t/a/1", output=1), settled("t/b/1", output=2))
    driven.tick(102.0, Skipped("t/c/1", 1))
    assert driven.find("t", Result).value == raw({"a": 1, "c": None})


def test_a_skipped_phase_counts_as_done() -> None:
    driven = started(needs("a"), needs("b", "a"))
    decision = driven.tick(101.0, Skipped("t/a/1", 1))
    assert performed(decision) == ["t/b/1"]
    assert PhaseSkipped("t", "a", "its condition does not hold") in decision.events
    assert driven.find("t", Progress).entries["a"] == PhaseProgress(1, "skipped", 100.0, 101.0)


def test_what_is_not_chosen_is_left_out_and_so_is_what_needs_nothing_else() -> None:
    driven = started(*CHOICE, needs("e", "c"))
    assert performed(driven.tick(101.0, settled("t/a/1", pick="b"))) == ["t/b/1"]
    assert driven.outcomes() == {"a": "completed", "c": "unchosen", "e": "unchosen"}
    assert performed(driven.tick(102.0, settled("t/b/1"))) == ["t/d/1"]


def test_where_nothing_is_picked_the_first_is_chosen() -> None:
    assert performed(started(*CHOICE).tick(101.0, settled("t/a/1"))) == ["t/b/1"]


def test_a_phase_that_needs_both_the_choice_and_what_was_not_chosen_begins_once() -> None:
    driven = started(
        needs("a", next_classifications=["b", "c"]), needs("b", "a"), needs("c", "a"), needs("d", "a", "c")
    )
    assert performed(driven.tick(101.0, settled("t/a/1", pick="b"))) == ["t/b/1", "t/d/1"]
    assert driven.live() == ["t/b/1", "t/d/1"]


def test_what_is_not_chosen_ends_only_once_all_that_it_needs_has_ended() -> None:
    driven = started(needs("a", next_classifications=["b", "c"]), needs("b", "a"), needs("c", "a", "x"), needs("x"))
    driven.tick(101.0, settled("t/a/1", pick="b"))
    assert driven.outcomes() == {"a": "completed"}
    driven.tick(102.0, settled("t/x/1"))
    assert driven.outcomes()["c"] == "unchosen"


def test_a_choice_stands_when_another_way_to_what_was_not_chosen_is_done_again() -> None:
    driven = started(
        needs("chooser", next_classifications=["left", "right"]),
        needs("draft"),
        needs("left", "chooser"),
        needs("right", "chooser", "draft"),
        needs("review", "draft", on_reject={"target": "draft"}),
    )
    driven.tick(101.0, settled("t/chooser/1", pick="left"), settled("t/draft/1"))
    driven.tick(102.0, rejects("t/review/1", 1, "again"))
    assert performed(driven.tick(103.0, settled("t/draft/2"))) == ["t/review/2"]
    assert driven.outcomes()["right"] == "unchosen"


def test_a_choice_is_made_anew_when_the_chooser_is_done_again() -> None:
    driven = started(
        needs("draft"),
        needs("chooser", "draft", next_classifications=["left", "right"]),
        needs("left", "chooser", on_reject={"target": "draft"}),
        needs("right", "chooser"),
    )
    driven.tick(101.0, settled("t/draft/1"))
    driven.tick(102.0, settled("t/chooser/1", pick="left"))
    assert performed(driven.tick(103.0, rejects("t/left/1", 1, "no"))) == ["t/draft/2"]
    driven.tick(104.0, settled("t/draft/2"))
    assert performed(driven.tick(105.0, settled("t/chooser/2", pick="right"))) == ["t/right/1"]
    driven.tick(106.0, settled("t/right/1"))
    assert driven.outcomes() == {
        "draft": "completed", "chooser": "completed", "left": "unchosen", "right": "completed"
    }  # fmt: skip


def test_a_gate_over_reviewers_that_were_not_chosen_is_not_chosen_either() -> None:
    driven = started(
        needs("a", next_classifications=["b", "c"]),
        needs("b", "a"),
        needs("c", "a"),
        Phase(id="gate", gate={"of": ["c"]}),
        needs("end", "gate"),
    )
    driven.tick(101.0, settled("t/a/1", pick="b"))
    assert driven.outcomes() == {"a": "completed", "c": "unchosen", "gate": "unchosen", "end": "unchosen"}


def test_no_more_phases_are_under_way_than_there_is_room_for() -> None:
    driven = started(needs("a"), needs("b"), needs("c"), max_concurrency=2)
    assert driven.live() == ["t/a/1", "t/b/1"]
    assert performed(driven.tick(101.0, settled("t/b/1"))) == ["t/c/1"]
    driven.tick(102.0, settled("t/a/1"), settled("t/c/1"))
    assert driven.state() is TaskState.COMPLETED


def test_what_waits_for_room_begins_in_the_order_it_was_written() -> None:
    driven = started(needs("d", "a"), needs("c", "a"), needs("a"), needs("b"), max_concurrency=1)
    driven.tick(101.0, settled("t/a/1"))
    assert driven.live() == ["t/d/1"]


def test_a_task_may_begin_in_the_middle_of_a_graph() -> None:
    driven = Driven(*DIAMOND)
    assert performed(driven.tick(100.0, driven.submit(start="b"))) == ["t/b/1"]
    assert driven.outcomes() == {"a": "skipped", "c": "skipped"}
    assert performed(driven.tick(101.0, settled("t/b/1"))) == ["t/d/1"]


def test_a_gate_withdraws_the_reviewers_that_it_has_passed_without() -> None:
    driven = started(*REVIEWED)
    driven.tick(101.0, settled("t/draft/1"))
    decision = driven.tick(102.0, settled("t/one/1"))
    assert (performed(decision), aborted(decision)) == (["t/end/1"], ["t/two/1"])
    assert driven.outcomes() == {"draft": "completed", "one": "completed", "gate": "completed", "two": "skipped"}


def test_a_gate_leaves_a_reviewer_alone_that_others_need() -> None:
    driven = started(*REVIEWED, needs("more", "two"))
    driven.tick(101.0, settled("t/draft/1"))
    assert aborted(driven.tick(102.0, settled("t/one/1"))) == []


def test_a_reviewer_that_waits_for_room_is_not_asked_once_the_gate_has_passed() -> None:
    driven = started(*REVIEWED, max_concurrency=1)
    driven.tick(101.0, settled("t/draft/1"))
    assert driven.live() == ["t/one/1"]
    assert performed(driven.tick(102.0, settled("t/one/1"))) == ["t/end/1"]
    assert driven.outcomes()["two"] == "skipped"


def test_a_reviewer_whose_turn_comes_after_the_gate_has_passed_is_not_asked() -> None:
    driven = started(
        needs("a"), needs("slow"), needs("one", "a"), needs("two", "slow"), *REVIEWED[3:], needs("other", "slow")
    )
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, settled("t/one/1"))
    assert performed(driven.tick(103.0, settled("t/slow/1"))) == ["t/other/1"]
    assert driven.outcomes()["two"] == "skipped"


def test_a_gate_that_is_content_after_a_retry_begins_what_is_behind_it_once() -> None:
    driven = started(needs("a"), Phase(id="gate", gate={"of": ["a"]}), needs("b", "gate"), needs("c"))
    driven.tick(101.0, failed("t/c/1", permanent=True), settled("t/a/1"))
    assert driven.state() is TaskState.FAILED
    assert sorted(performed(driven.tick(102.0, Retry("t")))) == ["t/b/1", "t/c/2"]


def test_the_retry_of_a_graph_does_what_is_left() -> None:
    driven = started(*DIAMOND)
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, settled("t/b/1"))
    driven.tick(103.0, failed("t/c/1", permanent=True))
    assert performed(driven.tick(104.0, Retry("t"))) == ["t/c/2"]
    assert performed(driven.tick(105.0, settled("t/c/2"))) == ["t/d/1"]


def test_the_retry_of_a_graph_from_a_phase_does_that_again_and_what_builds_on_it() -> None:
    driven = started(*DIAMOND)
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, settled("t/b/1"))
    driven.tick(103.0, failed("t/c/1", permanent=True))
    assert performed(driven.tick(104.0, Retry("t", "a"))) == ["t/a/2"]
    assert performed(driven.tick(105.0, settled("t/a/2"))) == ["t/b/2", "t/c/2"]


def test_the_last_completion_and_a_cancellation_in_one_tick_cancel_the_task_once() -> None:
    driven = started(needs("a"), needs("b"))
    driven.tick(101.0, settled("t/a/1"))
    decision = driven.tick(102.0, settled("t/b/1"), Cancel("t", ticket=1))
    assert (driven.state(), decision.replies, list(decision.ended)) == (TaskState.CANCELLED, [(1, "t")], ["t"])
    assert driven.live() == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_failure_and_a_completion_in_one_tick_fail_the_task(order: tuple[int, int]) -> None:
    driven = started(needs("a"), needs("b"), needs("c", "a"))
    both = (settled("t/a/1"), failed("t/b/1", permanent=True))
    decision = driven.tick(101.0, *(both[position] for position in order))
    assert (performed(decision), driven.state()) == ([], TaskState.FAILED)
    assert driven.outcomes() == {"a": "completed", "b": "failed"}


def test_a_task_that_is_classified_in_a_graph_leaves_the_other_phases_behind() -> None:
    driven = started(needs("classify"), needs("other"))
    new = WorkflowSpec(name="v", phases=(needs("x"), needs("classify", "x")))
    decision = driven.tick(101.0, defined(new), settled("t/classify/1", output="v", rebind=new.digest()))
    assert (performed(decision), aborted(decision)) == (["t/x/1"], ["t/other/1"])
    assert performed(driven.tick(102.0, settled("t/x/1"))) == ["t/classify/2"]
    driven.tick(103.0, settled("t/classify/2"))
    assert driven.state() is TaskState.COMPLETED


def test_what_comes_to_a_phase_too_often_fails_in_a_graph_too() -> None:
    driven = started(needs("a", max_visits=1), needs("b", "a", on_reject={"target": "a"}))
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, rejects("t/b/1", 1, "no"))
    assert driven.find("t", Failure).error == "TooManyVisits"


# ---------------------------------------------------------------- after a restart


def journaled(*phases: Phase, **given: object) -> Journaled:
    """Return a core with task t under way, and what it has journaled."""
    spec = WorkflowSpec.model_validate({"name": "w", "phases": phases, **given})
    first = Journaled(Core())
    first.tick([defined(spec), Serving(True), Submit("t", spec.digest(), raw(1))], 100.0)
    return first


def test_what_waits_for_room_waits_on_after_a_restart() -> None:
    second = journaled(needs("a"), needs("b"), needs("c"), max_concurrency=1).restored(101.0)
    assert performed(second.tick([Serving(True)], 102.0)) == ["t/a/1"]
    assert performed(second.tick([settled("t/a/1")], 103.0)) == ["t/b/1"]
    assert performed(second.tick([settled("t/b/1")], 104.0)) == ["t/c/1"]


@pytest.mark.parametrize("most", [None, 2])
def test_a_graph_of_which_the_journal_has_lost_a_run_fails_and_its_retry_does_what_is_left(most: int | None) -> None:
    first = journaled(needs("a"), needs("b"), max_concurrency=most)
    first.folding.entities["t/a/1"].pop("attempt")
    second = first.restored(101.0)
    assert list(second.tick([Serving(True)], 102.0).ended) == ["t"]
    assert performed(second.tick([Retry("t")], 103.0)) == ["t/a/1", "t/b/2"]


def test_a_cancellation_in_the_first_tick_of_a_task_that_has_lost_its_run_is_answered() -> None:
    first = journaled(needs("a"))
    first.folding.entities["t/a/1"].pop("attempt")
    second = first.restored(101.0)
    decision = second.tick([Cancel("t", ticket=1)], 102.0)
    assert (decision.replies, list(decision.ended)) == ([(1, "t")], ["t"])
