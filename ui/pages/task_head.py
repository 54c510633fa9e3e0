"""The head of a task's page: what it is, where it stands, and what can be done with it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from workflow_engine.core.components import Cost, Failure, Question, Spent, Stage, TaskState, Undoing
from workflow_engine.readmodel.rows import TaskQuery, TaskRow
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.task_seen import Seen
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role

CHILDREN_MAX: Final = 50
"""Child tasks that are listed; a search has them all."""

QUESTIONS_MAX: Final = 5
"""Open questions that have a button of their own."""


class Actions(NamedTuple):
    """What somebody can do with a task as it stands."""

    answer: bool
    retry: bool
    fork: bool
    export: bool
    cancel: bool
    purge: bool
    export_and_end: bool


class Head(NamedTuple):
    """What the page begins with.

    Attributes:
        id: of the task.
        why: what it waits for, in one sentence.
        cost: what its models have cost, None where nothing.
        stage: of its workflow's states, or None.
        failure: why it failed, or None.
        undoing: how it is going to end, or None.
        questions: those that are open.
        more_questions: how many more there are.
        actions: what the person who looks can do.
    """

    id: str
    why: str
    cost: Cost | None
    stage: Stage | None
    failure: Failure | None
    undoing: Undoing | None
    questions: tuple[Question, ...]
    more_questions: int
    actions: Actions


def head_of(seen: Seen, person: Person) -> Head:
    """Return what the page of a task begins with for *person*."""
    record = seen.record
    spent = record.find(Spent)
    questions = list(_questions(seen))
    return Head(
        record.id,
        desk().ask.explain(record.id),
        spent.cost if spent is not None and spent.cost != Cost() else None,
        record.find(Stage),
        record.find(Failure),
        record.find(Undoing),
        tuple(questions[:QUESTIONS_MAX]),
        max(0, len(questions) - QUESTIONS_MAX),
        actions_of(seen.status.state, person),
    )


def actions_of(state: TaskState, person: Person) -> Actions:
    """Return what *person* can do with a task that stands in *state*."""
    operates, admin = person.role.allows(Role.OPERATOR), person.role.allows(Role.ADMIN)
    return Actions(
        answer=operates and not state.terminal,
        retry=operates and state is TaskState.FAILED,
        fork=operates,
        export=operates,
        cancel=operates and not state.terminal,
        purge=admin and state.terminal,
        export_and_end=admin and not state.terminal,
    )


def children_of(task: str) -> tuple[TaskRow, ...]:
    """Return the tasks that a task has forked, the first `CHILDREN_MAX`, and one more where there are more."""
    return desk().model.tasks(TaskQuery(parent=task, order="submitted", limit=CHILDREN_MAX + 1)).rows


def _questions(seen: Seen) -> Iterator[Question]:
    for run in seen.record.runs.values():
        question = run.get("question")
        if isinstance(question, Question):
            yield question
