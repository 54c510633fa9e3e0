"""Who may answer which question."""

from dataclasses import dataclass

import pytest

from workflow_engine.core.components import Question, WaitKind
from workflow_engine.ui.security.answering import may_answer, why_not
from workflow_engine.ui.security.person import Person, Via
from workflow_engine.ui.security.roles import Role


@dataclass(frozen=True)
class Asked:
    """Who is asked."""

    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    claimed_by: str | None = None


def ann(role: Role = Role.OPERATOR, via: Via = "session", groups: tuple[str, ...] = ("editors",)) -> Person:
    """Return ann, who is an editor."""
    return Person("ann", role, via, groups)


@pytest.mark.parametrize(
    ("question", "may"),
    [
        (Asked(), True),
        (Asked("ann"), True),
        (Asked("ben"), False),
        (Asked("Ann"), False),
        (Asked("editors"), True),
        (Asked("legal"), False),
        (Asked(candidates=("ann", "ben")), True),
        (Asked(candidates=("ben", "editors")), True),
        (Asked(candidates=("ben", "legal")), False),
        (Asked("ben", ("ann",)), True),
        (Asked("ann", ("ben",)), True),
        (Asked(claimed_by="ann"), True),
        (Asked("legal", claimed_by="ann"), True),
        (Asked("legal", ("ben",), claimed_by="ben"), False),
        (Asked(claimed_by="ben"), False),
        (Asked("", ()), True),
    ],
)
@pytest.mark.parametrize("via", ["session", "token", "proxy", "loopback"])
@pytest.mark.parametrize("role", list(Role))
def test_who_is_named_may_answer(question: Asked, may: bool, via: Via, role: Role) -> None:
    expected = via == "loopback" or (may and role is not Role.VIEWER)
    assert may_answer(ann(role, via), question) == expected
    assert (why_not(ann(role, via), question) is None) == expected


def test_a_refusal_says_what_can_be_done() -> None:
    assert (
        why_not(ann(Role.VIEWER), Asked("ann"))
        == "a viewer may look, and not answer; an admin can make you an operator"
    )
    assert (
        why_not(ann(), Asked("ben", ("legal",)))
        == "the question is for ben, legal; ask them, or have an admin reassign it"
    )
    assert why_not(ann(Role.ADMIN), Asked("ben")) == (
        "the question is for ben; nobody answers for others, but you may reassign it to yourself first"
    )


def test_a_question_of_the_engine_is_understood() -> None:
    question = Question("t/p/1/1", WaitKind.HUMAN, "Go on?", 0.0, assignee="ben", candidates=("legal",))
    assert [may_answer(ann(groups=groups), question) for groups in ((), ("legal",))] == [False, True]


@pytest.mark.parametrize(("role", "allowed"), [(Role.VIEWER, 1), (Role.OPERATOR, 2), (Role.ADMIN, 3)])
def test_each_role_may_what_those_before_it_may(role: Role, allowed: int) -> None:
    assert [role.allows(needed) for needed in Role] == [True] * allowed + [False] * (3 - allowed)
