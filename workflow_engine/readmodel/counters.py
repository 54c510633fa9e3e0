"""Counters: how the numbers that a dashboard shows change with the rows of tasks, written in the same transaction."""

import sqlite3
from collections import Counter, defaultdict
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import Cost

MINUTES_KEPT: Final = 30 * 24 * 60
"""How many minutes, the newest, are counted one by one."""

DAY: Final = 86_400
"""Seconds of a day, which begins at midnight UTC."""

NANO: Final = 1_000_000_000
"""Dollars are added up as whole billionths, so that the order in which tasks come does not matter."""


class Counts(NamedTuple):
    """What of a task's row is counted."""

    workflow: str
    definition: str
    status: str
    submitted_at: float
    ended_at: float | None
    failure_group: str | None
    cost: bytes | None


class Counters:
    """Collects what a batch adds and takes away."""

    def __init__(self) -> None:
        self._standing: Counter[tuple[str, str, str]] = Counter()
        self._minutes: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._spending: dict[tuple[int, str], list[int]] = {}
        self._groups: Counter[str] = Counter()

    def count(self, task: Counts, sign: int) -> None:
        """Add a task, or take it away again with a *sign* of -1."""
        self._standing[task.workflow, task.definition, task.status] += sign
        self._minutes[int(task.submitted_at // 60)]["submitted"] += sign
        if task.ended_at is not None:
            self._minutes[int(task.ended_at // 60)][task.status] += sign
        if task.failure_group is not None:
            self._groups[task.failure_group] += sign
        if task.cost is not None:
            self._spend(task, task.cost, sign)

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write all that was collected, after the rows of the tasks."""
        standing = [(*key, number) for key, number in self._standing.items() if number]
        connection.executemany(_STANDING, standing)
        connection.executemany(_DELETE_STANDING, [key[:3] for key in standing if key[3] < 0])
        minutes = [(minute, *(by[kind] for kind in _KINDS)) for minute, by in self._minutes.items() if any(by.values())]
        if minutes:
            connection.executemany(_MINUTES, minutes)
            connection.executemany(_DELETE_MINUTE, [row[:1] for row in minutes if min(row[1:]) < 0])
            connection.execute(_PRUNE_MINUTES, (MINUTES_KEPT,))
        connection.executemany(_SPENDING, [(*key, *amounts) for key, amounts in self._spending.items()])
        connection.executemany(_DELETE_SPENDING, self._spending)
        for key, number in self._groups.items():
            self._group(connection, key, number)

    def _spend(self, task: Counts, json: bytes, sign: int) -> None:
        cost = _decode_cost(json)
        amounts = self._spending.setdefault((int(task.submitted_at // DAY), task.workflow), [0, 0, 0])
        for place, amount in enumerate((cost.tokens, round(cost.dollars * NANO), cost.unpriced)):
            amounts[place] += sign * amount

    def _group(self, connection: sqlite3.Connection, key: str, number: int) -> None:
        connection.execute(_MAKE_GROUP, {"key": key})
        connection.execute(_GROUP, {"key": key, "number": number})
        connection.execute(_DELETE_GROUP, (key,))


_KINDS: Final = ("submitted", "completed", "failed", "cancelled")
_STANDING: Final = "INSERT INTO standing VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
_DELETE_STANDING: Final = "DELETE FROM standing WHERE workflow = ? AND definition = ? AND status = ? AND count = 0"
_MINUTES: Final = f"""
INSERT INTO minutes VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET {", ".join(f"{kind} = {kind} + excluded.{kind}" for kind in _KINDS)}
"""
_DELETE_MINUTE: Final = f"DELETE FROM minutes WHERE minute = ? AND {' AND '.join(f'{kind} = 0' for kind in _KINDS)}"
_PRUNE_MINUTES: Final = "DELETE FROM minutes WHERE minute <= (SELECT max(minute) FROM minutes) - ?"
_SPENDING: Final = """
INSERT INTO spending VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens,
    nanodollars = nanodollars + excluded.nanodollars, unpriced = unpriced + excluded.unpriced
"""
_DELETE_SPENDING: Final = """
DELETE FROM spending WHERE day = ? AND workflow = ? AND tokens = 0 AND nanodollars = 0 AND unpriced = 0
"""
_MAKE_GROUP: Final = """
INSERT INTO failure_groups SELECT failure_group, workflow, failed_phase, error, 0, since, since FROM tasks
WHERE failure_group = :key LIMIT 1 ON CONFLICT DO NOTHING
"""
_GROUP: Final = """
UPDATE failure_groups SET count = count + :number,
    first_at = coalesce((SELECT min(since) FROM tasks WHERE failure_group = :key), first_at),
    last_at = coalesce((SELECT max(since) FROM tasks WHERE failure_group = :key), last_at)
WHERE key = :key
"""
_DELETE_GROUP: Final = "DELETE FROM failure_groups WHERE key = ? AND count = 0"
_decode_cost: Final = msgspec.json.Decoder(Cost).decode


def counted(row: tuple[Any, ...]) -> Counts:
    """Return what is counted of a task's row, given in the order of the table's columns."""
    return Counts(row[3], row[4], row[5], row[7], row[8], row[23], row[22])
