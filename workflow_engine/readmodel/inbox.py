"""Open questions: what people, agents and the outside are asked."""

import sqlite3
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import WaitKind
from workflow_engine.readmodel import cursor
from workflow_engine.readmodel.counting import capped, up_to
from workflow_engine.readmodel.rows import Counted, QuestionCounts, QuestionPage, QuestionQuery, QuestionRow
from workflow_engine.readmodel.searching import containing
from workflow_engine.readmodel.sql import Sql, any_of, every


def questions(connection: sqlite3.Connection, query: QuestionQuery) -> QuestionPage:
    """Return a page of open questions."""
    limit = cursor.checked(query.limit) + 1
    key = cursor.decode(query.after, ORDER, (float, float, str)) if query.after is not None else None
    texts: list[str] = []
    parameters: list[Any] = []
    for source in _sources(query):
        order = ", ".join(f"{source.ordered}.{column}" for column in ("deadline", "asked_at", "id"))
        behind = (Sql(f"({order}) > (?, ?, ?)", key),) if key is not None else ()
        where = every((*source.where, *_filters(query), *behind))
        texts.append(
            f"""SELECT * FROM (SELECT {_COLUMNS} FROM {source.rows} CROSS JOIN tasks ON tasks.k = questions.k
            WHERE {where.text} ORDER BY {order} LIMIT ?)"""
        )
        parameters += [*where.parameters, limit]
    # Whoever is named twice, as one and in a group, is asked once.
    statement = f"{' UNION '.join(texts)} ORDER BY deadline, asked_at, id LIMIT ?"
    rows = connection.execute(statement, (*parameters, limit)).fetchall()
    listed = tuple(_row(row) for row in rows[: query.limit])
    if len(rows) < limit:
        return QuestionPage(listed)
    return QuestionPage(listed, cursor.encode(ORDER, (rows[query.limit - 1][0], listed[-1].asked_at, listed[-1].id)))


def question_counts(connection: sqlite3.Connection, people: tuple[str, ...]) -> QuestionCounts:
    """Return how many open questions there are for a person, the first of *people*, and the groups of that person."""
    opened, overdue = connection.execute(_ASKED).fetchone()
    if not people:
        return QuestionCounts(Counted(0), Counted(0), Counted(opened), Counted(overdue))
    return QuestionCounts(
        _naming(connection, people[:1]),
        _naming(connection, people),
        Counted(opened),
        _naming(connection, people, Sql("overdue = 1")) if overdue else capped(0),
    )


ORDER: Final = "inbox"
"""The order of questions, as cursors name it."""

PEOPLE_MAX: Final = 200
"""People and groups of one query; SQLite allows 500.  The rest is left out."""


class _Source(NamedTuple):
    """Where rows are read from, the table they are ordered by, and the first conditions."""

    rows: str
    ordered: str = "questions"
    where: tuple[Sql, ...] = ()


_ASKED: Final = "SELECT open, overdue FROM asked"
_COLUMNS: Final = """questions.deadline, questions.id, questions.task, questions.run, questions.phase,
    questions.workflow, tasks.rank, questions.kind, questions.prompt, questions.asked_at, questions.assignee,
    questions.candidates, questions.due, questions.overdue, questions.claimed_by, questions.owner,
    questions.escalate_to, questions.visit"""
_EQUAL: Final = ("assignee", "kind", "overdue", "claimed_by", "unassigned", "workflow")
_INDEXES: Final = (
    ("assignee", "assignee"),
    ("claimed_by", "claimed"),
    ("unassigned", "unassigned"),
    ("overdue", "overdue"),
    ("workflow", "workflow"),
)
"""Filters with an index of their own, the narrowest first."""

_ADDRESSED: Final = "addressed INDEXED BY addressed_person CROSS JOIN questions USING (k, run)"
_decode_names: Final = msgspec.json.Decoder(tuple[str, ...]).decode


def _sources(query: QuestionQuery) -> list[_Source]:
    if query.task is not None:
        of_task = Sql("questions.k = (SELECT k FROM tasks WHERE id = ?)", (query.task,))
        return [_Source("questions", where=(of_task, *_people(query), *_candidate(query)))]
    if query.candidate is not None:
        invited = Sql("addressed.person = ? AND addressed.candidate = 1", (query.candidate,))
        return [_Source(_ADDRESSED, "addressed", (invited, *_people(query)))]
    if query.people:
        people = dict.fromkeys(query.people[:PEOPLE_MAX])
        return [_Source(_ADDRESSED, "addressed", (Sql("addressed.person = ?", (one,)),)) for one in people]
    for column, index in _INDEXES:
        value = getattr(query, column)
        if value is not None and value is not False:
            return [_Source(f"questions INDEXED BY questions_{index}", where=(_is(column, value),))]
    return [_Source("questions INDEXED BY questions_order")]


def _filters(query: QuestionQuery) -> tuple[Sql, ...]:
    equal = ((column, getattr(query, column)) for column in _EQUAL)
    text = Sql(r"questions.prompt LIKE ? ESCAPE '\'", (containing(query.text),)) if query.text else None
    return (
        *(Sql(f"+questions.{column} = ?", (value,)) for column, value in equal if value is not None),
        *((text,) if text is not None else ()),
    )


def _is(column: str, value: str | bool) -> Sql:
    # A partial index is used where the condition it was made with stands in the statement.
    return Sql(f"questions.{column} = 1") if value is True else Sql(f"questions.{column} = ?", (value,))


def _people(query: QuestionQuery) -> tuple[Sql, ...]:
    named = every(any_of("a.person", query.people[:PEOPLE_MAX]))
    exists = f"EXISTS (SELECT 1 FROM addressed AS a WHERE a.k = questions.k AND a.run = questions.run AND {named.text})"
    return (Sql(exists, named.parameters),) if query.people else ()


def _candidate(query: QuestionQuery) -> tuple[Sql, ...]:
    if query.candidate is None:
        return ()
    key = "a.k = questions.k AND a.run = questions.run"
    exists = f"EXISTS (SELECT 1 FROM addressed AS a WHERE {key} AND a.person = ? AND a.candidate = 1)"
    return (Sql(exists, (query.candidate,)),)


def _naming(connection: sqlite3.Connection, people: tuple[str, ...], *more: Sql) -> Counted:
    where = every((*any_of("person", people[:PEOPLE_MAX]), *more))
    rows = f"SELECT DISTINCT k, run FROM addressed INDEXED BY addressed_person WHERE {where.text}"
    return up_to(connection, Sql(rows, where.parameters))


def _row(row: tuple[Any, ...]) -> QuestionRow:
    _, question, task, run, phase, workflow, rank, kind, prompt, asked_at, assignee, candidates, due, overdue = row[:14]
    claimed_by, owner, escalate_to, visit = row[14:]
    return QuestionRow(
        question,
        task,
        f"{task}/{run}",
        phase,
        workflow,
        -rank,
        WaitKind(kind),
        prompt,
        asked_at,
        assignee,
        _decode_names(candidates),
        due,
        bool(overdue),
        claimed_by,
        owner,
        _decode_names(escalate_to),
        visit,
    )
