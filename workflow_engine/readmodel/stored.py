"""What the index holds of one task: read back as the components that were written."""

import sqlite3
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


def load_plain(connection: sqlite3.Connection, k: int) -> Stored:
    """Return the task in row *k* without what has been put into its tables since it was first written."""
    return _joined(connection.execute(_PLAIN, (k,)))


def load_outputs(connection: sqlite3.Connection, k: int) -> dict[str, msgspec.Raw]:
    """Return the first entries of the table of progress that `load_plain` leaves out, by phase."""
    return {key: msgspec.Raw(json) for key, json in connection.execute(_OUTPUTS, (k, OUTPUTS_MAX))}


OUTPUTS_MAX: Final = 64
"""Phases whose output is searched, at most."""

_PLAIN: Final = "SELECT run, name, entry, key, json FROM parts WHERE k = ? AND entry = 0 ORDER BY entry, run, name, key"
_ALL: Final = "SELECT run, name, entry, key, json FROM parts WHERE k = ? ORDER BY entry, run, name, key"
_OUTPUTS: Final = """
SELECT key, json FROM parts WHERE k = ? AND entry = 1 AND run = '' AND name = 'progress' ORDER BY key LIMIT ?
"""
_decode_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _joined(rows: sqlite3.Cursor) -> Stored:
    found = Stored({}, {})
    for run, name, entry, key, json in rows:
        components = found.own if not run else found.runs.setdefault(run, {})
        if not name:
            components.update(tables(_decode_object(json)))
        elif not entry:
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
