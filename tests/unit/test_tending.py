"""Tending: what may be done to an open question, and what is refused once it is closed."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.unit.core_helpers import Driven, answer, asks, decided, raw, refused, rejects, settled, started
from workflow_engine.core.components import Comment, Comments, Question, TaskState
from workflow_engine.core.events import (
    QuestionAnswered,
    QuestionAssigned,
    QuestionClaimed,
    QuestionCommented,
    QuestionDelegated,
    QuestionDueSet,
    QuestionOverdue,
    QuestionUnclaimed,
)
from workflow_engine.core.inputs import (
    Answer,
    AssignQuestion,
    Attach,
    Cancel,
    ClaimQuestion,
    CommentQuestion,
    DelegateQuestion,
    Input,
    SetQuestionDue,
    UnclaimQuestion,
)
from workflow_engine.core.question_record import QuestionRecord
from workflow_engine.core.shown import shown_digest
from workflow_engine.core.systems.tending import COMMENTS_MAX
from workflow_engine.core.tick import Decision
from workflow_engine.errors import AlreadyAnswered, AlreadyClaimed, AnswerRefused, ShownChanged, UnknownTask
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import OnReject

Q = "t/a/1/1q0"
OF = ("t", "t/a/1", Q)
"""What every event about the question begins with."""

EACH: dict[str, Callable[[str], Input]] = {
    "claim": lambda question: ClaimQuestion(question, "ann", 7),
    "unclaim": lambda question: UnclaimQuestion(question, "ann", 7),
    "assign": lambda question: AssignQuestion(question, "ann", ticket=7),
    "delegate": lambda question: DelegateQuestion(question, "bob", "ann", 7),
    "comment": lambda question: CommentQuestion(question, "Hm.", "ann", 7),
    "due": lambda question: SetQuestionDue(question, 5.0, "ann", 7),
}


def asked(*phases: Phase, **given: Any) -> Driven:
    """Return a core whose task t asked its question at 110."""
    driven = started(*phases)
    driven.tick(110.0, asks(**given))
    return driven


def question(driven: Driven) -> Question:
    found: Question = driven.marker()["question"]
    return found


def record(driven: Driven, name: str = Q) -> QuestionRecord:
    found = driven.core.question_record(name)
    assert isinstance(found, QuestionRecord)
    return found


def whose(driven: Driven) -> tuple[str | None, tuple[str, ...], str | None, str | None]:
    """Return assignee, candidates, who has claimed the question, and who owns it."""
    found = question(driven)
    return found.assignee, found.candidates, found.claimed_by, found.owner


# ---------------------------------------------------------------- claims


def test_a_claim_says_who_works_on_a_question() -> None:
    driven = asked(candidates=("ann", "bob"))
    decision = driven.tick(120.0, ClaimQuestion(Q, "ann", 7))
    assert decided(decision) == ([], [QuestionClaimed(*OF, "ann")])
    assert decision.replies == [(7, "t")]
    assert whose(driven) == (None, ("ann", "bob"), "ann", None)
    assert driven.state() is TaskState.WAITING_HUMAN


def test_a_claim_that_comes_twice_changes_nothing() -> None:
    driven = asked()
    driven.tick(120.0, ClaimQuestion(Q, "ann"))
    assert driven.tick(121.0, ClaimQuestion(Q, "ann", 7)) == Decision({}, {}, [], [], [(7, "t")])


def test_of_two_claims_the_first_counts_and_the_other_is_told_whose_it_is() -> None:
    driven = asked()
    decision = driven.tick(120.0, ClaimQuestion(Q, "ann", 7), ClaimQuestion(Q, "bob", 8))
    assert decision.replies[0] == (7, "t")
    refusal = decision.replies[1][1]
    assert isinstance(refusal, AlreadyClaimed)
    assert (refusal.by, str(refusal)) == (
        "ann",
        f"question {Q}: ann has claimed it; have ann give it up, or assign it to somebody",
    )
    assert question(driven).claimed_by == "ann"


def test_whoever_has_claimed_a_question_may_give_it_up_and_nobody_else() -> None:
    driven = asked()
    driven.tick(120.0, ClaimQuestion(Q, "ann"))
    assert refused(driven.tick(121.0, UnclaimQuestion(Q, "bob", 7)))[0] is AlreadyClaimed
    assert driven.tick(122.0, UnclaimQuestion(Q, "ann", 7)).events == [QuestionUnclaimed(*OF, "ann")]
    assert driven.tick(123.0, UnclaimQuestion(Q, "ann", 7)) == Decision({}, {}, [], [], [(7, "t")])
    assert whose(driven) == (None, (), None, None)


def test_whoever_answers_need_not_have_claimed() -> None:
    driven = asked()
    driven.tick(120.0, ClaimQuestion(Q, "ann"))
    assert QuestionAnswered(*OF, "bob") in driven.tick(121.0, answer(by="bob")).events


# ---------------------------------------------------------------- assignments


def test_assigning_drops_the_claim_and_names_others() -> None:
    driven = asked(assignee="ann")
    driven.tick(120.0, ClaimQuestion(Q, "ann"))
    assert driven.tick(121.0, AssignQuestion(Q, "bob", ("legal",), "eve", "Ann is away.")).events == [
        QuestionAssigned(*OF, "bob", ("legal",), "eve", "Ann is away.")
    ]
    assert whose(driven) == ("bob", ("legal",), None, None)


def test_a_question_may_be_for_nobody_in_particular() -> None:
    driven = asked(assignee="ann", candidates=("bob",))
    driven.tick(120.0, AssignQuestion(Q))
    assert whose(driven) == (None, (), None, None)


def test_what_is_delegated_has_an_owner_who_takes_it_back_by_a_claim() -> None:
    driven = asked(assignee="ann")
    driven.tick(120.0, ClaimQuestion(Q, "ann"))
    assert driven.tick(121.0, DelegateQuestion(Q, "bob", "ann")).events == [QuestionDelegated(*OF, "bob", "ann")]
    assert whose(driven) == ("bob", (), None, "ann")
    driven.tick(122.0, ClaimQuestion(Q, "bob"))
    assert driven.tick(123.0, ClaimQuestion(Q, "ann")).events == [QuestionClaimed(*OF, "ann")]
    assert whose(driven) == ("ann", (), "ann", None)


@pytest.mark.parametrize("claimed", [True, False])
def test_what_is_delegated_goes_back_to_its_owner_when_it_is_given_up(claimed: bool) -> None:
    driven = asked(assignee="ann")
    driven.tick(121.0, DelegateQuestion(Q, "bob", "ann"))
    if claimed:
        driven.tick(122.0, ClaimQuestion(Q, "bob"))
    assert driven.tick(123.0, UnclaimQuestion(Q, "bob")).events == [
        QuestionUnclaimed(*OF, "bob"),
        QuestionAssigned(*OF, "ann", (), "bob"),
    ]
    assert whose(driven) == ("ann", (), None, None)


def test_what_somebody_else_works_on_is_not_delegated() -> None:
    driven = asked()
    driven.tick(120.0, ClaimQuestion(Q, "eve"))
    assert refused(driven.tick(121.0, DelegateQuestion(Q, "bob", "ann", 7)))[0] is AlreadyClaimed


# ---------------------------------------------------------------- comments


def test_comments_are_kept_in_order_with_the_question_they_are_about() -> None:
    driven = asked(step="one")
    decision = driven.tick(120.0, CommentQuestion(Q, "Hm.", "ann"), CommentQuestion(Q, "Well.", "bob"))
    assert decision.events == [QuestionCommented(*OF, "ann", "Hm."), QuestionCommented(*OF, "bob", "Well.")]
    said = {"1": Comment("ann", 120.0, "Hm.", Q), "2": Comment("bob", 120.0, "Well.", Q)}
    assert decision.changes == {"t/a/1": {"comments+": said}}
    assert record(driven).comments == tuple(said.values())
    driven.tick(121.0, answer())
    driven.tick(122.0, asks(step="two", index=1))
    driven.tick(123.0, CommentQuestion("t/a/1/1q1", "Again?", "ann"))
    assert record(driven, "t/a/1/1q1").comments == (Comment("ann", 123.0, "Again?", "t/a/1/1q1"),)
    assert list(driven.marker()["comments"].entries) == ["1", "2", "3"]


def test_comments_end_with_their_run() -> None:
    driven = asked()
    driven.tick(120.0, CommentQuestion(Q, "Hm.", "ann"))
    assert driven.tick(121.0, answer()).changes["t/a/1"] is None


def test_a_run_has_so_many_comments_and_no_more() -> None:
    driven = asked()
    driven.tick(120.0, *(CommentQuestion(Q, "Hm.", "ann") for _ in range(COMMENTS_MAX)))
    assert refused(driven.tick(121.0, CommentQuestion(Q, "Hm.", "ann", 7))) == (
        AnswerRefused,
        f"question {Q}: its run has 1,000 comments, which is the most; keep more of them in an artifact of the task",
    )
    assert len(driven.marker()[Comments.__name__.lower()].entries) == COMMENTS_MAX


# ---------------------------------------------------------------- due times


def test_a_due_time_that_is_put_off_passes_later() -> None:
    driven = asked(due_in=60.0)
    decision = driven.tick(170.0, SetQuestionDue(Q, 100.0, "ann", 7))  # in the very moment it would have passed
    assert decision.events == [QuestionDueSet(*OF, 270.0, "ann")]
    assert driven.core.next_due() == 270.0
    assert driven.tick(270.0).events == [QuestionOverdue(*OF)]


def test_a_due_time_that_is_set_after_another_has_passed_makes_the_question_timely_again() -> None:
    driven = asked(due_in=60.0)
    driven.tick(170.0)
    driven.tick(171.0, SetQuestionDue(Q, 10.0))
    assert (question(driven).due, question(driven).overdue, driven.core.next_due()) == (181.0, False, 181.0)


def test_a_due_time_may_be_taken_away() -> None:
    driven = asked(due_in=60.0, on_due="fail")
    assert driven.tick(120.0, SetQuestionDue(Q, None, "ann")).events == [QuestionDueSet(*OF, None, "ann")]
    assert driven.core.next_due() is None
    assert (question(driven).due, driven.state()) == (None, TaskState.WAITING_HUMAN)


def test_a_due_time_leaves_the_timeout_of_the_phase_alone() -> None:
    driven = asked(Phase(id="a", timeout=30))
    driven.tick(111.0, SetQuestionDue(Q, None))
    assert driven.core.next_due() == 140.0


# ---------------------------------------------------------------- closed questions


@pytest.mark.parametrize("make", EACH.values(), ids=list(EACH))
@pytest.mark.parametrize("step", [None, "ask"])
def test_of_a_question_that_is_answered_the_answer_is_told(make: Callable[[str], Input], step: str | None) -> None:
    driven = asked(step=step)
    driven.tick(120.0, answer(value={"ok": True}, by="bob"))
    decision = driven.tick(121.0, make(Q))
    assert decision.changes == {}
    [(_, refusal)] = decision.replies
    assert isinstance(refusal, AlreadyAnswered)
    assert (refusal.question, refusal.by, refusal.at, refusal.value) == (Q, "bob", 120.0, {"ok": True})
    assert str(refusal) == f'question {Q}: bob has answered it already, with {{"ok":true}}'


@pytest.mark.parametrize("make", EACH.values(), ids=list(EACH))
def test_an_answer_goes_before_what_else_is_asked_in_its_tick(make: Callable[[str], Input]) -> None:
    decision = asked(due_in=60.0).tick(120.0, make(Q), answer(ticket=8))
    assert [type(reply) for _, reply in decision.replies] == [str, AlreadyAnswered]


@pytest.mark.parametrize("make", EACH.values(), ids=list(EACH))
def test_of_a_task_that_ends_in_the_same_tick_the_questions_are_withdrawn(make: Callable[[str], Input]) -> None:
    driven = asked(due_in=60.0)
    kind, sentence = refused(driven.tick(120.0, make(Q), Cancel("t")))
    assert (kind, sentence.split(";")[0]) == (AnswerRefused, f"question {Q}: it was withdrawn: its task ends")
    assert driven.core.next_due() is None


@pytest.mark.parametrize("make", EACH.values(), ids=list(EACH))
@pytest.mark.parametrize(
    ("name", "why"),
    [("t/a/1/1q9", "it is not open: it was never asked"), ("t/a/2/1q0", "it is not open: it was never asked")],
)
def test_of_a_question_that_was_never_asked_that_is_said(make: Callable[[str], Input], name: str, why: str) -> None:
    kind, sentence = refused(asked().tick(120.0, make(name)))
    assert (kind, sentence.split(";")[0]) == (AnswerRefused, f"question {name}: {why}")


@pytest.mark.parametrize("make", EACH.values(), ids=list(EACH))
@pytest.mark.parametrize("name", ["u/a/1/1q0", "", "/", "#/a"])
def test_a_question_of_no_task_is_not_known(make: Callable[[str], Input], name: str) -> None:
    assert refused(asked().tick(120.0, make(name)))[0] is UnknownTask


def test_a_question_of_work_that_is_done_again_was_withdrawn() -> None:
    phases = (
        Phase(id="a"),
        Phase(id="b", depends_on=("a",), assigned_to="human"),
        Phase(id="c", depends_on=("a",), on_reject=OnReject(target="a")),
    )
    driven = started(*phases)
    driven.tick(110.0, settled())
    driven.tick(111.0, asks("t/b/1"))
    driven.tick(112.0, rejects("t/c/1", 1, "no"))
    closed = refused(driven.tick(113.0, ClaimQuestion("t/b/1/1q0", "ann", 7)))[1]
    assert closed.startswith("question t/b/1/1q0: it was withdrawn: phase 'b' is superseded; ")
    driven.tick(114.0, settled("t/a/2"))
    driven.tick(115.0, asks("t/b/2"), settled("t/c/2"))
    driven.tick(116.0, answer("t/b/2/1q0"))
    assert driven.state() is TaskState.COMPLETED
    closed = refused(driven.tick(117.0, ClaimQuestion("t/b/1/1q0", "ann", 7)))[1]
    assert closed.startswith("question t/b/1/1q0: it was withdrawn: its task is completed; ")


# ---------------------------------------------------------------- what was shown


def test_an_answer_to_what_is_shown_now_counts() -> None:
    driven = asked()
    shown = shown_now(driven)
    assert driven.tick(120.0, answer(shown=shown, ticket=7)).replies == [(7, "t")]


def test_an_answer_to_something_else_is_refused_and_the_question_stays_open() -> None:
    driven = asked(step="ask")
    before = shown_now(driven)
    driven.tick(115.0, Attach("t", {"report.txt": raw({"name": "report.txt", "sha256": "1" * 64, "size": 1})}))
    decision = driven.tick(120.0, answer(shown=before, ticket=7))
    assert decision.changes == {}
    assert refused(decision) == (
        ShownChanged,
        f"question {Q}: what it shows has changed since it was looked at; "
        "look at it again, and answer with the digest of what it shows now",
    )
    assert driven.tick(121.0, answer(shown=shown_now(driven), ticket=7)).replies == [(7, "t")]


def test_who_answers_is_nothing_that_is_shown() -> None:
    driven = asked(assignee="ann", due_in=60.0)
    before = shown_now(driven)
    driven.tick(120.0, AssignQuestion(Q, "bob"), CommentQuestion(Q, "Hm.", "ann"), SetQuestionDue(Q, None))
    assert shown_now(driven) == before


def shown_now(driven: Driven) -> str:
    """Return the digest of what the question shows now."""
    found = record(driven)
    return shown_digest(found.question, found.artifacts)


def test_an_answer_that_is_nested_too_deeply_to_be_read_is_told_as_a_text() -> None:
    driven = asked(step="ask")
    deep = msgspec.Raw(b"[" * 100_000 + b"]" * 100_000)
    driven.tick(120.0, Answer(Q, deep, by="bob"))
    [(_, refusal)] = driven.tick(121.0, ClaimQuestion(Q, "ann", 7)).replies
    assert isinstance(refusal, AlreadyAnswered)
    assert refusal.value == bytes(deep).decode()
