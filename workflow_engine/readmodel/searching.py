"""SQL that finds tasks by text."""

import re
import sqlite3
from typing import Final

from workflow_engine.readmodel.schema import has_fts5
from workflow_engine.readmodel.selecting import Sql

DENSE: Final = 2_000
"""Tasks with a text from which on it is looked for row by row."""


def search(connection: sqlite3.Connection, text: str) -> Sql | None:
    """Return the statement that gives the numbers of rows with all words of *text*; None where it has no word.

    Whatever *text* holds is looked for as it is: nothing in it is an operator.
    """
    words = [word for word in _clean(text).split() if _WORD.search(word)]
    if not words:
        return None
    if has_fts5(connection):
        match = " ".join(f'"{word}"*' for word in (word.replace('"', " ") for word in words))
        return Sql(_FTS5, (match,))
    likes = " AND ".join([_LIKE] * len(words))
    return Sql(f"{_PLAIN} {likes}", tuple(f"%{_LIKE_SPECIAL.sub(_escaped, word)}%" for word in words))


def dense(connection: sqlite3.Connection, found: Sql) -> bool:
    """Whether so many rows are *found* that reading them all would cost more than the page."""
    count: int = connection.execute(f"{_COUNT} ({found.text} LIMIT ?)", (*found.parameters, DENSE)).fetchone()[0]
    return count == DENSE


_FTS5: Final = "SELECT rowid FROM search WHERE search MATCH ?"
_PLAIN: Final = "SELECT rowid FROM search WHERE"
_LIKE: Final = r"search.text LIKE ? ESCAPE '\'"
_COUNT: Final = "SELECT count(*) FROM"
_WORD: Final = re.compile(r"[^\W_]")
_LIKE_SPECIAL: Final = re.compile(r"[%_\\]")


def _escaped(special: re.Match[str]) -> str:
    return "\\" + special[0]


def _clean(text: str) -> str:
    """Return *text* as SQLite takes it: without NUL, at which it would stop, and without halves of characters."""
    return text.replace("\0", " ").encode(errors="replace").decode()
