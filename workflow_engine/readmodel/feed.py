"""The feed: what the newest commits decided, in order; and the history of each task, for as long as there is one."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.events import TaskPurged
from workflow_engine.journal.snapshots import Stamped
from workflow_engine.readmodel.batch import NULL, array
from workflow_engine.readmodel.rows import EventRow

FEED_BYTES: Final = 256 << 20
"""How far the feed reaches back, as JSON."""

LATEST_BYTES: Final = 16 << 20
"""How far the newest events are looked for, as JSON."""


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


def add_to_feed(connection: sqlite3.Connection, events: Iterable[Stamped]) -> int:
    """Add single events to the commits that decided them, in any order; `settle_feed` must follow.

    Returns:
        How many bytes that took, about.
    """
    by_commit: dict[int, list[Stamped]] = {}
    for event in events:
        by_commit.setdefault(event.n, []).append(event)
    asked = _encode(list(by_commit))
    stored = {n: _decode_raw(json) for n, json in connection.execute(_SELECT_SOME, (asked,))}
    rows: list[tuple[int, float, bytes, int]] = []
    size = 0
    for n, fresh in by_commit.items():
        listed = stored.get(n, [])
        listed += [NULL] * (max(event.i for event in fresh) + 1 - len(listed))
        for event in fresh:
            listed[event.i] = event.event
            size += len(event.event)
        rows.append((n, fresh[0].at, array(listed), 0))
    connection.executemany(_INSERT, rows)
    return size


def settle_feed(connection: sqlite3.Connection, after: int) -> int:
    """Count the bytes of the commits behind *after*, drop what is too old, and return the last commit that was."""
    (size,) = connection.execute(_SIZE_BEFORE, (after,)).fetchone() or (0,)
    rows: list[tuple[int, int]] = []
    for n, length in connection.execute(_LENGTHS, (after,)):
        rows.append((size, n))
        size += length
    connection.executemany(_UPDATE_SIZE, rows)
    (last,) = connection.execute(_LAST_TOO_OLD, (size - FEED_BYTES,)).fetchone()
    connection.execute(_PRUNE, (size - FEED_BYTES,))
    return last or 0


def purge_feed(connection: sqlite3.Connection, purged: Mapping[int, Collection[str]]) -> None:
    """Remove what the commits in *purged* decided about their tasks, by commit number."""
    for n, tasks in purged.items():
        row = connection.execute(_SELECT_ONE, (n,)).fetchone()
        if row is not None:
            kept = [
                event if event is not None and (event.get("task") not in tasks or tells_of_purge(event)) else None
                for event in _decode_events(row[0])
            ]
            connection.execute(_UPDATE, (_encode(kept), n))


def tells_of_purge(event: Mapping[str, Any]) -> bool:
    """Whether *event* is what stays in the feed of a task that was purged."""
    return event.get("event") == _PURGED


def feed(connection: sqlite3.Connection, after: tuple[int, int]) -> Iterator[EventRow]:
    """Give the events behind a place, (commit, number in it)."""
    for n, at, json in connection.execute(_SELECT, (after[0],)):
        for i, event in enumerate(_decode_events(json)):
            if (n, i) > after and event is not None:
                yield EventRow(n, i, at, event.get("task", ""), event)


def latest(
    connection: sqlite3.Connection, kinds: Collection[str] | None, before: tuple[int, int]
) -> Iterator[EventRow]:
    """Give the events before a place, newest first, as far as the newest commits have them."""
    names = None if kinds is None else [b'"%b"' % kind.encode() for kind in kinds]
    read = 0
    for n, at, json in connection.execute(_SELECT_NEWEST, (before[0],)):
        read += len(json)
        if read > LATEST_BYTES:
            return
        if names is None or any(name in json for name in names):
            events = _decode_events(json)
            for i in range(len(events) - 1, -1, -1):
                event = events[i]
                if (n, i) < before and event is not None and (kinds is None or event.get("event") in kinds):
                    yield EventRow(n, i, at, event.get("task", ""), event)


def history(connection: sqlite3.Connection, task: str, after: tuple[int, int]) -> Iterator[EventRow]:
    """Give the events about one task behind a place."""
    for (json,) in connection.execute(_SELECT_TASK, (task, after[0])):
        for n, at, i, event in told(json):
            if (n, i) > after:
                yield EventRow(n, i, at, task, event)


def told(json: bytes) -> Iterator[tuple[int, float, int, dict[str, Any]]]:
    """Give commit number, engine time, number in the commit and event of what stands in a row of the history."""
    for n, at, *numbered in _decode_history(b"[" + json + b"]"):
        for i, event in zip(numbered[::2], numbered[1::2], strict=True):
            yield n, at, i, event


_PURGED: Final = TaskPurged.__struct_config__.tag
_SIZE: Final = "SELECT bytes_before + length(json) FROM feed ORDER BY n DESC LIMIT 1"
_INSERT: Final = "INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?)"
_SIZE_BEFORE: Final = "SELECT bytes_before + length(json) FROM feed WHERE n <= ? ORDER BY n DESC LIMIT 1"
_LENGTHS: Final = "SELECT n, length(json) FROM feed WHERE n > ? ORDER BY n"
_UPDATE_SIZE: Final = "UPDATE feed SET bytes_before = ? WHERE n = ?"
_LAST_TOO_OLD: Final = "SELECT max(n) FROM feed WHERE bytes_before <= ?"
_PRUNE: Final = f"DELETE FROM feed WHERE n <= ({_LAST_TOO_OLD})"
_UPDATE: Final = "UPDATE feed SET json = ? WHERE n = ?"
_SELECT_ONE: Final = "SELECT json FROM feed WHERE n = ?"
_SELECT_SOME: Final = """
SELECT feed.n, feed.json FROM json_each(CAST(? AS TEXT)) AS asked CROSS JOIN feed ON feed.n = asked.value
"""
_SELECT_HISTORY: Final = "SELECT json FROM history WHERE k = ?"
_SELECT: Final = "SELECT n, at, json FROM feed WHERE n >= ? ORDER BY n"
_SELECT_NEWEST: Final = "SELECT n, at, json FROM feed WHERE n <= ? ORDER BY n DESC"
_SELECT_TASK: Final = """
SELECT history.json FROM tasks CROSS JOIN history ON history.k = tasks.k WHERE tasks.id = ? AND history.n >= ?
ORDER BY history.n
"""
_encode: Final = msgspec.json.Encoder().encode
_decode_history: Final = msgspec.json.Decoder(list[list[Any]]).decode
_decode_events: Final = msgspec.json.Decoder(list[dict[str, Any] | None]).decode
_decode_raw: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
