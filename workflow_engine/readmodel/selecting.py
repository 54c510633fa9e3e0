"""SQL of a `TaskQuery`.

A page must cost what it shows, whatever the index holds.  So each query is split into branches that each read one
index in the order of the page and stop at its limit (one for each state, say), and the branches are merged.
"""

from typing import Any, Final, NamedTuple

from workflow_engine.core.components import TERMINAL, TaskState
from workflow_engine.errors import InputRefused
from workflow_engine.readmodel import cursor
from workflow_engine.readmodel.rows import TaskQuery

COLUMNS: Final = """tasks.k, tasks.id, tasks.workflow, tasks.definition, tasks.status, tasks.since, tasks.submitted_at,
    tasks.ended_at, tasks.reason, tasks.rank, tasks.assigned_to, tasks.parent, tasks.labels, tasks.phase,
    tasks.classification, tasks.waiting, tasks.spread, tasks.failed_phase, tasks.error, tasks.message,
    tasks.stage, tasks.cost"""

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

_STATES: Final = tuple(state.value for state in TaskState)
_LIVING: Final = tuple(state.value for state in TaskState if state not in TERMINAL)
_PLACES: Final = ("phase", "classification", "waiting")


class Sql(NamedTuple):
    """A piece of SQL and what stands for its question marks."""

    text: str
    parameters: tuple[Any, ...] = ()


class Found(NamedTuple):
    """How tasks with a text are found.

    Attributes:
        rows: the statement that gives the numbers of their rows.
        many: whether so many have it that reading them all would cost more than a page.
        probed: whether it costs little to ask for one row whether it has the text.
    """

    rows: Sql
    many: bool
    probed: bool


class Branch(NamedTuple):
    """Where rows are read from, which of them, and the table whose columns they are ordered by."""

    source: str
    where: tuple[Sql, ...]
    ordered: str = "tasks"


def page(query: TaskQuery, found: Found | None) -> Sql:
    """Return the statement that gives a page of *query*, and one row more if there are more.

    Args:
        query: what is asked for.
        found: how its text is found, None where no text is asked for.

    Raises:
        InputRefused: the order, the limit or the cursor is not one.
    """
    ordering = ORDERS.get(query.order)
    if ordering is None:
        raise InputRefused(f"tasks cannot be ordered by {query.order!r}; use {', '.join(ORDERS)}")
    limit = cursor.checked(query.limit) + 1
    key = cursor.decode(query.after, query.order, ordering.kinds) if query.after is not None else None
    texts: list[str] = []
    parameters: list[Any] = []
    for branch in _branches(query, found):
        where = branch.where if key is None else (*branch.where, _behind(ordering, branch.ordered, key))
        conditions = " AND ".join(condition.text for condition in where) or "TRUE"
        order = _order(ordering, branch.ordered)
        texts.append(
            f"SELECT * FROM (SELECT {COLUMNS} FROM {branch.source} WHERE {conditions} ORDER BY {order} LIMIT ?)"
        )
        parameters += [value for condition in where for value in condition.parameters]
        parameters.append(limit)
    if len(texts) == 1:
        return Sql(texts[0], tuple(parameters))
    columns = ", ".join(f"{column}{' DESC' if ordering.falling else ''}" for column in ordering.columns)
    return Sql(f"{' UNION ALL '.join(texts)} ORDER BY {columns} LIMIT ?", (*parameters, limit))


def counts(query: TaskQuery, found: Found | None) -> Sql:
    """Return the statement that gives (state, number of tasks) of *query*, whatever its order, limit and cursor."""
    where = (
        *_common(query, found._replace(many=False) if found is not None else None),
        *_any_of("status", _statuses(query)),
        *_any_of("workflow", query.workflows),
        *_placed(query),
    )
    conditions = " AND ".join(condition.text for condition in where) or "TRUE"
    parameters = tuple(value for condition in where for value in condition.parameters)
    return Sql(f"SELECT status, count(*) FROM tasks WHERE {conditions} GROUP BY status", parameters)


def _branches(query: TaskQuery, found: Found | None) -> list[Branch]:
    statuses = _statuses(query)
    common = _common(query, found)
    chosen = (*_any_of("+tasks.status", statuses), *_any_of("+tasks.workflow", query.workflows))
    if found is not None and not found.many:
        return [Branch("tasks", (*common, *chosen, *_placed(query)))]
    if query.labels:
        return [_labelled(query, (*common, *chosen, *_placed(query)))]
    if any(getattr(query, place) is not None for place in _PLACES):
        return _where_placed(query, (*common, *chosen))
    if query.parent is not None or query.order.endswith("id"):
        return [Branch("tasks", (*common, *chosen))]
    return _by_state(query, common, statuses or _STATES)


def _labelled(query: TaskQuery, where: tuple[Sql, ...]) -> Branch:
    """Read one label, and look whether its tasks have the others."""
    name, value = next(iter(query.labels.items()))
    label = Sql("labels.name = ? AND labels.value = ?", (name, value))
    source = "labels INDEXED BY labels_value CROSS JOIN tasks ON tasks.k = labels.k"
    ordered = "labels" if query.order.endswith("submitted") else "tasks"
    return Branch(source, (label, *where), ordered)


