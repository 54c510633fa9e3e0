"""SQL that finds tasks by text."""

import re
import sqlite3
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from workflow_engine.readmodel.schema import has_fts5
from workflow_engine.readmodel.sql import Sql

T = TypeVar("T")


class Text(NamedTuple):
    """How tasks with a text are found.

    Attributes:
        rows: the statement that gives the numbers of their rows.
        probe: the condition that a task has the text, None where that costs as much as finding all that have it.
    """

    rows: Sql
    probe: Sql | None = None


def search(connection: sqlite3.Connection, text: str) -> Text | None:
    """Return how tasks with all words of *text* are found; None where it has no word.

    A word that ends in ``*`` stands for all that begin so.  Nothing else in *text* is an operator.  One word alone also
    finds tasks by the beginning of their ids, and by what a run or question of theirs is called.
    """
    words = [word for word in _clean(text).split() if _WORD.search(word)]
    if not words:
        return None
    if not has_fts5(connection):
        found = Text(_likes(words))
    else:
        match = (" ".join(map(_match, words)),)
        probed = not any(word.endswith("*") for word in words)  # all that such a word begins is collected each time
        found = Text(Sql(_FTS5, match), Sql(_PROBE, match) if probed else None)
    return found if len(words) > 1 else _or_id(found, words[0])


def attempt(connection: sqlite3.Connection, query: Callable[[], T]) -> T | None:
    """Return what a query gives if it takes no time, else None.

    What many tasks have is soon found in those that are looked at first, but not always.
    """
    deadline = time.monotonic() + TRY_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _LOOK_EVERY)
    try:
        return query()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        connection.set_progress_handler(None, 0)


def hits(connection: sqlite3.Connection, text: Text) -> Sql:
    """Return the condition that a task is one of those that have *text*, which are all looked up at once.

    Many at once cost a fraction of what it costs to look into the index of words for one row after the other.
    """
    connection.execute("CREATE TEMP TABLE hits (k INTEGER PRIMARY KEY)")
    connection.execute(f"INSERT OR IGNORE INTO hits {text.rows.text}", text.rows.parameters)
    return Sql("+tasks.k IN (SELECT k FROM hits)")


TRY_SECONDS: Final = 0.05
"""How long is tried to do without looking up all tasks with a text."""

_LOOK_EVERY: Final = 500  # instructions of SQLite, some microseconds
_PROBE: Final = "EXISTS (SELECT 1 FROM search WHERE search MATCH ? AND search.rowid = tasks.k)"
_FTS5: Final = "SELECT rowid AS k FROM search WHERE search MATCH ?"
_PLAIN: Final = "SELECT rowid AS k FROM search WHERE"
_LIKE: Final = r"search.text LIKE ? ESCAPE '\'"
_LAST: Final = "\U0010ffff"
_WORD: Final = re.compile(r"[^\W_]")
_LIKE_SPECIAL: Final = re.compile(r"[%_\\]")


def _or_id(found: Text, word: str) -> Text:
    task, slash, _ = word.partition("/")
    bounds = (task, task if slash else task + _LAST)
    return Text(
        Sql(
            f"{found.rows.text} UNION ALL SELECT k FROM tasks WHERE id BETWEEN ? AND ?", found.rows.parameters + bounds
        ),
        None
        if found.probe is None
        else Sql(f"({found.probe.text} OR tasks.id BETWEEN ? AND ?)", found.probe.parameters + bounds),
    )


def _match(word: str) -> str:
    quoted = word.replace('"', " ")
    return f'"{quoted[:-1]}"*' if word.endswith("*") else f'"{quoted}"'


def _likes(words: list[str]) -> Sql:
    """Return the statement for a SQLite without full-text search: it finds parts of words too."""
    likes = " AND ".join([_LIKE] * len(words))
    return Sql(f"{_PLAIN} {likes}", tuple(containing(word.removesuffix("*")) for word in words))


def containing(part: str) -> str:
    """Return the pattern that all texts with *part* in them match, for ``LIKE`` with a backslash as ``ESCAPE``."""
    return f"%{_LIKE_SPECIAL.sub(_escaped, _clean(part))}%"


def _escaped(special: re.Match[str]) -> str:
    return "\\" + special[0]


def _clean(text: str) -> str:
    """Return *text* as SQLite takes it: without NUL, at which it would stop, and without halves of characters."""
    return text.replace("\0", " ").encode(errors="replace").decode()
