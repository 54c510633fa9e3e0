"""Feedback: rejected work goes back to the phase that did it, a bounded number of times."""

import msgspec

from tests.unit.core_helpers import (
    Driven,
    aborted,
    answer,
    failed,
    issues,
    performed,
    raw,
    refused,
    rejects,
    settled,
    sleeps,
    started,
)
from tests.unit.test_flow import needs
from workflow_engine.core.components import Earlier, EarlierVisit, Failure, Feedback, Progress, Question, TaskState
from workflow_engine.core.events import PhaseRejected
from workflow_engine.core.inputs import FanOut, Retry, Unfit
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import OnReject

TO_DRAFT = OnReject(target="draft", max_attempts=1)
ASKS = OnReject(target="draft", max_attempts=1, then="human")


def told(driven: Driven, run: str, attempt: int = 1) -> Feedback | None:
    """Return the feedback that an attempt under way sees."""
    view = driven.core.view(run, attempt)
    assert view is not None
    return view.feedback


def reviewed(policy: OnReject = TO_DRAFT, *more: Phase) -> Driven:
    """Return a graph in which a draft and another phase that builds on it are done, and the review is under way."""
    driven = started(needs("draft"), needs("other", "draft"), needs("review", "draft", on_reject=policy), *more)
    driven.tick(101.0, settled("t/draft/1", output="first"))
    driven.tick(102.0, settled("t/other/1"))
    return driven


def asked(driven: Driven) -> str:
    """Return the id of the open question."""
    [question] = [found["question"] for found in driven.core.snapshot().values() if "question" in found]
    assert isinstance(question, Question)
    return question.id


def test_what_is_rejected_is_done_again_with_the_reasons_and_so_is_what_builds_on_it() -> None:
    driven = reviewed()
    decision = driven.tick(103.0, rejects("t/review/1", 1, "too long"))
    assert performed(decision) == ["t/draft/2"]
    assert PhaseRejected("t", "t/review/1", "draft", "too long") in decision.events
    assert told(driven, "t/draft/2") == Feedback(issues("too long"), "review")
    assert set(driven.outcomes().values()) == {"superseded"}
    assert performed(driven.tick(104.0, settled("t/draft/2"))) == ["t/other/2", "t/review/2"]


def test_one_rejection_too_many_fails_the_task_with_the_reasons() -> None:
    driven = reviewed()
    driven.tick(103.0, rejects("t/review/1", 1, "too long"))
    driven.tick(104.0, settled("t/draft/2"))
    driven.tick(105.0, rejects("t/review/2", 1, "too short", "too late"))
    message = "phase 'review' rejected the work 2 times, the last time: too short; too late"
    assert driven.find("t", Failure) == Failure("review", "Rejected", message, 1)


def test_in_a_sequence_the_task_goes_back_to_the_phase() -> None:
    driven = started(Phase(id="draft"), Phase(id="lint"), Phase(id="review", on_reject=TO_DRAFT))
    driven.tick(101.0, settled("t/draft/1"))
    driven.tick(102.0, settled("t/lint/1"))
    assert performed(driven.tick(103.0, rejects("t/review/1", 1, "no"))) == ["t/draft/2"]
    assert performed(driven.tick(104.0, settled("t/draft/2"))) == ["t/lint/2"]


def test_work_in_every_state_is_withdrawn_when_what_it_builds_on_is_done_again() -> None:
    names = ("ready", "backoff", "asleep", "joining", "running")
    driven = started(
        needs("draft"), needs("review", "draft", on_reject=TO_DRAFT), *(needs(name, "draft") for name in names)
    )
    driven.tick(101.0, settled("t/draft/1"))
    driven.tick(
        102.0, failed("t/backoff/1"), sleeps(60, "t/asleep/1"), FanOut("t/joining/1", 1, raw([1])), failed("t/ready/1")
    )
    driven.tick(112.0)  # what failed is tried again
    decision = driven.tick(112.5, rejects("t/review/1", 1, "no"))
    assert driven.live() == ["t/draft/2"]
    assert sorted(aborted(decision)) == [
        "t/backoff/1", "t/joining/1.0", "t/ready/1", "t/running/1"
    ]  # fmt: skip
    assert driven.core.next_due() is None


def test_of_two_that_reject_in_one_tick_the_first_sends_the_work_back_and_the_second_is_withdrawn() -> None:
    driven = started(
        needs("draft"), needs("one", "draft", on_reject=TO_DRAFT), needs("two", "draft", on_reject=TO_DRAFT)
    )
    driven.tick(101.0, settled("t/draft/1"))
    assert performed(driven.tick(102.0, rejects("t/one/1", 1, "a"), rejects("t/two/1", 1, "b"))) == ["t/draft/2"]
    entries = driven.find("t", Progress).entries
    assert (entries["one"].rejections, entries["two"].rejections) == (1, 0)
    assert driven.live() == ["t/draft/2"]


