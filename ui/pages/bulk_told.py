"""Told: what will become of many tasks, or has, in groups of those alike."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from workflow_engine.core.reruns import Rerun
from workflow_engine.question_view import QuestionView
from workflow_engine.readmodel.rows import Counted
from workflow_engine.task import Task
from workflow_engine.ui.bulk import Action, Outcome
from workflow_engine.ui.pages.bulk_words import in_state, why_not
from workflow_engine.ui.showing.visible import shortened
from workflow_engine.ui.showing.words import status

NAMED_MAX: Final = 50
"""Tasks of a group that are named."""

GROUPS_MAX: Final = 20
"""Groups that are told apart."""

PHASES_MAX: Final = 200
"""Phases to choose from."""

SENTENCE_MAX: Final = 400
"""Characters of a group's sentence."""


class Group(msgspec.Struct, frozen=True):
    """Tasks of which the same is said.

    Attributes:
        words: what is said of them.
        count: how many.
        tasks: ids of some.
    """

    words: str
    count: Counted
    tasks: tuple[str, ...] = ()


class Shape(msgspec.Struct, frozen=True):
    """Questions with one form: of which workflow and phase the first of them is, and how many there are."""

    workflow: str
    phase: str
    count: int


def doable(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    """Return the tasks with which it can be done."""
    return tuple(one.task for one in outcomes if one.refusal is None)


def will(outcomes: Sequence[Outcome]) -> tuple[Group, ...]:
    """Return what will happen to the tasks with which it can be done."""
    return _grouped((_said(one.found), one.task) for one in outcomes if one.refusal is None)


def refused(
    action: Action, outcomes: Iterable[Outcome], others: Mapping[str, Counted] | None = None
) -> tuple[Group, ...]:
    """Return why it cannot be done, or was not, with the other tasks.

    Args:
        action: what it is.
        outcomes: of the tasks that were tried.
        others: how many more stand where it cannot be done, by state.
    """
    tried = ((why_not(action, one.task, one.refusal), one.task) for one in outcomes if one.refusal is not None)
    untried = (Group(in_state(action, state), count) for state, count in (others or {}).items())
    return (*_grouped(tried), *untried)


def phases_to_retry(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    """Return the phases from which all of the tasks can be retried, in the order of the first one's workflow."""
    told = [one.found for one in outcomes if isinstance(one.found, Rerun)]
    common: dict[str, None] = dict.fromkeys((*told[0].keeps, *told[0].runs)) if told else {}
    for rerun in told[1:]:
        known = {*rerun.keeps, *rerun.runs}
        common = {name: None for name in common if name in known}
    return tuple(common)[:PHASES_MAX]


def questions_of(outcomes: Iterable[Outcome]) -> tuple[QuestionView, ...]:
    """Return the questions that can be answered."""
    return tuple(one.found for one in outcomes if isinstance(one.found, QuestionView))


def shapes_of(questions: Iterable[QuestionView]) -> tuple[Shape, ...]:
    """Return the forms that questions have, the most frequent first."""
    found: dict[bytes, list[QuestionView]] = {}
    for question in questions:
        found.setdefault(msgspec.json.encode((question.form, question.picks), order="sorted"), []).append(question)
    several = sorted(found.values(), key=len, reverse=True)
    return tuple(Shape(alike[0].workflow, alike[0].phase, len(alike)) for alike in several)


def _said(found: object) -> str:
    match found:
        case Rerun():
            return found.sentence
        case QuestionView():
            return f"“{shortened(found.prompt)}”, asked by phase {found.phase!r} of {found.workflow}"
        case Task():
            return status(found.status.value)
        case _:
            return ""


def _grouped(said: Iterable[tuple[str, str]]) -> tuple[Group, ...]:
    """Return pairs of a sentence and a task by sentence, the largest group first."""
    found: dict[str, list[str]] = {}
    for words, task in said:
        found.setdefault(shortened(words, SENTENCE_MAX), []).append(task)
    ranked = sorted(found.items(), key=lambda one: -len(one[1]))
    listed = [Group(words, Counted(len(tasks)), tuple(tasks[:NAMED_MAX])) for words, tasks in ranked[:GROUPS_MAX]]
    rest = [task for _, tasks in ranked[GROUPS_MAX:] for task in tasks]
    more = [Group("each in its own way", Counted(len(rest)), tuple(rest[:NAMED_MAX]))] if rest else []
    return (*listed, *more)
