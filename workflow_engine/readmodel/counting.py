"""How many tasks stand where: from counters where these say it, else counted, up to a bound or to the end."""

import sqlite3
from typing import Final

import msgspec

from workflow_engine.core.components import TaskState
from workflow_engine.readmodel import searching, selecting
from workflow_engine.readmodel.narrowing import narrowest
from workflow_engine.readmodel.rows import Counted, TaskQuery
from workflow_engine.readmodel.sql import Sql, any_of, every

COUNTED_MAX: Final = 10_000
"""How far is counted where counting must not take long."""


AMONG: Final = 20_000
"""Tasks of one filter that are looked at for that."""


def counts(connection: sqlite3.Connection, query: TaskQuery) -> dict[TaskState, int]:
    """Return how many tasks stand where; states without any are left out."""
    return {state: found.n for state, found in _counted(connection, query, bounded=False).items()}


def counted(connection: sqlite3.Connection, query: TaskQuery) -> dict[TaskState, Counted]:
    """Return how many tasks stand where, as far as can be said at once; states without any are left out."""
    return _counted(connection, query, bounded=True)


def up_to(connection: sqlite3.Connection, rows: Sql) -> Counted:
    """Return how many *rows* a statement gives, up to the bound."""
    statement = f"SELECT count(*) FROM ({rows.text} LIMIT ?)"
    n: int = connection.execute(statement, (*rows.parameters, COUNTED_MAX + 1)).fetchone()[0]
    return capped(n)


def capped(n: int) -> Counted:
    """Return a number that is known, as far as the bound."""
    return Counted(min(n, COUNTED_MAX), n > COUNTED_MAX)


def _counted(connection: sqlite3.Connection, query: TaskQuery, *, bounded: bool) -> dict[TaskState, Counted]:
    states = selecting.checked_statuses(query) or tuple(TaskState)
    if _of_counters(query):
        return _standing(connection, query)
    text = searching.search(connection, query.text) if query.text else None
    if query.text and text is None:
        return {}
    narrow = narrowest(connection, query, text.rows if text else None, AMONG, ordered=False)
    rows, cut = (narrow.rows, bounded and not narrow.few) if narrow is not None else (None, False)
    among = Sql(f"SELECT k FROM ({rows.text}) LIMIT {AMONG}", rows.parameters) if rows is not None and cut else rows
    has_text = searching.hits(connection, text) if text is not None and text.rows is not rows else None
    sql = selecting.counts(query, has_text, among)
    found = {TaskState(state): n for state, n in connection.execute(sql.text, sql.parameters)}
    if cut:
        return {TaskState(state): Counted(min(found.get(TaskState(state), 0), COUNTED_MAX), True) for state in states}
    return {state: capped(n) if bounded else Counted(n) for state, n in found.items()}


def _of_counters(query: TaskQuery) -> bool:
    plain = TaskQuery(query.statuses, query.workflows, definition=query.definition)
    return msgspec.structs.replace(query, order=plain.order, limit=plain.limit, after=None) == plain


def _standing(connection: sqlite3.Connection, query: TaskQuery) -> dict[TaskState, Counted]:
    where = every(
        (
            *any_of("status", tuple(map(str, query.statuses))),
            *any_of("workflow", query.workflows),
            *any_of("definition", (query.definition,) if query.definition is not None else ()),
        )
    )
    statement = f"SELECT status, sum(count) FROM standing WHERE {where.text} GROUP BY status"
    return {TaskState(state): Counted(n) for state, n in connection.execute(statement, where.parameters)}
