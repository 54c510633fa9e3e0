"""Reading the index: each function is one query on one connection."""

import itertools
import sqlite3
import sys
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from workflow_engine.core.components import Cost, Definition, Ledger, TaskState, Timetable, WaitKind
from workflow_engine.core.record import TaskRecord
from workflow_engine.core.restoring import decode
from workflow_engine.journal.port import Entities
from workflow_engine.readmodel import cursor, narrowing, searching, selecting
from workflow_engine.readmodel.feed import feed, history, latest
from workflow_engine.readmodel.rows import AnsweredRow, EventRow, Page, TaskQuery, TaskRow
from workflow_engine.readmodel.sql import Sql
from workflow_engine.readmodel.statements import SELECT_DEFINITION
from workflow_engine.readmodel.stored import load, load_table
from workflow_engine.readmodel.writing import lookup


def tasks(connection: sqlite3.Connection, query: TaskQuery) -> Page:
    """Return a page of tasks."""
    selecting.checked_statuses(query)
    text = searching.search(connection, query.text) if query.text else None
    if query.text and text is None:
        return Page(())
    rows = _page(connection, query, text)
    listed = tuple(_task_row(connection, row) for row in rows[: query.limit])
    if len(rows) <= query.limit:
        return Page(listed)
    return Page(listed, cursor.encode(query.order, selecting.key(query, rows[query.limit - 1])))


def record(connection: sqlite3.Connection, task: str) -> TaskRecord | None:
    """Return all that is known of a task, or None."""
    known = lookup(connection, [task]).get(task)
    if known is None:
        return None
    stored = load(connection, known.k)
    runs = {f"{task}/{run}": decode(components) for run, components in stored.runs.items()}
    return TaskRecord(task, decode(stored.own), runs)


def answered(connection: sqlite3.Connection, task: str) -> tuple[AnsweredRow, ...]:
    """Return the questions of a task that were answered, the first first."""
    known = lookup(connection, [task]).get(task)
    if known is None:
        return ()
    given = {key: _decode_answer(json) for key, json in load_table(connection, known.k, "answers").items()}
    rows = (AnsweredRow(question, one.at, one.value, one.by) for question, one in given.items())
    return tuple(sorted(rows, key=lambda row: (row.at, row.question)))


def definition(connection: sqlite3.Connection, digest: str) -> Definition | None:
    """Return a definition by its hash, or None."""
    row = connection.execute(SELECT_DEFINITION, (digest,)).fetchone()
    return msgspec.json.decode(row[0], type=Definition) if row is not None else None


def ended(connection: sqlite3.Connection, ids: Sequence[str]) -> Entities:
    """Return the components of those tasks that have ended."""
    known = lookup(connection, ids)
    return {task: load(connection, row.k).own for task, row in known.items() if row.ended}


def timetables(connection: sqlite3.Connection) -> tuple[Timetable, ...]:
    """Return when tasks are submitted by themselves, by the names of their workflows."""
    return tuple(_decode_timetable(json) for (json,) in connection.execute(_TIMETABLES))


def ledgers(connection: sqlite3.Connection) -> tuple[Ledger, ...]:
    """Return what the models of all tasks have cost, by the names of their workflows."""
    return tuple(_decode_ledger(json) for (json,) in connection.execute(_LEDGERS))


def events(
    connection: sqlite3.Connection, task: str | None, after_n: int, after_i: int | None, limit: int
) -> tuple[EventRow, ...]:
    """Return events behind a place, oldest first."""
    after = (after_n, sys.maxsize if after_i is None else after_i)
    cursor.checked(limit)
    found = feed(connection, after) if task is None else history(connection, task, after)
    return tuple(itertools.islice(found, limit))


def latest_events(
    connection: sqlite3.Connection, limit: int, kinds: Collection[str] | None, before: tuple[int, int]
) -> tuple[EventRow, ...]:
    """Return events before a place, newest first."""
    cursor.checked(limit)
    return tuple(itertools.islice(latest(connection, kinds, before), limit))


def _page(connection: sqlite3.Connection, query: TaskQuery, text: searching.Text | None) -> list[tuple[Any, ...]]:
    among = text.rows if text is not None else None
    narrow = None
    if not selecting.served(query):
        narrow = narrowing.narrowest(connection, query, among, narrowing.FEW, ordered=True)
    few = narrow.rows if narrow is not None and narrow.few else None

    def execute(sql: Sql) -> list[tuple[Any, ...]]:
        return connection.execute(sql.text, sql.parameters).fetchall()

    if text is None or few is text.rows:
        return selecting.page(query, None, few, execute)
    rows = None
    if text.probe is not None:
        probe = text.probe
        rows = searching.attempt(connection, lambda: selecting.page(query, probe, few, execute))
    return rows if rows is not None else selecting.page(query, searching.hits(connection, text), few, execute)


class _Answer(msgspec.Struct, frozen=True):
    """An accepted answer; see `workflow_engine.core.components.AnswerRecord`."""

    at: float
    value: Any
    by: str | None = None


_TIMETABLES: Final = "SELECT json FROM timetables ORDER BY workflow"
_LEDGERS: Final = "SELECT json FROM ledgers ORDER BY workflow"
_PLACES: Final = """
SELECT phase, classification, waiting FROM places WHERE k = ?
GROUP BY phase, classification, waiting ORDER BY min(since), min(run)
"""
_decode_timetable: Final = msgspec.json.Decoder(Timetable).decode
_decode_ledger: Final = msgspec.json.Decoder(Ledger).decode
_decode_answer: Final = msgspec.json.Decoder(_Answer).decode
_decode_cost: Final = msgspec.json.Decoder(Cost).decode
_decode_labels: Final = msgspec.json.Decoder(dict[str, str]).decode


def _task_row(connection: sqlite3.Connection, row: tuple[Any, ...]) -> TaskRow:
    k, task, workflow, definition, status, since, submitted_at, ended_at, reason, rank, assigned_to, parent = row[:12]
    labels, phase, classification, waiting, spread, failed_phase, error, message, stage, cost, group = row[12:]
    places: list[tuple[str, str, str | None]] = [(phase, classification, waiting)] if phase is not None else []
    if spread:
        places = connection.execute(_PLACES, (k,)).fetchall()
    phases = dict.fromkeys(place[:2] for place in places)
    return TaskRow(
        task,
        workflow,
        definition,
        TaskState(status),
        since,
        submitted_at,
        ended_at,
        reason,
        -rank,
        assigned_to,
        parent,
        _decode_labels(labels) if labels is not None else {},
        tuple(phase for phase, _ in phases),
        tuple(classified for _, classified in phases),
        tuple(dict.fromkeys(WaitKind(place[2]) for place in places if place[2] is not None)),
        failed_phase,
        error,
        message,
        stage,
        _decode_cost(cost) if cost is not None else None,
        group,
    )