def test_work_that_wakes_in_the_tick_in_which_it_is_superseded_leaves_no_room_behind() -> None:
    driven = started(
        needs("draft"), needs("review", "draft", on_reject=TO_DRAFT), needs("nap", "draft"), needs("x"), needs("y"),
        max_concurrency=3,
    )  # fmt: skip
    driven.tick(101.0, settled("t/draft/1"))
    assert driven.live() == ["t/x/1", "t/y/1", "t/review/1"]
    driven.tick(102.0, settled("t/x/1"))
    driven.tick(103.0, sleeps(10, "t/nap/1"))
    driven.tick(113.0, rejects("t/review/1", 1, "no"))
    assert driven.live() == ["t/y/1", "t/draft/2"]


def test_what_waits_for_room_begins_when_a_rejection_makes_some() -> None:
    driven = started(
        needs("draft"), needs("review", "draft", on_reject=TO_DRAFT), needs("one", "draft"), needs("z"),
        max_concurrency=2,
    )  # fmt: skip
    driven.tick(101.0, settled("t/draft/1"), settled("t/z/1"))
    assert driven.live() == ["t/one/1", "t/review/1"]
    assert performed(driven.tick(102.0, rejects("t/review/1", 1, "no"))) == ["t/draft/2"]
    assert driven.live() == ["t/draft/2"]


def test_a_rejection_in_a_task_that_fails_in_the_same_tick_changes_nothing() -> None:
    driven = reviewed(TO_DRAFT, needs("x"))
    decision = driven.tick(103.0, rejects("t/review/1", 1, "no"), failed("t/x/1", permanent=True))
    assert (performed(decision), driven.find("t", Failure).error) == ([], "Boom")
    assert driven.live() == []


# ---------------------------------------------------------------- a person decides


def escalated() -> Driven:
    """Return a task of which a person is to say what becomes of rejected work."""
    driven = reviewed(ASKS)
    driven.tick(103.0, rejects("t/review/1", 1, "too long"))
    driven.tick(104.0, settled("t/draft/2"))
    driven.tick(105.0, settled("t/other/2"), rejects("t/review/2", 1, "too short"))
    assert driven.state() is TaskState.WAITING_HUMAN
    return driven


def test_a_person_may_accept_what_was_rejected_too_often() -> None:
    driven = escalated()
    driven.tick(106.0, answer(asked(driven), {"decision": "accept"}))
    assert (driven.state(), driven.outcomes()["review"]) == (TaskState.COMPLETED, "completed")


def test_a_person_may_send_work_back_once_more_and_say_why() -> None:
    driven = escalated()
    decision = driven.tick(106.0, answer(asked(driven), {"decision": "revise", "comment": "shorter"}))
    assert performed(decision) == ["t/draft/3"]
    assert told(driven, "t/draft/3") == Feedback(issues("too short", "shorter"), "review")
    driven.tick(107.0, settled("t/draft/3"))
    driven.tick(108.0, rejects("t/review/3", 1, "no"))
    assert asked(driven) == "t/review/3/1r3"


def test_a_person_may_stop_the_task() -> None:
    driven = escalated()
    driven.tick(106.0, answer(asked(driven), {"decision": "stop", "comment": "hopeless"}))
    assert driven.find("t", Failure).message == "phase 'review' rejected the work: hopeless"
    assert driven.live() == []


def test_an_answer_that_decides_nothing_is_refused_and_the_question_stays_open() -> None:
    driven = escalated()
    kind, _ = refused(driven.tick(106.0, answer(asked(driven), {"decision": "maybe"}, ticket=1)))
    assert (kind.__name__, asked(driven)) == ("AnswerRefused", "t/review/2/1r2")


GATED = (
    needs("draft"),
    needs("one", "draft"),
    needs("two", "draft", on_reject={"target": "draft", "max_attempts": 5}),
    Phase(id="gate", gate={"of": ["one"]}, on_reject={"target": "draft", "max_attempts": 1, "then": "human"}),
    needs("end", "gate"),
)


def gated() -> Driven:
    """Return a task in which a person decides about a gate, which has no run of its own before."""
    driven = started(*GATED)
    driven.tick(101.0, settled("t/draft/1"))
    driven.tick(102.0, rejects("t/one/1", 1, "no"))
    driven.tick(103.0, settled("t/draft/2"))
    driven.tick(104.0, rejects("t/one/2", 1, "still no"))
    assert driven.live() == ["t/two/2", "t/gate/2"]
    return driven


def test_a_person_decides_about_a_gate_and_what_is_behind_it_begins() -> None:
    driven = gated()
    assert performed(driven.tick(105.0, answer("t/gate/2/1r2", {"decision": "accept"}))) == ["t/end/1"]
    assert driven.outcomes()["gate"] == "completed"


