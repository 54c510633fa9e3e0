"""Settling: what comes back from outside is put to the run it is about, or ignored where that is past."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from tests.unit.core_helpers import (
    Driven,
    answer,
    asks,
    decided,
    failed,
    perform,
    raw,
    refused,
    settled,
    sleeps,
    started,
)
from workflow_engine.core.components import (
    AnswerRecord,
    Answers,
    Artifacts,
    Context,
    PhaseProgress,
    Progress,
    Ready,
    Status,
    StepRecord,
    TaskState,
)
from workflow_engine.core.effects import Abort, Perform
from workflow_engine.core.events import PhaseCompleted, PhaseStarted, QuestionAnswered, RunParked, TaskCompleted
from workflow_engine.core.inputs import (
    Attach,
    Cancel,
    Declined,
    HandedBack,
    Input,
    Limit,
    Serving,
    StepRecorded,
)
from workflow_engine.core.tick import Decision
from workflow_engine.errors import AlreadyAnswered, AnswerRefused, IllegalTransition, UnknownTask
from workflow_engine.spec.model import Phase

NOTHING = Decision({}, {}, [], [], [])
CHOICE = (Phase(id="a", next_classifications=("b", "c")), Phase(id="b"), Phase(id="c"))


def asked(*phases: Phase, **given: Any) -> Driven:
    """Return a core whose task t asked its question at 110: that of the phase, or of a step of its handler."""
    driven = started(*phases)
    driven.tick(110.0, asks(**given))
    return driven


def table(driven: Driven, kind: type[Any]) -> dict[str, Any]:
    entries: dict[str, Any] = driven.find("t", kind).entries
    return entries


# ---------------------------------------------------------------- results


def test_the_result_of_the_last_phase_ends_the_task() -> None:
    driven = started()
    decision = driven.tick(105.0, settled(output={"n": 1}))
    progress = PhaseProgress(1, "completed", 100.0, 105.0, 1, raw({"n": 1}))
    assert decision.changes == {
        "t": {"progress+": {"a": progress}, "status": Status(TaskState.COMPLETED, 105.0)},
        "t/a/1": None,
    }
    assert decided(decision) == ([], [PhaseCompleted("t", "t/a/1"), TaskCompleted("t")])
    assert list(decision.ended) == ["t"]


def test_context_and_artifacts_of_a_result_are_kept_and_replaced_by_name() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    driven.tick(105.0, settled(context={"x": raw(1), "y": raw(2)}, artifacts={"f": raw({"sha256": "1"})}))
    decision = driven.tick(106.0, settled("t/b/1", context={"y": raw(3)}, artifacts={"g": raw({"sha256": "2"})}))
    assert decision.changes["t"] is not None
    assert decision.changes["t"]["context+"] == {"y": raw(3)}
    assert table(driven, Context) == {"x": raw(1), "y": raw(3)}
    assert list(table(driven, Artifacts)) == ["f", "g"]


@pytest.mark.parametrize(
    "late",
    [
        settled(),
        failed(),
        Declined("t/a/1", 1, "a handler"),
        HandedBack("t/a/1", 1),
        StepRecorded("t/a/1", 1, "s", 0, raw(1)),
        asks(),
    ],
    ids=lambda late: type(late).__name__,
)
def test_what_a_stale_attempt_gives_is_ignored(late: Input) -> None:
    driven = started()
    driven.tick(101.0, failed())
    driven.tick(111.0)  # attempt 2 is under way
    assert driven.tick(112.0, late) == NOTHING


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_result_after_the_task_has_ended_is_ignored(attempt: int) -> None:
    driven = started()
    driven.tick(101.0, settled())
    assert driven.tick(102.0, settled(attempt=attempt), failed(attempt=attempt)) == NOTHING


def test_a_result_that_comes_twice_counts_once() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    decision = driven.tick(101.0, settled(output=1), settled(output=2))
    assert decision.effects == [perform("t/b/1")]
    assert table(driven, Progress)["a"].output == raw(1)


def test_of_a_result_and_a_failure_in_one_tick_the_result_counts_whichever_came_first() -> None:
    for inputs in permutations((settled(), failed())):
        assert started().tick(101.0, *inputs).events == [PhaseCompleted("t", "t/a/1"), TaskCompleted("t")]


def test_of_a_result_and_a_cancellation_in_one_tick_the_task_is_cancelled_whichever_came_first() -> None:
    for inputs in permutations((settled(), Cancel("t", "enough"))):
        driven = started(Phase(id="a"), Phase(id="b"))
        decision = driven.tick(101.0, *inputs)
        assert decision.effects == []
        assert driven.find("t", Status) == Status(TaskState.CANCELLED, 101.0, "enough")
        assert table(driven, Progress)["a"].outcome == "completed"


# ---------------------------------------------------------------- steps


def test_a_step_is_recorded_while_its_attempt_is_under_way() -> None:
    driven = started()
    decision = driven.tick(101.0, StepRecorded("t/a/1", 1, "s", 0, raw([1]), ticket=7))
    assert decision == Decision({"t/a/1": {"steps+": {"s": StepRecord(0, raw([1]))}}}, {}, [], [], [(7, "t/a/1")])


def test_a_step_of_a_stale_attempt_is_refused() -> None:
    decision = started().tick(101.0, StepRecorded("t/a/1", 2, "s", 0, raw(1), ticket=7))
    assert decision.changes == {}
    assert refused(decision) == (
        IllegalTransition,
        "run t/a/1 is no longer under way and does not accept a step's result",
    )


def test_steps_outlive_a_failed_attempt() -> None:
    driven = started()
    driven.tick(101.0, StepRecorded("t/a/1", 1, "s", 0, raw(1)))
    driven.tick(102.0, failed())
    driven.tick(112.0)
    view = driven.core.view("t/a/1", 2)
    assert view is not None
    assert view.steps is not None
    assert view.steps.entries == {"s": StepRecord(0, raw(1))}


# ---------------------------------------------------------------- answers


def test_an_answer_to_a_phase_is_its_output() -> None:
    driven = asked(Phase(id="a"), Phase(id="b"))
    decision = driven.tick(120.0, answer(value={"ok": True}, by="ann", ticket=7))
    assert decided(decision) == (
        [perform("t/b/1")],
        [
            QuestionAnswered("t", "t/a/1", "t/a/1/1q0", "ann"),
            PhaseCompleted("t", "t/a/1"),
            PhaseStarted("t", "t/b/1", 1),
        ],
    )
    assert decision.replies == [(7, "t")]
    assert table(driven, Progress)["a"] == PhaseProgress(1, "completed", 100.0, 120.0, 1, raw({"ok": True}))
    assert table(driven, Answers) == {"t/a/1/1q0": AnswerRecord(120.0, raw({"ok": True}), "ann")}


def test_an_answer_to_a_step_is_recorded_and_the_same_attempt_goes_on() -> None:
    driven = asked(step="ask", index=2)
    decision = driven.tick(120.0, answer("t/a/1/1q2"))
    assert decided(decision) == (
        [perform()],
        [QuestionAnswered("t", "t/a/1", "t/a/1/1q2"), PhaseStarted("t", "t/a/1", 1)],
    )
    assert driven.core.snapshot()["t/a/1"]["steps"].entries == {"ask": StepRecord(2, raw("yes"))}  # type: ignore[union-attr]
    assert driven.core.question("t/a/1/1q2") is None


def test_a_second_answer_is_refused_and_names_who_gave_the_first() -> None:
    driven = asked(step="ask")
    driven.tick(120.0, answer(value="yes", by="ann"))
    decision = driven.tick(121.0, answer(value="no", by="bob", ticket=7))
    assert decision.changes == {}
    assert refused(decision) == (
        AlreadyAnswered,
        'question t/a/1/1q0: ann has answered it already, with "yes"',
    )


def test_of_two_answers_in_one_tick_the_first_counts() -> None:
    driven = asked(step="ask")
    decision = driven.tick(120.0, answer(value="yes", ticket=7), answer(value="no", ticket=8))
    assert decision.replies[0] == (7, "t")
    assert str(decision.replies[1][1]) == 'question t/a/1/1q0: somebody has answered it already, with "yes"'
    assert table(driven, Answers) == {"t/a/1/1q0": AnswerRecord(120.0, raw("yes"))}


def test_an_answer_after_its_task_has_ended_names_who_was_first_too() -> None:
    driven = asked()
    driven.tick(120.0, answer(by="ann"))
    assert driven.state() is TaskState.COMPLETED
    assert (
        refused(driven.tick(121.0, answer(ticket=7)))[1]
        == 'question t/a/1/1q0: ann has answered it already, with "yes"'
    )


@pytest.mark.parametrize("question", ["t/a/1/1q7", "t/a/2/1q0", "t/z", "t"])
def test_an_answer_to_a_question_that_was_never_asked_is_refused(question: str) -> None:
    kind, sentence = refused(asked().tick(120.0, answer(question, ticket=7)))
    assert kind is AnswerRefused
    assert sentence.startswith(f"question {question}: it is not open: it was never asked; ")


@pytest.mark.parametrize("question", ["u/a/1/1q0", "nobody", "", "/", "#/a"])
def test_an_answer_to_a_task_that_is_none_is_refused(question: str) -> None:
    assert refused(asked().tick(120.0, answer(question, ticket=7)))[0] is UnknownTask


def test_a_withdrawn_question_is_not_answered() -> None:
    driven = asked()
    driven.tick(120.0, Cancel("t"))
    kind, sentence = refused(driven.tick(121.0, answer(ticket=7)))
    assert kind is AnswerRefused
    assert sentence.startswith("question t/a/1/1q0: it was withdrawn: its task is cancelled; ")


def test_an_answer_picks_what_follows() -> None:
    assert asked(*CHOICE).tick(120.0, answer(pick="c")).effects == [perform("t/c/1")]
    assert asked(*CHOICE).tick(120.0, answer()).effects == [perform("t/b/1")]


def test_an_answer_that_picks_what_cannot_follow_is_refused_and_the_question_stays_open() -> None:
    driven = asked(*CHOICE)
    decision = driven.tick(120.0, answer(pick="z", ticket=7))
    assert decision.changes == {}
    assert refused(decision) == (
        AnswerRefused,
        "question t/a/1/1q0: phase 'a' picked 'z', which is not among its next classifications (b, c)",
    )
    assert driven.tick(121.0, answer(pick="b")).effects == [perform("t/b/1")]


def test_an_answer_in_the_moment_it_falls_due_counts() -> None:
    driven = asked(due_in=10.0, on_due="fail")
    assert driven.tick(120.0, answer()).events[-1] == TaskCompleted("t")


def test_of_an_answer_and_a_cancellation_in_one_tick_both_are_kept_and_the_task_is_cancelled() -> None:
    for step in (None, "ask"):
        for inputs in permutations((answer(ticket=7), Cancel("t", ticket=8))):
            driven = asked(Phase(id="a"), Phase(id="b"), step=step)
            decision = driven.tick(120.0, *inputs)
            assert (decision.effects, decision.replies) == ([], [(7, "t"), (8, "t")])
            assert driven.state() is TaskState.CANCELLED
            assert "t/a/1/1q0" in table(driven, Answers)
            assert driven.core.next_due() is None


# ---------------------------------------------------------------- cancellation


def test_cancelling_what_is_under_way_aborts_it() -> None:
    driven = started()
    decision = driven.tick(105.0, Cancel("t", "enough", ticket=7))
    assert decision.effects == [Abort("t/a/1", 1)]
    assert decision.replies == [(7, "t")]
    assert decision.changes == {
        "t": {
            "progress+": {"a": PhaseProgress(1, "cancelled", 100.0, 105.0, 1)},
            "status": Status(TaskState.CANCELLED, 105.0, "enough"),
        },
        "t/a/1": None,
    }
    assert driven.core.under_way() == 0


@pytest.mark.parametrize("state", ["backoff", "suspended", "overdue", "asleep", "ready"])
def test_cancelling_what_waits_leaves_nothing_that_wakes(state: str) -> None:
    driven = started()
    match state:
        case "backoff":
            driven.tick(101.0, failed())
        case "suspended":
            driven.tick(101.0, asks(due_in=50.0))
        case "overdue":
            driven.tick(101.0, asks(due_in=1.0))
            driven.tick(103.0)
        case "asleep":
            driven.tick(101.0, sleeps(50.0))
        case _:
            driven.tick(101.0, Serving(False), HandedBack("t/a/1", 1))
    decision = driven.tick(104.0, Cancel("t", ticket=7))
    assert (decision.effects, decision.replies) == ([], [(7, "t")])
    assert driven.state() is TaskState.CANCELLED
    assert driven.core.next_due() is None
    assert driven.tick(9_999.0, Serving(True)) == NOTHING
    assert list(driven.core.snapshot()) == ["#" + driven.digest]


def test_a_cancellation_that_comes_twice_is_refused_the_second_time_but_for_the_same_tick() -> None:
    driven = started()
    assert driven.tick(105.0, Cancel("t", ticket=7), Cancel("t", ticket=8)).replies == [(8, "t"), (7, "t")]
    assert refused(driven.tick(106.0, Cancel("t", ticket=9))) == (
        IllegalTransition,
        "task t is cancelled and does not accept cancel",
    )


@pytest.mark.parametrize("name", ["nobody", "t/a/1", ""])
def test_what_is_no_task_is_not_cancelled(name: str) -> None:
    assert refused(started().tick(101.0, Cancel(name, ticket=7)))[0] is UnknownTask


def test_a_task_that_is_submitted_and_cancelled_in_one_tick_never_starts() -> None:
    for inputs in permutations((Driven().submit(ticket=7), Cancel("t", ticket=8))):
        driven = Driven()
        decision = driven.tick(100.0, *inputs)
        assert decision.effects == []
        assert list(decision.ended) == ["t"]
        assert driven.state() is TaskState.CANCELLED


# ---------------------------------------------------------------- parking and handing back


def test_what_cannot_be_carried_out_is_parked_without_costing_an_attempt() -> None:
    driven = started()
    decision = driven.tick(101.0, Declined("t/a/1", 1, "a handler for 'a'"))
    assert decided(decision) == ([], [RunParked("t", "t/a/1", "a handler for 'a'")])
    assert driven.marker() == {"ready": Ready(101.0, "a handler for 'a'")}
    assert driven.state() is TaskState.PENDING
    assert driven.core.lacks("t") == {"t/a/1": "a handler for 'a'"}


def test_what_is_parked_goes_on_when_the_host_says_that_it_serves() -> None:
    driven = started()
    driven.tick(101.0, Declined("t/a/1", 1, "a handler for 'a'"))
    assert driven.tick(500.0) == NOTHING
    assert driven.tick(501.0, Serving(True)).effects == [perform()]
    assert driven.core.lacks("t") == {}


def test_others_in_the_same_lane_wait_with_what_is_parked_and_other_lanes_go_on() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    driven.tick(101.0, Declined("t/a/1", 1, "a handler for 'a'"))
    assert driven.tick(102.0, driven.submit("u")).effects == []
    assert driven.core.lacks("u") == {"u/a/1": "a handler for 'a'"}
    assert driven.tick(103.0, driven.submit("v", start="b")).effects == [perform("v/b/1")]
    assert driven.tick(104.0, Serving(True)).effects == [perform(), perform("u/a/1")]


def test_what_is_handed_back_waits_for_the_next_engine_without_costing_an_attempt() -> None:
    driven = started()
    decision = driven.tick(101.0, Serving(False), HandedBack("t/a/1", 1))
    assert decision.changes == {
        "t": {"status": Status(TaskState.PENDING, 101.0)},
        "t/a/1": {"running": None, "ready": Ready(101.0)},
    }
    assert driven.tick(102.0, Serving(True)).effects == [perform()]


def test_what_is_handed_back_frees_its_place() -> None:
    driven = started()
    driven.tick(101.0, Limit("classification", "a", 1), driven.submit("u"))
    assert driven.tick(102.0, HandedBack("t/a/1", 1)).effects == [perform()]  # the older of the two
    assert driven.tick(103.0, settled()).effects == [perform("u/a/1")]


# ---------------------------------------------------------------- artifacts


def test_artifacts_are_attached_to_a_live_task() -> None:
    reference = raw({"sha256": "1"})
    decision = started().tick(101.0, Attach("t", {"f": reference}, ticket=7))
    assert decision == Decision({"t": {"artifacts+": {"f": reference}}}, {}, [], [], [(7, "t")])


@pytest.mark.parametrize("name", ["nobody", "t/a/1", ""])
def test_artifacts_are_attached_to_tasks_alone(name: str) -> None:
    decision = started().tick(101.0, Attach(name, {"f": raw(1)}, ticket=7))
    assert (refused(decision)[0], decision.changes) == (UnknownTask, {})


def test_artifacts_are_not_attached_to_a_task_that_has_ended() -> None:
    driven = started()
    driven.tick(101.0, settled())
    decision = driven.tick(102.0, Attach("t", {"f": raw(1)}, ticket=7))
    assert refused(decision) == (IllegalTransition, "task t is completed and does not accept an artifact")


def test_null_is_an_output_like_any_other() -> None:
    driven = started()
    driven.tick(101.0, settled(output=None))
    assert table(driven, Progress)["a"].output == msgspec.Raw(b"null")


def test_what_was_registered_while_the_host_looked_for_it_is_looked_for_again() -> None:
    driven = started()
    again = driven.tick(101.0, Serving(on=True, news=2), Declined("t/a/1", 1, "a handler", news=1))
    assert [effect.run for effect in again.effects if isinstance(effect, Perform)] == ["t/a/1"]
    parked = driven.tick(102.0, Declined("t/a/1", 1, "a handler", news=2))
    assert parked.effects == []
