"""What the index holds of one task: read back as the components that were written."""

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from workflow_engine.readmodel.batch import NULL, Components, tables


class Stored(msgspec.Struct):
    """Components of a task and of its live runs, by what a run's id has behind the task's."""

    own: Components
    runs: dict[str, Components]


def load(connection: sqlite3.Connection, k: int) -> Stored:
    """Return everything about the task in row *k*."""
    return _joined(connection.execute(_ALL, (k,)))


def load_plain(connection: sqlite3.Connection, k: int, runs: Iterable[str] | None = None) -> Stored:
    """Return the task in row *k* without large tables and long components, with these *runs*; None for all."""
    if runs is None:
        return _joined(connection.execute(_PLAIN, (k,)))
    return _joined(connection.execute(_PLAIN_SOME, (k, _encode(["", *runs]))))


def load_data(connection: sqlite3.Connection, k: int) -> msgspec.Raw | None:
    """Return the component of data that `load_plain` leaves out, or None where it does not."""
    row = connection.execute(_DATA, (k,)).fetchone()
    return msgspec.Raw(row[0]) if row is not None else None


def load_outputs(connection: sqlite3.Connection, k: int) -> dict[str, msgspec.Raw]:
    """Return the first entries of the table of progress that `load_plain` leaves out, by phase."""
    return {key: msgspec.Raw(json) for key, json in connection.execute(_OUTPUTS, (k, OUTPUTS_MAX))}


def load_table(connection: sqlite3.Connection, k: int, name: str) -> dict[str, msgspec.Raw]:
    """Return one table of the task in row *k*, by key."""
    table = _joined(connection.execute(_ONE_TABLE, (k, name))).own.get(name)
    return table if isinstance(table, dict) else {}


OUTPUTS_MAX: Final = 64
"""Phases whose output is searched, at most."""

LONG: Final = frozenset(("data", "items", "result"))
"""Components that may be as long as what people submit, and that are written once."""

LONG_BYTES: Final = 4096
"""One that is longer than this is kept apart from what is read with every change of its task."""

LARGE: Final = 16
"""A table with more entries than this is kept apart from the first."""

_PLAIN: Final = "SELECT run, name, entry, key, json FROM parts WHERE k = ? AND entry = 0 ORDER BY entry, run, name, key"
_PLAIN_SOME: Final = """
SELECT run, name, entry, key, json FROM parts
WHERE k = ? AND entry = 0 AND run IN (SELECT value FROM json_each(CAST(? AS TEXT))) ORDER BY entry, run, name, key
"""
_DATA: Final = "SELECT json FROM parts WHERE k = ? AND entry = 2 AND run = '' AND name = 'data'"
_ALL: Final = "SELECT run, name, entry, key, json FROM parts WHERE k = ? ORDER BY entry, run, name, key"
_ONE_TABLE: Final = """
SELECT run, name, entry, key, json FROM parts WHERE k = ? AND entry IN (0, 1) AND run = '' AND name IN ('', ?)
ORDER BY entry, run, name, key
"""
_OUTPUTS: Final = """
SELECT key, json FROM parts WHERE k = ? AND entry = 1 AND run = '' AND name = 'progress' ORDER BY key LIMIT ?
"""
_TABLE: Final = 1
_encode: Final = msgspec.json.Encoder().encode
_decode_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _joined(rows: sqlite3.Cursor) -> Stored:
    found = Stored({}, {})
    for run, name, entry, key, json in rows:
        components = found.own if not run else found.runs.setdefault(run, {})
        if not name:
            components.update(tables(_decode_object(json)))
        elif entry != _TABLE:
            _put(components, name, msgspec.Raw(json))
        else:
            table = components.get(name)
            if not isinstance(table, dict):
                table = components[name] = {}
            table[key] = msgspec.Raw(json)
    return found


def _put(components: Components, name: str, value: msgspec.Raw) -> None:
    if value == NULL:
        components.pop(name, None)
    else:
        components[name] = value