def test_the_question_about_a_gate_is_withdrawn_when_the_work_is_done_again_for_another_reason() -> None:
    driven = gated()
    assert performed(driven.tick(105.0, rejects("t/two/2", 1, "wrong"))) == ["t/draft/3"]
    assert driven.live() == ["t/draft/3"]
    kind, _ = refused(driven.tick(106.0, answer("t/gate/2/1r2", {"decision": "accept"}, ticket=1)))
    assert kind.__name__ == "AnswerRefused"


# ---------------------------------------------------------------- output that does not fit


def unfit(run: str, attempt: int, reason: str) -> Unfit:
    return Unfit(run, attempt, issues(reason), reason)


def test_output_that_does_not_fit_is_handed_back_once_at_once() -> None:
    driven = started(needs("draft", output={"type": "object"}))
    assert performed(driven.tick(101.0, unfit("t/draft/1", 1, "no object"))) == ["t/draft/1"]
    assert told(driven, "t/draft/1", 2) == Feedback(issues("no object"), "draft", unfit=True)
    driven.tick(102.0, unfit("t/draft/1", 2, "no object again"))
    assert driven.find("t", Failure) == Failure("draft", "OutputRefused", "no object again", 2)


def test_what_a_reviewer_said_is_not_forgotten_when_the_output_does_not_fit() -> None:
    driven = started(needs("draft", output={"type": "object"}), needs("review", "draft", on_reject=TO_DRAFT))
    driven.tick(101.0, settled("t/draft/1"))
    driven.tick(102.0, rejects("t/review/1", 1, "too long"))
    driven.tick(103.0, unfit("t/draft/2", 1, "no object"))
    assert told(driven, "t/draft/2", 2) == Feedback(issues("too long", "no object"), "review", unfit=True)


def test_the_items_of_a_fan_out_see_why_it_is_done_again() -> None:
    driven = started(needs("draft", for_each="inputs"), needs("review", "draft", on_reject=TO_DRAFT))
    driven.tick(101.0, FanOut("t/draft/1", 1, raw([1])))
    driven.tick(102.0, settled("t/draft/1.0"))
    driven.tick(103.0, rejects("t/review/1", 1, "too long"))
    driven.tick(104.0, FanOut("t/draft/2", 1, raw([1])))
    assert told(driven, "t/draft/2.0") == Feedback(issues("too long"), "review")


def test_a_task_whose_work_was_rejected_for_good_is_retried_from_that_work() -> None:
    driven = reviewed()
    driven.tick(103.0, rejects("t/review/1", 1, "no"))
    driven.tick(104.0, settled("t/draft/2"))
    driven.tick(105.0, rejects("t/review/2", 1, "no"))
    assert performed(driven.tick(106.0, Retry("t"))) == ["t/draft/3"]


def test_issues_are_journaled_with_the_verdict() -> None:
    driven = reviewed()
    driven.tick(103.0, rejects("t/review/1", 1, "too long"))
    entry = driven.find("t", Progress).entries["review"]
    assert (msgspec.json.decode(entry.issues), entry.output, entry.rejections) == (
        [{"severity": "error", "message": "too long", "path": None}], raw("no"), 1
    )  # fmt: skip


def test_what_was_sent_back_is_kept_with_the_reasons_and_the_artifacts_of_its_phase() -> None:
    driven = started(Phase(id="draft"), Phase(id="lint"), Phase(id="review", on_reject=TO_DRAFT))
    mine = {"draft.md": raw({"name": "draft.md", "sha256": "a" * 64, "phase": "draft"})}
    driven.tick(101.0, settled("t/draft/1", output="first", artifacts=mine))
    driven.tick(102.0, settled("t/lint/1", output="fine"))
    driven.tick(103.0, rejects("t/review/1", 1, "no"))
    kept = driven.find("t", Earlier)
    assert kept is not None
    assert kept.entries == {
        "draft/1": EarlierVisit(1, 100.0, 101.0, raw("first"), artifacts=raw(mine)),
        "lint/1": EarlierVisit(1, 101.0, 102.0, raw("fine")),
        "review/1": EarlierVisit(1, 102.0, 103.0, raw("no"), issues("no")),
    }


def test_only_the_last_twenty_visits_of_a_phase_are_kept() -> None:
    driven = started(Phase(id="draft"), Phase(id="review", on_reject=OnReject(target="draft", max_attempts=30)))
    for visit in range(1, 26):
        driven.tick(100.0 + visit, settled(f"t/draft/{visit}", output=visit))
        driven.tick(100.5 + visit, rejects(f"t/review/{visit}", 1, "no"))
    kept = driven.find("t", Earlier)
    assert kept is not None
    drafts = sorted(entry.visit for key, entry in kept.entries.items() if key.startswith("draft/"))
    assert drafts == list(range(6, 26))
