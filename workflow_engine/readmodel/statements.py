"""The statements that write a batch into the index."""

from typing import Final

LOOKUP: Final = """
SELECT tasks.id, tasks.k, tasks.spread, tasks.workflow, tasks.definition, tasks.status, tasks.submitted_at,
    tasks.ended_at, tasks.failure_group, tasks.cost
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
DELETE_ADDRESSED: Final = "DELETE FROM addressed WHERE k = ?"
DELETE_PLACE: Final = "DELETE FROM places WHERE k = ? AND run = ?"
DELETE_QUESTION: Final = "DELETE FROM questions WHERE k = ? AND run = ?"
DELETE_ADDRESSED_BY: Final = "DELETE FROM addressed WHERE k = ? AND run = ?"
DELETE_TEXT: Final = "DELETE FROM search WHERE rowid = ?"
# Not "INSERT OR REPLACE": for each row, SQLite would note what all its pages were before.
TASK: Final = f"INSERT INTO tasks VALUES ({', '.join('?' * 24)})"
TASK_AGAIN: Final = """
UPDATE tasks SET id = ?2, n = ?3, workflow = ?4, definition = ?5, status = ?6, since = ?7, submitted_at = ?8,
    ended_at = ?9, rank = ?10, assigned_to = ?11, parent = ?12, reason = ?13, failed_phase = ?14, error = ?15,
    message = ?16, labels = ?17, phase = ?18, classification = ?19, waiting = ?20, spread = ?21, stage = ?22,
    cost = ?23, failure_group = ?24 WHERE k = ?1
"""
HISTORY: Final = """
INSERT INTO history VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = CAST(json || ',' || excluded.json AS BLOB)
"""
PART: Final = "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)"
LABEL: Final = "INSERT INTO labels VALUES (?, ?, ?, ?, ?)"
PLACE: Final = "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?)"
QUESTION: Final = f"INSERT INTO questions VALUES ({', '.join('?' * 19)})"
ADDRESSED: Final = "INSERT INTO addressed VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
QUESTION_WORKFLOW: Final = "UPDATE questions SET workflow = ? WHERE k = ?"
TEXT: Final = "INSERT INTO search (rowid, text) VALUES (?, ?)"

OF_RUNS: Final = (DELETE_PLACES, DELETE_QUESTIONS, DELETE_ADDRESSED)
OF_ONE_RUN: Final = (DELETE_PLACE, DELETE_QUESTION, DELETE_ADDRESSED_BY)
OF_LIFE: Final = (DELETE_PARTS, DELETE_LABELS, DELETE_TEXT, *OF_RUNS)
IN_ORDER: Final = (
    DELETE_TASK, DELETE_HISTORY, *OF_LIFE, *OF_ONE_RUN, DELETE_RUN, DELETE_ENTRIES,
    TASK, TASK_AGAIN, PART, LABEL, PLACE, QUESTION, QUESTION_WORKFLOW, ADDRESSED, HISTORY, TEXT,
)  # fmt: skip
"""Statements in the order in which a batch runs them, each for all of its tasks at once."""
