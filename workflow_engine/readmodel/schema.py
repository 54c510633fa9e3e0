"""The tables of the index, their version, and how a new file gets them."""

import sqlite3
from typing import Final

import msgspec

from workflow_engine.journal.follow import Position

SCHEMA: Final = 5
"""Raise it with every change of a table or of what is written to one: an index of another version is rebuilt."""

TABLES: Final = """
-- One row: how far in the journal the index is.
CREATE TABLE progress (position BLOB NOT NULL);
CREATE TABLE definitions (digest TEXT PRIMARY KEY, json BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE timetables (workflow TEXT PRIMARY KEY, json BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ledgers (workflow TEXT PRIMARY KEY, json BLOB NOT NULL) WITHOUT ROWID;

-- phase, classification and waiting are those of a task's one run; those of a task with several stand in places.
CREATE TABLE tasks (
    k INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, n INTEGER NOT NULL,
    workflow TEXT NOT NULL, definition TEXT NOT NULL, status TEXT NOT NULL, since REAL NOT NULL,
    submitted_at REAL NOT NULL, ended_at REAL, rank INTEGER NOT NULL, assigned_to TEXT, parent TEXT,
    reason TEXT, failed_phase TEXT, error TEXT, message TEXT, labels BLOB,
    phase TEXT, classification TEXT, waiting TEXT, spread INTEGER NOT NULL, stage TEXT, cost BLOB, failure_group TEXT
);
-- There from the first: the bounds of a group are read from it whenever one of its tasks comes or goes.
CREATE INDEX tasks_group_since ON tasks (failure_group, since, id) WHERE failure_group IS NOT NULL;
CREATE TABLE places (
    k INTEGER NOT NULL, run TEXT NOT NULL, since REAL NOT NULL, phase TEXT NOT NULL, classification TEXT NOT NULL,
    waiting TEXT, PRIMARY KEY (k, run)
) WITHOUT ROWID;
CREATE TABLE labels (
    k INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, submitted_at REAL NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (k, name)
) WITHOUT ROWID;

-- Components as JSON.  run is '' for the task itself.  entry 0 has plain components, null for one that was removed,
-- and under the name '' an object of what was there when task or run was first written; entry 1 has what was put into
-- tables by key since, and tables that were large from the first; entry 2 has long components that no list shows.
-- Later rows, in the order of the key, override earlier ones.  This table and the next are not their own indexes: in
-- such a one, SQLite reads a long value whole to compare what stands before it.
CREATE TABLE parts (
    k INTEGER NOT NULL, entry INTEGER NOT NULL, run TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    json BLOB NOT NULL, PRIMARY KEY (k, entry, run, name, key)
);

-- What was decided: about each task, as [commit number, engine time, number of the first event, first event, ...] with
-- commas between; and by the newest commits as a whole, with null for what was decided about a task that is purged.
CREATE TABLE history (k INTEGER NOT NULL, n INTEGER NOT NULL, json BLOB NOT NULL, PRIMARY KEY (k, n));
CREATE TABLE feed (n INTEGER PRIMARY KEY, at REAL NOT NULL, json BLOB NOT NULL, bytes_before INTEGER NOT NULL);

-- Open questions; deadline is due, or so late that questions without one come last.  unassigned: nobody is named.
CREATE TABLE questions (
    k INTEGER NOT NULL, run TEXT NOT NULL, id TEXT NOT NULL, task TEXT NOT NULL, phase TEXT NOT NULL,
    kind TEXT NOT NULL, prompt TEXT NOT NULL, assignee TEXT, candidates BLOB NOT NULL, asked_at REAL NOT NULL,
    due REAL, overdue INTEGER NOT NULL, deadline REAL NOT NULL, workflow TEXT NOT NULL, visit INTEGER NOT NULL,
    claimed_by TEXT, owner TEXT, escalate_to BLOB NOT NULL, unassigned INTEGER NOT NULL, PRIMARY KEY (k, run)
) WITHOUT ROWID;
-- Everybody, person or group, whom an open question names: as assignee, as the one who claimed it, or as a candidate.
CREATE TABLE addressed (
    k INTEGER NOT NULL, run TEXT NOT NULL, person TEXT NOT NULL, deadline REAL NOT NULL, asked_at REAL NOT NULL,
    id TEXT NOT NULL, candidate INTEGER NOT NULL, overdue INTEGER NOT NULL, PRIMARY KEY (k, run, person)
) WITHOUT ROWID;

-- Counters, of what stands in the tables above: tasks by where they stand; tasks by the minute (engine time) in which
-- they were submitted or ended, for the newest minutes; what models have cost by the day on which the task was
-- submitted; failed tasks by group; open questions.
CREATE TABLE standing (
    workflow TEXT NOT NULL, definition TEXT NOT NULL, status TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (workflow, definition, status)
) WITHOUT ROWID;
CREATE TABLE minutes (
    minute INTEGER PRIMARY KEY, submitted INTEGER NOT NULL, completed INTEGER NOT NULL, failed INTEGER NOT NULL,
    cancelled INTEGER NOT NULL
);
CREATE TABLE spending (
    day INTEGER NOT NULL, workflow TEXT NOT NULL, tokens INTEGER NOT NULL, nanodollars INTEGER NOT NULL,
    unpriced INTEGER NOT NULL, PRIMARY KEY (day, workflow)
) WITHOUT ROWID;
CREATE TABLE failure_groups (
    key TEXT PRIMARY KEY, workflow TEXT NOT NULL, phase TEXT NOT NULL, error TEXT NOT NULL, count INTEGER NOT NULL,
    first_at REAL NOT NULL, last_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE asked (open INTEGER NOT NULL, overdue INTEGER NOT NULL);
INSERT INTO asked VALUES (0, 0);
CREATE TRIGGER questions_asked AFTER INSERT ON questions BEGIN
    UPDATE asked SET open = open + 1, overdue = overdue + new.overdue;
END;
CREATE TRIGGER questions_closed AFTER DELETE ON questions BEGIN
    UPDATE asked SET open = open - 1, overdue = overdue - old.overdue;
END;
"""

