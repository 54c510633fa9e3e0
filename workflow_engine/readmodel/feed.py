"""The feed: what the newest commits decided, in order; and the history of each task, for as long as there is one."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.events import TaskPurged
from workflow_engine.readmodel.rows import EventRow

FEED_BYTES: Final = 256 << 20
"""How far the feed reaches back, as JSON."""


def write_feed(connection: sqlite3.Connection, commits: list[tuple[int, float, bytes]]) -> None:
    """Add (number, engine time, JSON array of events) of *commits*, and drop what is too old."""
    if not commits:
        return
    (size,) = connection.execute(_SIZE).fetchone() or (0,)
    rows: list[tuple[int, float, bytes, int]] = []
    for n, at, json in commits:
        rows.append((n, at, json, size))
        size += len(json)
    connection.executemany(_INSERT, rows)
    connection.execute(_PRUNE, (size - FEED_BYTES,))


def commits_of(connection: sqlite3.Connection, k: int) -> Iterator[int]:
    """Give the numbers of the commits that decided about the task in row *k*."""
    for (json,) in connection.execute(_SELECT_HISTORY, (k,)):
        for n, *_ in told(json):
            yield n


def purge_feed(connection: sqlite3.Connection, purged: Mapping[int, Collection[str]]) -> None:
    """Remove what the commits in *purged* decided about their tasks, by commit number."""
    for n, tasks in purged.items():
        row = connection.execute(_SELECT_ONE, (n,)).fetchone()
        if row is not None:
            kept = [event if event is not None and _stays(event, tasks) else None for event in _decode_events(row[0])]
            connection.execute(_UPDATE, (_encode(kept), n))


def feed(connection: sqlite3.Connection, after: tuple[int, int], limit: int) -> Iterator[EventRow]:
    """Give the events behind a place, (commit, number in it), of about *limit* commits."""
    for n, at, json in connection.execute(_SELECT, (after[0], limit + 1)):
        for i, event in enumerate(_decode_events(json)):
            if (n, i) > after and event is not None:
                yield EventRow(n, i, at, event.get("task", ""), event)


def history(connection: sqlite3.Connection, task: str, after: tuple[int, int]) -> Iterator[EventRow]:
    """Give the events about one task behind a place."""
    for (json,) in connection.execute(_SELECT_TASK, (task, after[0])):
        for n, at, i, event in told(json):
            if (n, i) > after:
                yield EventRow(n, i, at, task, event)


def told(json: bytes) -> Iterator[tuple[int, float | None, int, dict[str, Any]]]:
    """Give commit number, engine time, number in the commit and event of what stands in a row of the history."""
    for n, at, *numbered in _decode_history(b"[" + json + b"]"):
        for i, event in zip(numbered[::2], numbered[1::2], strict=True):
            yield n, at, i, event


_PURGED: Final = TaskPurged.__struct_config__.tag
_SIZE: Final = "SELECT bytes_before + length(json) FROM feed ORDER BY n DESC LIMIT 1"
_INSERT: Final = "INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?)"
_PRUNE: Final = "DELETE FROM feed WHERE n <= (SELECT max(n) FROM feed WHERE bytes_before <= ?)"
_UPDATE: Final = "UPDATE feed SET json = ? WHERE n = ?"
_SELECT_ONE: Final = "SELECT json FROM feed WHERE n = ?"
_SELECT_HISTORY: Final = "SELECT json FROM history WHERE k = ?"
_SELECT: Final = "SELECT n, at, json FROM feed WHERE n >= ? ORDER BY n LIMIT ?"
_SELECT_TASK: Final = """
SELECT history.json FROM tasks CROSS JOIN history ON history.k = tasks.k WHERE tasks.id = ? AND history.n >= ?
ORDER BY history.n
"""
_encode: Final = msgspec.json.Encoder().encode
_decode_history: Final = msgspec.json.Decoder(list[list[Any]]).decode
_decode_events: Final = msgspec.json.Decoder(list[dict[str, Any] | None]).decode


def _stays(event: dict[str, Any], tasks: Collection[str]) -> bool:
    return event.get("event") == _PURGED or event.get("task") not in tasks
