"""Open questions: what people, agents and the outside are asked."""

import sqlite3
from typing import Any, Final

import msgspec

from workflow_engine.core.components import WaitKind
from workflow_engine.readmodel import cursor
from workflow_engine.readmodel.rows import QuestionPage, QuestionQuery, QuestionRow
from workflow_engine.readmodel.selecting import Sql


def questions(connection: sqlite3.Connection, query: QuestionQuery) -> QuestionPage:
    """Return a page of open questions."""
    limit = cursor.checked(query.limit) + 1
    source, ordered, where = _source(query)
    order = ", ".join(f"{ordered}.{column}" for column in ("deadline", "asked_at", "id"))
    for column in ("assignee", "kind", "overdue"):
        value = getattr(query, column)
        if value is not None:
            where.append(Sql(f"questions.{column} = ?", (value,)))
    if query.after is not None:
        where.append(Sql(f"({order}) > (?, ?, ?)", cursor.decode(query.after, ORDER, (float, float, str))))
    conditions = " AND ".join(condition.text for condition in where) or "TRUE"
    parameters = [value for condition in where for value in condition.parameters]
    statement = f"""SELECT {_COLUMNS} FROM {source} CROSS JOIN tasks ON tasks.k = questions.k
        WHERE {conditions} ORDER BY {order} LIMIT ?"""
    rows = connection.execute(statement, (*parameters, limit)).fetchall()
    listed = tuple(_row(row) for row in rows[: query.limit])
    if len(rows) < limit:
        return QuestionPage(listed)
    return QuestionPage(listed, cursor.encode(ORDER, (rows[query.limit - 1][0], listed[-1].asked_at, listed[-1].id)))


ORDER: Final = "inbox"
"""The order of questions, as cursors name it."""

_COLUMNS: Final = """questions.deadline, questions.id, questions.task, questions.run, questions.phase,
    tasks.workflow, tasks.rank, questions.kind, questions.prompt, questions.asked_at, questions.assignee,
    questions.candidates, questions.due, questions.overdue"""
_decode_names: Final = msgspec.json.Decoder(tuple[str, ...]).decode


def _source(query: QuestionQuery) -> tuple[str, str, list[Sql]]:
    """Return where rows are read from, the table they are ordered by, and the first conditions."""
    of_task = [Sql("questions.k = (SELECT k FROM tasks WHERE id = ?)", (query.task,))] if query.task is not None else []
    if query.candidate is not None:
        invited = Sql("invited.candidate = ?", (query.candidate,))
        source = "invited INDEXED BY invited_candidate CROSS JOIN questions USING (k, run)"
        return source, "invited", [invited, *of_task]
    if of_task:
        return "questions", "questions", of_task
    index = "questions_order" if query.assignee is None else "questions_assignee"
    return f"questions INDEXED BY {index}", "questions", []


def _row(row: tuple[Any, ...]) -> QuestionRow:
    _, question, task, run, phase, workflow, rank, kind, prompt, asked_at, assignee, candidates, due, overdue = row
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
    )