INDEXES: Final = """
CREATE INDEX tasks_status ON tasks (status, submitted_at, id, since);
CREATE INDEX tasks_workflow ON tasks (workflow, status, submitted_at, id);
CREATE INDEX tasks_since ON tasks (status, since, id, submitted_at);
CREATE INDEX tasks_rank ON tasks (status, rank, submitted_at, id);
CREATE INDEX tasks_phase ON tasks (phase, submitted_at, id) WHERE phase IS NOT NULL;
CREATE INDEX tasks_classification ON tasks (classification, submitted_at, id) WHERE classification IS NOT NULL;
CREATE INDEX tasks_waiting ON tasks (waiting, submitted_at, id) WHERE waiting IS NOT NULL;
CREATE INDEX tasks_spread ON tasks (spread, submitted_at, id) WHERE spread = 1;
CREATE INDEX tasks_parent ON tasks (parent, submitted_at, id) WHERE parent IS NOT NULL;
CREATE INDEX tasks_definition ON tasks (definition, submitted_at, id);
CREATE INDEX tasks_group ON tasks (failure_group, submitted_at, id) WHERE failure_group IS NOT NULL;
CREATE INDEX tasks_error ON tasks (error, submitted_at, id) WHERE error IS NOT NULL;
CREATE INDEX tasks_failed_phase ON tasks (failed_phase, submitted_at, id) WHERE failed_phase IS NOT NULL;
CREATE INDEX labels_value ON labels (name, value, submitted_at, id);
CREATE INDEX questions_order ON questions (deadline, asked_at, id);
CREATE INDEX questions_assignee ON questions (assignee, deadline, asked_at, id) WHERE assignee IS NOT NULL;
CREATE INDEX questions_claimed ON questions (claimed_by, deadline, asked_at, id) WHERE claimed_by IS NOT NULL;
CREATE INDEX questions_workflow ON questions (workflow, deadline, asked_at, id);
CREATE INDEX questions_unassigned ON questions (deadline, asked_at, id) WHERE unassigned = 1;
CREATE INDEX questions_overdue ON questions (deadline, asked_at, id) WHERE overdue = 1;
CREATE INDEX addressed_person ON addressed (person, deadline, asked_at, id, candidate, overdue);
CREATE INDEX failure_groups_last ON failure_groups (last_at, key);
CREATE INDEX failure_groups_count ON failure_groups (count, key);
"""
"""What only queries need: a new file is filled before it gets them, which is faster."""

SEARCH_FTS5: Final = "CREATE VIRTUAL TABLE search USING fts5 (text, columnsize = 0)"
SEARCH_PLAIN: Final = "CREATE TABLE search (text TEXT NOT NULL)"
"""The text by which a task is found, under the number of its row; the plain one is read from end to end."""

_INSERT_POSITION: Final = "INSERT INTO progress VALUES (?)"
_UPDATE_POSITION: Final = "UPDATE progress SET position = ?"
_SELECT_POSITION: Final = "SELECT position FROM progress"
_FTS5: Final = "SELECT 1 FROM pragma_module_list WHERE name = 'fts5'"


def has_fts5(connection: sqlite3.Connection) -> bool:
    """Whether this SQLite has full-text search."""
    return connection.execute(_FTS5).fetchone() is not None


def version(fts5: bool) -> int:
    """Return the number that marks a file as one of this schema."""
    return 2 * SCHEMA + fts5


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file; `finish` makes the rest."""
    connection.execute(SEARCH_FTS5 if has_fts5(connection) else SEARCH_PLAIN)
    connection.executescript(TABLES)
    connection.execute(_INSERT_POSITION, (_encode(Position()),))


def finish(connection: sqlite3.Connection) -> None:
    """Make the indexes, and mark the file as complete."""
    connection.executescript(INDEXES)
    connection.execute(f"PRAGMA user_version = {version(has_fts5(connection))}")


def usable(connection: sqlite3.Connection) -> bool:
    """Whether the file is complete and of this schema."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found == version(has_fts5(connection))


def read_position(connection: sqlite3.Connection) -> Position:
    """Return how far in the journal the index is."""
    return _decode(connection.execute(_SELECT_POSITION).fetchone()[0])


def write_position(connection: sqlite3.Connection, position: Position) -> None:
    """Note how far in the journal the index is."""
    connection.execute(_UPDATE_POSITION, (_encode(position),))


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Position).decode
