"""SQL of a `TaskQuery`.

A page must cost what it shows, whatever the index holds.  So each query is split into branches that each read one
index in the order of the page and stop at its limit (one for each state, say).  They are read one after the other, each
no further than the page that those before it have filled.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from workflow_engine.core.components import TERMINAL, TaskState
from workflow_engine.errors import InputRefused
from workflow_engine.readmodel import cursor
from workflow_engine.readmodel.narrowing import EQUAL, PLACES, between, by_standing
from workflow_engine.readmodel.rows import TaskQuery
from workflow_engine.readmodel.sql import Sql, any_of, every

COLUMNS: Final = """tasks.k, tasks.id, tasks.workflow, tasks.definition, tasks.status, tasks.since, tasks.submitted_at,
    tasks.ended_at, tasks.reason, tasks.rank, tasks.assigned_to, tasks.parent, tasks.labels, tasks.phase,
    tasks.classification, tasks.waiting, tasks.spread, tasks.failed_phase, tasks.error, tasks.message,
    tasks.stage, tasks.cost, tasks.failure_group"""

BRANCHES_MAX: Final = 100
"""Branches of a query at most; SQLite allows 500.  More are left to be filtered."""


class Ordering(NamedTuple):
    """How an order is read from the table: its columns, all in one direction, and their types."""

    columns: tuple[str, ...]
    kinds: tuple[type[str] | type[float], ...]
    falling: bool


ORDERS: Final = {
    "submitted": Ordering(("submitted_at", "id"), (float, str), False),
    "-submitted": Ordering(("submitted_at", "id"), (float, str), True),
    "since": Ordering(("since", "id"), (float, str), False),
    "-since": Ordering(("since", "id"), (float, str), True),
    "priority": Ordering(("rank", "submitted_at", "id"), (float, float, str), False),
    "id": Ordering(("id",), (str,), False),
    "-id": Ordering(("id",), (str,), True),
}

_PLACES_OF: Final = {"id": 1, "since": 5, "submitted_at": 6, "rank": 9}
"""Where columns stand in a row."""

_STATES: Final = tuple(sorted((state.value for state in TaskState), key=lambda state: state != TaskState.COMPLETED))
"""All states, the one that most tasks are in first: what the others may add to a page is little then."""

_LIVING: Final = tuple(state.value for state in TaskState if state not in TERMINAL)


class Branch(NamedTuple):
    """Where rows are read from, which of them, and the table whose columns they are ordered by."""

    source: str
    where: tuple[Sql, ...]
    ordered: str = "tasks"


def served(query: TaskQuery) -> bool:
    """Whether an index has just the tasks of *query*, in its order."""
    by_submission = query.order.endswith("submitted")
    filters = sum(getattr(query, name) is not None for name in (*EQUAL, *PLACES)) + len(query.labels) + bool(query.text)
    since = query.since_after is not None or query.since_before is not None
    submitted = query.submitted_after is not None or query.submitted_before is not None
    if since or (submitted and not by_submission):
        return filters == 0 and since and not submitted and not query.workflows and query.order.endswith("since")
    if filters:
        return filters == 1 and by_submission and not (query.text or query.statuses or query.workflows)
    if query.workflows:
        return by_submission
    return not (query.statuses and query.order.endswith("id"))


def page(
    query: TaskQuery, text: Sql | None, few: Sql | None, execute: Callable[[Sql], list[tuple[Any, ...]]]
) -> list[tuple[Any, ...]]:
    """Return the rows of a page of *query*, and one row more if there are more.

    Args:
        query: what is asked for.
        text: the condition that a task has its text; None where none is asked for, or all of *few* have it.
        few: the statement that gives the rows of a few tasks, among which are all that fit; None where those are many.
        execute: runs a statement, and returns its rows.

    Raises:
        InputRefused: the order, the limit or the cursor is not one.
    """
    ordering = ORDERS.get(query.order)
    if ordering is None:
        raise InputRefused(f"tasks cannot be ordered by {query.order!r}; use {', '.join(ORDERS)}")
    limit = cursor.checked(query.limit) + 1
    after = cursor.decode(query.after, query.order, ordering.kinds) if query.after is not None else None
    found: list[tuple[Any, ...]] = []
    for branch in _among(query, text, few) if few is not None else _branches(query, text):
        bounds: tuple[Sql, ...] = ()
        if after is not None:
            bounds += (_beyond(ordering, branch.ordered, after),)
        if len(found) == limit:
            bounds += (_beyond(ordering, branch.ordered, key(query, found[-1]), before=True),)
        where = every((*branch.where, *bounds))
        order = ", ".join(
            f"{branch.ordered}.{column}{' DESC' if ordering.falling else ''}" for column in ordering.columns
        )
        statement = f"SELECT {COLUMNS} FROM {branch.source} WHERE {where.text} ORDER BY {order} LIMIT ?"
        found += execute(Sql(statement, (*where.parameters, limit)))
        found = sorted(found, key=lambda row: key(query, row), reverse=ordering.falling)[:limit]
    return found


def key(query: TaskQuery, row: tuple[Any, ...]) -> cursor.Key:
    """Return what a row is ordered by in *query*."""
    return tuple(row[_PLACES_OF[column]] for column in ORDERS[query.order].columns)


def counts(query: TaskQuery, text: Sql | None = None, rows: Sql | None = None) -> Sql:
    """Return the statement that gives (state, number of tasks) of *query*, whatever its order, limit and cursor.

    Args:
        query: what is asked for.
        text: see `page`.
        rows: the statement that gives the rows of the tasks to count among; None for all.
    """
    (branch,) = _among(query, text, rows if rows is not None else Sql("SELECT k FROM tasks"))
    where = every(branch.where)
    return Sql(f"SELECT status, count(*) FROM {branch.source} WHERE {where.text} GROUP BY status", where.parameters)


def _among(query: TaskQuery, text: Sql | None, few: Sql) -> list[Branch]:
    among = Sql(f"tasks.k IN ({few.text})", few.parameters)
    return [Branch("tasks", (among, *_common(query, text, "+"), *_chosen(query), *_placed(query)))]


def _branches(query: TaskQuery, text: Sql | None) -> list[Branch]:
    statuses = checked_statuses(query)
    by_submission = query.order.endswith("submitted")
    if by_submission and query.labels and not by_standing(query):
        return [_labelled(query, (*_common(query, text), *_chosen(query), *_placed(query)))]
    placed = any(getattr(query, place) is not None for place in PLACES)
    if by_submission and placed:
        return _where_placed(query, (*_common(query, text), *_chosen(query)))
    equal = [column for column in EQUAL if getattr(query, column) is not None]
    if by_submission and equal:
        own = Sql(f"tasks.{equal[0]} = ?", (getattr(query, equal[0]),))
        where = (own, *_common(query, text, "+"), *_chosen(query), *_placed(query))
        return [Branch(f"tasks INDEXED BY tasks_{_INDEXES.get(equal[0], equal[0])}", where)]
    if query.order.endswith("id"):
        return [Branch("tasks", (*_common(query, text, "+"), *_chosen(query), *_placed(query)))]
    if placed:
        statuses = tuple(state for state in statuses or _STATES if state in _LIVING)
    return _by_state(query, (*_common(query, text, "+"), *_placed(query)), statuses if placed else statuses or _STATES)


def _labelled(query: TaskQuery, where: tuple[Sql, ...]) -> Branch:
    """Read one label, and look whether its tasks have the others."""
    label = Sql("labels.name = ? AND labels.value = ?", next(iter(query.labels.items())))
    source = "labels INDEXED BY labels_value CROSS JOIN tasks ON tasks.k = labels.k"
    return Branch(source, (label, *where), "labels")


def _where_placed(query: TaskQuery, where: tuple[Sql, ...]) -> list[Branch]:
    """Read the tasks with one run from the index of its place, and those with several apart."""
    asked = [(place, value) for place in PLACES if (value := getattr(query, place)) is not None]
    first = asked[0][0]
    one = tuple(Sql(f"{'' if place == first else '+'}tasks.{place} = ?", (value,)) for place, value in asked)
    return [
        Branch(f"tasks INDEXED BY tasks_{first}", (*one, *where)),
        Branch("tasks INDEXED BY tasks_spread", (Sql("tasks.spread = 1"), _spread(asked), *where)),
    ]


def _by_state(query: TaskQuery, common: tuple[Sql, ...], statuses: tuple[str, ...]) -> list[Branch]:
    named = any_of("+tasks.workflow", query.workflows)
    if not statuses:
        return [Branch("tasks", (Sql("FALSE"),))]
    if not query.order.endswith("submitted"):
        index = "tasks_rank" if query.order == "priority" else "tasks_since"
        return [Branch(f"tasks INDEXED BY {index}", (_is("status", state), *named, *common)) for state in statuses]
    if query.workflows and len(query.workflows) * len(statuses) <= BRANCHES_MAX:
        return [
            Branch("tasks INDEXED BY tasks_workflow", (_is("workflow", name), _is("status", state), *common))
            for name in dict.fromkeys(query.workflows)
            for state in statuses
        ]
    return [Branch("tasks INDEXED BY tasks_status", (_is("status", state), *named, *common)) for state in statuses]


def _common(query: TaskQuery, text: Sql | None, unindexed: str = "") -> tuple[Sql, ...]:
    """Return the conditions that any branch can check; *unindexed* is "+" where no index is to be chosen by them."""
    equal = ((column, getattr(query, column)) for column in EQUAL)
    return (
        *between("tasks.submitted_at", query.submitted_after, query.submitted_before),
        *between("tasks.since", query.since_after, query.since_before),
        *(Sql(f"{unindexed}tasks.{column} = ?", (value,)) for column, value in equal if value is not None),
        *((text,) if text is not None else ()),
        *(Sql(_HAS_LABEL, label) for label in query.labels.items()),
    )


def _chosen(query: TaskQuery) -> tuple[Sql, ...]:
    return (*any_of("+tasks.status", checked_statuses(query)), *any_of("+tasks.workflow", query.workflows))


def _placed(query: TaskQuery) -> tuple[Sql, ...]:
    """Return the condition that a run stands where it is asked for, for branches that read no index of places."""
    asked = [(place, value) for place in PLACES if (value := getattr(query, place)) is not None]
    if not asked:
        return ()
    one = " AND ".join(f"+tasks.{place} = ?" for place, _ in asked)
    spread = _spread(asked)
    return (Sql(f"(({one}) OR (tasks.spread AND {spread.text}))", (*(v for _, v in asked), *spread.parameters)),)


_INDEXES: Final = {"failure_group": "group"}
_HAS_LABEL: Final = "EXISTS (SELECT 1 FROM labels AS l WHERE l.k = tasks.k AND l.name = ? AND l.value = ?)"


def _spread(asked: list[tuple[str, str]]) -> Sql:
    conditions = " AND ".join(f"places.{place} = ?" for place, _ in asked)
    text = f"EXISTS (SELECT 1 FROM places WHERE places.k = tasks.k AND {conditions})"
    return Sql(text, tuple(value for _, value in asked))


def _is(column: str, value: str) -> Sql:
    return Sql(f"tasks.{column} = ?", (value,))


def checked_statuses(query: TaskQuery) -> tuple[str, ...]:
    """Return the states of *query*, each once.

    Raises:
        InputRefused: one is no state of a task.
    """
    unknown = [status for status in query.statuses if status not in _STATES]
    if unknown:
        raise InputRefused(f"{unknown[0]!r} is no state of a task; use {', '.join(_STATES)}")
    return tuple(dict.fromkeys(str(status) for status in query.statuses))


def _beyond(ordering: Ordering, table: str, key: cursor.Key, *, before: bool = False) -> Sql:
    """Return the condition that a row comes behind *key*, or before it."""
    columns = ", ".join(f"{table}.{column}" for column in ordering.columns)
    marks = ", ".join("?" * len(key))
    return Sql(f"({columns}) {'<' if ordering.falling != before else '>'} ({marks})", key)
