"""How a query is kept from reading much for little: by that of its filters which leaves the fewest tasks.

A page is read from an index in its order, until it is full.  That is fast where many tasks fit, and slow where few do.
So the tasks of each filter are counted first, up to a bound; where they are few, those are read and sorted instead.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from workflow_engine.core.components import TaskState
from workflow_engine.readmodel.rows import TaskQuery
from workflow_engine.readmodel.sql import Sql, any_of, every

FEW: Final = 5_000
"""Tasks that are read and sorted for a page at most."""

EQUAL: Final = ("parent", "definition", "failure_group", "failed_phase", "error")
"""Filters that are columns of tasks, each with an index in the order of submission."""

PLACES: Final = ("phase", "classification", "waiting")
"""Filters that say where a run stands."""


class Narrowest(NamedTuple):
    """The filter that leaves the fewest tasks.

    Attributes:
        rows: the statement that gives the numbers of their rows, and more rows than fit for some.
        few: whether there are few.
    """

    rows: Sql
    few: bool


def narrowest(
    connection: sqlite3.Connection, query: TaskQuery, text: Sql | None, few: int, *, ordered: bool
) -> Narrowest | None:
    """Return the filter of *query* that leaves the fewest tasks, None where it has no filter.

    Args:
        connection: to the index.
        query: what is asked for.
        text: the statement that gives the rows of tasks with its text.
        few: how many tasks are few.
        ordered: whether to leave out the filters by which an index that is read in order is entered anyway.
    """
    found: list[tuple[int, Sql]] = []
    for rows in _sources(query, text, ordered):
        bounded = f"SELECT count(*) FROM (SELECT 1 FROM ({rows.text}) LIMIT ?)"
        number: int = connection.execute(bounded, (*rows.parameters, few + 1)).fetchone()[0]
        found.append((number, rows))
        if number < _ENOUGH:
            break
    if not found:
        return None
    number, rows = min(found, key=lambda one: one[0])
    return Narrowest(rows, number <= few)


def by_standing(query: TaskQuery) -> bool:
    """Whether a page of *query*, in the order of submission, is read from the indexes of states and workflows."""
    if any(getattr(query, name) is not None for name in (*EQUAL, *PLACES)):
        return False
    return not query.labels or bool(query.statuses or query.workflows)


def _sources(query: TaskQuery, text: Sql | None, ordered: bool) -> Iterator[Sql]:
    """Give, for each filter of *query*, the statement that gives the rows of its tasks, the likeliest first."""
    by_submission = ordered and query.order.endswith("submitted")
    by_change = ordered and query.order.endswith("since")
    if text is not None:
        yield text
    for column in EQUAL:
        value = getattr(query, column)
        if value is not None:
            yield Sql(f"SELECT k FROM tasks WHERE {column} = ?", (value,))
    for label in query.labels.items():
        yield Sql(_LABEL, label)
    for place in PLACES:
        value = getattr(query, place)
        if value is not None:
            yield Sql(_PLACE.format(place), (value, value))
    statuses = tuple(str(status) for status in query.statuses)
    if query.workflows and not (by_submission and by_standing(query)):
        yield _selected("workflow", *any_of("workflow", query.workflows), *any_of("status", statuses))
    if statuses and not query.workflows and not by_change and not (by_submission and by_standing(query)):
        yield _selected("status", *any_of("status", statuses))
    states = any_of("status", statuses or _STATES)
    since = between("since", query.since_after, query.since_before)
    if since and not by_change:
        yield _selected("since", *states, *since)
    submitted = between("submitted_at", query.submitted_after, query.submitted_before)
    if submitted and not by_submission:
        yield _selected("status", *states, *submitted)


def between(column: str, first: float | None, last: float | None) -> tuple[Sql, ...]:
    """Return the conditions that *column* is *first* or more, and less than *last*."""
    bounds = (Sql(f"{column} >= ?", (first,)), first), (Sql(f"{column} < ?", (last,)), last)
    return tuple(condition for condition, bound in bounds if bound is not None)


_ENOUGH: Final = 200  # no other filter is worth counting then
_STATES: Final = tuple(state.value for state in TaskState)
_LABEL: Final = "SELECT k FROM labels WHERE name = ? AND value = ?"
_PLACE: Final = """
SELECT k FROM tasks WHERE {0} = ? UNION ALL
SELECT k FROM tasks WHERE spread = 1 AND EXISTS (SELECT 1 FROM places WHERE places.k = tasks.k AND places.{0} = ?)
"""


def _selected(index: str, *conditions: Sql) -> Sql:
    where = every(conditions)
    return Sql(f"SELECT k FROM tasks INDEXED BY tasks_{index} WHERE {where.text}", where.parameters)
