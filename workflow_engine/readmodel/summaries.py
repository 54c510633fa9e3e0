"""Summaries: how things stand as a whole, and by workflow; read from counters and from the ends of indexes."""

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from workflow_engine.core.components import TERMINAL, Cost, Ledger, TaskState, WaitKind
from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.counters import DAY, MINUTES_KEPT, NANO
from workflow_engine.readmodel.rows import (
    Bucket,
    DaySpending,
    DefinitionRow,
    Latency,
    Oldest,
    Overview,
    Spending,
    Waiting,
    WorkflowRow,
)

BUCKETS: Final = 60
"""Stretches of time that an overview has at most."""

SAMPLE: Final = 1_000
"""Tasks of which an overview looks how long they took."""

DAYS: Final = 30
"""Days of which an overview says what they have cost."""


def overview(connection: sqlite3.Connection, now: float, window_seconds: float) -> Overview:
    """Return how things stand at *now*, and what went on in the *window_seconds* before.

    Raises:
        InputRefused: the window is shorter than a minute, or longer than is counted.
    """
    if not 60 <= window_seconds <= 60 * MINUTES_KEPT:
        raise InputRefused(
            f"an overview covers 60 to {60 * MINUTES_KEPT} seconds, not {window_seconds:g}; ask for a window of these"
        )
    bucket = 60 * math.ceil(window_seconds / 60 / BUCKETS)
    statuses = {TaskState(state): count for state, count in connection.execute(_STATUSES)}
    opened, overdue = connection.execute(_ASKED).fetchone()
    return Overview(
        now,
        bucket,
        _buckets(connection, now, bucket, math.ceil(window_seconds / bucket)),
        statuses,
        tuple(_waiting(connection, statuses)),
        _oldest(connection),
        opened,
        overdue,
        _spending(connection),
        _days(connection, now),
        _latency(connection, now - window_seconds),
    )


def workflows(connection: sqlite3.Connection) -> tuple[WorkflowRow, ...]:
    """Return the workflows of all tasks, by name."""
    standing: defaultdict[str, defaultdict[str, dict[TaskState, int]]] = defaultdict(lambda: defaultdict(dict))
    for workflow, definition, status, count in connection.execute(_STANDING):
        standing[workflow][definition][TaskState(status)] = count
    costs = {one.workflow: one.cost for one in _ledgers(connection)}
    found: list[WorkflowRow] = []
    for workflow, definitions in sorted(standing.items()):
        rows = [_definition(connection, digest, counts) for digest, counts in definitions.items()]
        rows.sort(key=lambda row: (-row.last_at, row.digest))
        found.append(WorkflowRow(workflow, tuple(rows), _total(definitions), costs.get(workflow, Cost())))
    return tuple(found)


_STATUSES: Final = "SELECT status, sum(count) FROM standing GROUP BY status"
_STANDING: Final = "SELECT workflow, definition, status, count FROM standing"
_USED: Final = "SELECT (SELECT min(submitted_at) {0}), (SELECT max(submitted_at) {0})".format(
    "FROM tasks INDEXED BY tasks_definition WHERE definition = ?1"
)
_ASKED: Final = "SELECT open, overdue FROM asked"
_BUCKETS: Final = """
SELECT minute / :length, sum(submitted), sum(completed), sum(failed), sum(cancelled) FROM minutes
WHERE minute >= :length * :first AND minute < :length * :limit GROUP BY 1
"""
_LONGEST: Final = "SELECT min(since) FROM tasks INDEXED BY tasks_since WHERE status = ?"
_OLDEST: Final = """
SELECT id, status, submitted_at FROM tasks INDEXED BY tasks_status WHERE status = ? ORDER BY submitted_at, id LIMIT 1
"""
_LEDGERS: Final = "SELECT json FROM ledgers"
_DAYS: Final = """
SELECT day, sum(tokens), sum(nanodollars), sum(unpriced) FROM spending WHERE day > ? GROUP BY day ORDER BY day
"""
_ENDED: Final = """
SELECT since, since - submitted_at FROM tasks INDEXED BY tasks_since WHERE status = ? AND since >= ?
ORDER BY since DESC LIMIT ?
"""
_WAITING: Final = {
    WaitKind.HUMAN: TaskState.WAITING_HUMAN,
    WaitKind.AGENT: TaskState.WAITING_AGENT,
    WaitKind.IO: TaskState.WAITING_IO,
}
_decode_ledger: Final = msgspec.json.Decoder(Ledger).decode


def _total(definitions: dict[str, dict[TaskState, int]]) -> dict[TaskState, int]:
    total: defaultdict[TaskState, int] = defaultdict(int)
    for counts in definitions.values():
        for state, count in counts.items():
            total[state] += count
    return dict(total)


def _definition(connection: sqlite3.Connection, digest: str, counts: dict[TaskState, int]) -> DefinitionRow:
    first_at, last_at = connection.execute(_USED, (digest,)).fetchone()
    in_flight = sum(count for state, count in counts.items() if state not in TERMINAL)
    return DefinitionRow(digest, first_at, last_at, in_flight, sum(counts.values()))


def _buckets(connection: sqlite3.Connection, now: float, length: int, number: int) -> tuple[Bucket, ...]:
    limit = int(now // length) + 1
    asked = {"length": length // 60, "first": limit - number, "limit": limit}
    found = {bucket: counts for bucket, *counts in connection.execute(_BUCKETS, asked)}
    return tuple(Bucket(float(one * length), *found.get(one, ())) for one in range(limit - number, limit))


def _waiting(connection: sqlite3.Connection, statuses: dict[TaskState, int]) -> Iterator[Waiting]:
    for kind, state in _WAITING.items():
        yield Waiting(kind, statuses.get(state, 0), connection.execute(_LONGEST, (state.value,)).fetchone()[0])


def _oldest(connection: sqlite3.Connection) -> Oldest | None:
    found: list[Oldest] = []
    for state in TaskState:
        row = None if state in TERMINAL else connection.execute(_OLDEST, (state.value,)).fetchone()
        if row is not None:
            found.append(Oldest(row[0], TaskState(row[1]), row[2]))
    return min(found, key=lambda one: (one.submitted_at, one.id), default=None)


def _ledgers(connection: sqlite3.Connection) -> Iterator[Ledger]:
    for (json,) in connection.execute(_LEDGERS):
        yield _decode_ledger(json)


def _spending(connection: sqlite3.Connection) -> tuple[Spending, ...]:
    found = [Spending(ledger.workflow, ledger.cost) for ledger in _ledgers(connection)]
    return tuple(sorted(found, key=lambda one: (-one.cost.dollars, -one.cost.tokens, one.workflow)))


def _days(connection: sqlite3.Connection, now: float) -> tuple[DaySpending, ...]:
    return tuple(
        DaySpending(float(day * DAY), Cost(tokens, nanodollars / NANO, unpriced))
        for day, tokens, nanodollars, unpriced in connection.execute(_DAYS, (int(now // DAY) - DAYS,))
    )


def _latency(connection: sqlite3.Connection, after: float) -> Latency:
    ended: list[tuple[float, float]] = []
    for state in sorted(TERMINAL):
        ended += connection.execute(_ENDED, (state.value, after, SAMPLE)).fetchall()
    ended.sort(reverse=True)
    seconds = sorted(seconds for _, seconds in ended[:SAMPLE])
    if not seconds:
        return Latency(0)
    return Latency(len(seconds), quantile(seconds, 0.5), quantile(seconds, 0.95))


def quantile(ordered: list[float], share: float) -> float:
    """Return the smallest of *ordered* values that is not less than this *share* of them."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
