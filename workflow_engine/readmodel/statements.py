"""The statements that write a batch into the index."""

from typing import Final

LOOKUP: Final = """
SELECT tasks.id, tasks.k, tasks.ended_at IS NOT NULL, tasks.spread
FROM json_each(CAST(? AS TEXT)) AS asked CROSS JOIN tasks ON tasks.id = asked.value
"""
LAST: Final = "SELECT coalesce(max(k), 0) FROM tasks"
SELECT_DEFINITION: Final = "SELECT json FROM definitions WHERE digest = ?"
DELETE_DEFINITION: Final = "DELETE FROM definitions WHERE digest = ?"
DEFINITION: Final = "INSERT INTO definitions VALUES (?, ?)"
DELETE_TIMETABLE: Final = "DELETE FROM timetables WHERE workflow = ?"
TIMETABLE: Final = "INSERT INTO timetables VALUES (?, ?)"
DELETE_LEDGER: Final = "DELETE FROM ledgers WHERE workflow = ?"
LEDGER: Final = "INSERT INTO ledgers VALUES (?, ?)"
OTHER_PLACES: Final = """
SELECT run, since, phase, classification, waiting FROM places
WHERE k = ? AND run NOT IN (SELECT value FROM json_each(CAST(? AS TEXT)))
"""

DELETE_TASK: Final = "DELETE FROM tasks WHERE k = ?"
DELETE_HISTORY: Final = "DELETE FROM history WHERE k = ?"
DELETE_PARTS: Final = "DELETE FROM parts WHERE k = ?"
DELETE_RUN: Final = "DELETE FROM parts WHERE k = ? AND entry IN (0, 1, 2) AND run = ?"
DELETE_ENTRIES: Final = "DELETE FROM parts WHERE k = ? AND entry = 1 AND run = ? AND name = ?"
DELETE_LABELS: Final = "DELETE FROM labels WHERE k = ?"
DELETE_PLACES: Final = "DELETE FROM places WHERE k = ?"
DELETE_QUESTIONS: Final = "DELETE FROM questions WHERE k = ?"
DELETE_INVITED: Final = "DELETE FROM invited WHERE k = ?"
DELETE_PLACE: Final = "DELETE FROM places WHERE k = ? AND run = ?"
DELETE_QUESTION: Final = "DELETE FROM questions WHERE k = ? AND run = ?"
DELETE_INVITED_TO: Final = "DELETE FROM invited WHERE k = ? AND run = ?"
DELETE_TEXT: Final = "DELETE FROM search WHERE rowid = ?"
TASK: Final = f"INSERT OR REPLACE INTO tasks VALUES ({', '.join('?' * 23)})"
HISTORY: Final = """
INSERT INTO history VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = CAST(json || ',' || excluded.json AS BLOB)
"""
PART: Final = "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)"
LABEL: Final = "INSERT INTO labels VALUES (?, ?, ?, ?, ?)"
PLACE: Final = "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?)"
QUESTION: Final = f"INSERT INTO questions VALUES ({', '.join('?' * 13)})"
INVITED: Final = "INSERT INTO invited VALUES (?, ?, ?, ?, ?, ?)"
TEXT: Final = "INSERT INTO search (rowid, text) VALUES (?, ?)"

OF_RUNS: Final = (DELETE_PLACES, DELETE_QUESTIONS, DELETE_INVITED)
OF_ONE_RUN: Final = (DELETE_PLACE, DELETE_QUESTION, DELETE_INVITED_TO)
OF_LIFE: Final = (DELETE_PARTS, DELETE_LABELS, DELETE_TEXT, *OF_RUNS)
IN_ORDER: Final = (
    DELETE_TASK, DELETE_HISTORY, *OF_LIFE, *OF_ONE_RUN, DELETE_RUN, DELETE_ENTRIES,
    TASK, PART, LABEL, PLACE, QUESTION, INVITED, HISTORY, TEXT,
)  # fmt: skip
"""Statements in the order in which a batch runs them, each for all of its tasks at once."""