def _where_placed(query: TaskQuery, where: tuple[Sql, ...]) -> list[Branch]:
    """Read the tasks with one run from the index of its place, and those with several apart."""
    asked = [(place, value) for place in _PLACES if (value := getattr(query, place)) is not None]
    first = asked[0][0]
    one = tuple(Sql(f"{'' if place == first else '+'}tasks.{place} = ?", (value,)) for place, value in asked)
    return [
        Branch(f"tasks INDEXED BY tasks_{first}", (*one, *where)),
        Branch("tasks INDEXED BY tasks_spread", (Sql("tasks.spread = 1"), _spread(asked), *where)),
    ]


def _by_state(query: TaskQuery, common: tuple[Sql, ...], statuses: tuple[str, ...]) -> list[Branch]:
    named = _any_of("+tasks.workflow", query.workflows)
    if query.order == "priority":
        living = [state for state in statuses if state in _LIVING]
        ended = [state for state in statuses if state not in _LIVING]
        alive = Sql("tasks.ended_at IS NULL")
        branches = [
            Branch("tasks INDEXED BY tasks_rank", (_is("status", state), alive, *named, *common)) for state in living
        ]
        return branches + [Branch("tasks", (_is("status", state), *named, *common)) for state in ended]
    if query.order.endswith("since"):
        return [Branch("tasks INDEXED BY tasks_since", (_is("status", state), *named, *common)) for state in statuses]
    if query.workflows and len(query.workflows) * len(statuses) <= BRANCHES_MAX:
        return [
            Branch("tasks INDEXED BY tasks_workflow", (_is("workflow", name), _is("status", state), *common))
            for name in dict.fromkeys(query.workflows)
            for state in statuses
        ]
    return [Branch("tasks INDEXED BY tasks_status", (_is("status", state), *named, *common)) for state in statuses]


def _common(query: TaskQuery, found: Found | None) -> tuple[Sql, ...]:
    """Return the conditions that any branch can check."""
    where: list[Sql] = []
    if query.submitted_after is not None:
        where.append(Sql("tasks.submitted_at >= ?", (query.submitted_after,)))
    if query.submitted_before is not None:
        where.append(Sql("tasks.submitted_at < ?", (query.submitted_before,)))
    if query.parent is not None:
        where.append(Sql("tasks.parent = ?", (query.parent,)))
    if found is not None:
        where.append(_has_text(found))
    for name, value in query.labels.items():
        where.append(Sql(_HAS_LABEL, (name, value)))
    return tuple(where)


def _placed(query: TaskQuery) -> tuple[Sql, ...]:
    """Return the condition that a run stands where it is asked for, for branches that read no index of places."""
    asked = [(place, value) for place in _PLACES if (value := getattr(query, place)) is not None]
    if not asked:
        return ()
    one = " AND ".join(f"+tasks.{place} = ?" for place, _ in asked)
    spread = _spread(asked)
    return (Sql(f"(({one}) OR (tasks.spread AND {spread.text}))", (*(v for _, v in asked), *spread.parameters)),)


_HAS_LABEL: Final = "EXISTS (SELECT 1 FROM labels AS l WHERE l.k = tasks.k AND l.name = ? AND l.value = ?)"


def _has_text(found: Found) -> Sql:
    if not found.many:
        return Sql(f"tasks.k IN ({found.rows.text})", found.rows.parameters)
    if found.probed:
        return Sql(f"EXISTS ({found.rows.text} AND search.rowid = tasks.k)", found.rows.parameters)
    return Sql(f"+tasks.k IN ({found.rows.text})", found.rows.parameters)


def _spread(asked: list[tuple[str, str]]) -> Sql:
    conditions = " AND ".join(f"places.{place} = ?" for place, _ in asked)
    text = f"EXISTS (SELECT 1 FROM places WHERE places.k = tasks.k AND {conditions})"
    return Sql(text, tuple(value for _, value in asked))


def _is(column: str, value: str) -> Sql:
    return Sql(f"tasks.{column} = ?", (value,))


def _any_of(column: str, values: tuple[str, ...]) -> tuple[Sql, ...]:
    return (Sql(f"{column} IN ({', '.join('?' * len(values))})", values),) if values else ()


def _statuses(query: TaskQuery) -> tuple[str, ...]:
    unknown = [status for status in query.statuses if status not in _STATES]
    if unknown:
        raise InputRefused(f"{unknown[0]!r} is no state of a task; use {', '.join(_STATES)}")
    return tuple(dict.fromkeys(str(status) for status in query.statuses))


def _order(ordering: Ordering, table: str) -> str:
    return ", ".join(f"{table}.{column}{' DESC' if ordering.falling else ''}" for column in ordering.columns)


def _behind(ordering: Ordering, table: str, key: cursor.Key) -> Sql:
    columns = ", ".join(f"{table}.{column}" for column in ordering.columns)
    marks = ", ".join("?" * len(key))
    return Sql(f"({columns}) {'<' if ordering.falling else '>'} ({marks})", key)
