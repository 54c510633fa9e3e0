"""Groups of failed tasks, as they are listed."""

import sqlite3
from typing import Any, Final

from workflow_engine.errors import InputRefused
from workflow_engine.readmodel import cursor
from workflow_engine.readmodel.rows import FailureGroup, FailureOrder, FailurePage
from workflow_engine.readmodel.sql import Sql, every

NEWEST: Final = 5
"""Tasks that a group names."""


def failures(
    connection: sqlite3.Connection, workflow: str | None, order: FailureOrder, limit: int, after: str | None
) -> FailurePage:
    """Return a page of groups.

    Raises:
        InputRefused: the order, the limit or the cursor is not one.
    """
    column = _COLUMNS.get(order)
    if column is None:
        raise InputRefused(f"failures cannot be ordered by {order!r}; use {', '.join(_COLUMNS)}")
    cursor.checked(limit)
    where: list[Sql] = []
    if workflow is not None:
        where.append(Sql("+workflow = ?", (workflow,)))
    if after is not None:
        where.append(Sql(f"({column}, key) < (?, ?)", cursor.decode(after, _NAME + order, (float, str))))
    condition = every(where)
    statement = f"{_SELECT} WHERE {condition.text} ORDER BY {column} DESC, key DESC LIMIT ?"
    rows = connection.execute(statement, (*condition.parameters, limit + 1)).fetchall()
    listed = tuple(_group(connection, row) for row in rows[:limit])
    if len(rows) <= limit:
        return FailurePage(listed)
    last = listed[-1]
    return FailurePage(listed, cursor.encode(_NAME + order, (getattr(last, column), last.key)))


_NAME: Final = "failures"
_COLUMNS: Final = {"-last": "last_at", "-count": "count"}
_SELECT: Final = "SELECT key, workflow, phase, error, count, first_at, last_at FROM failure_groups"
_TASKS: Final = """
SELECT id, message FROM tasks INDEXED BY tasks_group_since WHERE failure_group = ? ORDER BY since DESC, id DESC LIMIT ?
"""


def _group(connection: sqlite3.Connection, row: tuple[Any, ...]) -> FailureGroup:
    key, workflow, phase, error, count, first_at, last_at = row
    newest = connection.execute(_TASKS, (key, NEWEST)).fetchall()
    return FailureGroup(
        key, workflow, phase, error, newest[0][1], count, first_at, last_at, tuple(task for task, _ in newest)
    )
