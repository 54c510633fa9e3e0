"""Commands that look: they read the index of the journal, brought up to date, and disturb no engine."""

import contextlib
from collections.abc import Generator
from typing import TYPE_CHECKING

from workflow_engine.cli.commanding import must_exist
from workflow_engine.cli.options import Invocation
from workflow_engine.errors import UnknownTask

if TYPE_CHECKING:
    from workflow_engine.core.components import Question
    from workflow_engine.core.record import TaskRecord
    from workflow_engine.readmodel.read_model import ReadModel
    from workflow_engine.readmodel.rows import TaskRow


@contextlib.contextmanager
def reading(invocation: Invocation) -> "Generator[ReadModel]":
    """Give the read model, as of now, for the length of a ``with``.

    Raises:
        ConfigError: there is no data.
        JournalDamaged: the journal holds something that was never written.
    """
    from workflow_engine.readmodel.read_model import ReadModel

    must_exist(invocation.data_dir)
    model = ReadModel(invocation.data_dir)
    model.catch_up()
    yield model


def record_of(invocation: Invocation, task: str) -> "TaskRecord":
    """Return all that is known of a task.

    Raises:
        UnknownTask: there is none of this id.
    """
    with reading(invocation) as model:
        return known(model, task)


def known(model: "ReadModel", task: str) -> "TaskRecord":
    """Return all that the read model knows of a task.

    Raises:
        UnknownTask: there is none of this id.
    """
    record = model.record(task)
    if record is None:
        raise UnknownTask("task", task)
    return record


def question_of(invocation: Invocation, name: str) -> "Question | None":
    """Return the open question with this id, or the one open question of the task with this id; None for neither.

    Raises:
        UnknownTask: there is no such task.
    """
    from workflow_engine.cli.document import questions

    found = questions(record_of(invocation, name.partition("/")[0]))
    if "/" in name:
        return next((question for question in found if question.id == name), None)
    return found[0] if len(found) == 1 else None


def children_of(model: "ReadModel", task: str, most: int | None) -> "list[TaskRow]":
    """Return the tasks that a task forked, the oldest first; at most so many, None for all."""
    import msgspec

    from workflow_engine.readmodel.rows import LIMIT_MAX, TaskQuery

    rows: list[TaskRow] = []
    query = TaskQuery(parent=task, order="submitted", limit=min(most or LIMIT_MAX, LIMIT_MAX))
    while True:
        page = model.tasks(query)
        rows += page.rows
        if page.next is None or (most is not None and len(rows) >= most):
            return rows
        query = msgspec.structs.replace(query, after=page.next)
