"""Who may answer which question."""

from collections.abc import Sequence
from typing import Protocol

from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role


class Asked(Protocol):
    """What a question says about who is asked; see `workflow_engine.core.components.Question`.

    A question may say in ``claimed_by`` as well who has taken it.
    """

    @property
    def assignee(self) -> str | None: ...  # noqa: D102 - see the class

    @property
    def candidates(self) -> Sequence[str]: ...  # noqa: D102


def may_answer(person: Person, question: Asked) -> bool:
    """Return whether *person* may answer *question*."""
    return why_not(person, question) is None


def why_not(person: Person, question: Asked) -> str | None:
    """Return why *person* may not answer *question*, None where they may.

    Whom it names may, and whoever is in a group that it names; where it names nobody, anybody may.  Nobody answers for
    others, not even an admin: an answer says who gave it.
    """
    if person.via == "loopback":
        return None  # a machine of one person, who is everybody
    if not person.role.allows(Role.OPERATOR):
        return f"a {person.role} may look, and not answer; an admin can make you an operator"
    named = _named(question)
    if not named or named & {person.name, *person.groups}:
        return None
    who = ", ".join(sorted(named))
    if person.role.allows(Role.ADMIN):
        return f"the question is for {who}; nobody answers for others, but you may reassign it to yourself first"
    return f"the question is for {who}; ask them, or have an admin reassign it"


def _named(question: Asked) -> set[str]:
    claimed_by: str | None = getattr(question, "claimed_by", None)
    return {name for name in (question.assignee, claimed_by, *question.candidates) if name}
