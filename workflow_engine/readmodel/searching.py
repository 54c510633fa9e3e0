"""SQL that finds tasks by text."""

import re
import sqlite3
from typing import Final

from workflow_engine.readmodel.schema import has_fts5
from workflow_engine.readmodel.selecting import Found, Sql

MANY: Final = 2_000
"""Tasks with a text from which on they are not all read for a page."""


def search(connection: sqlite3.Connection, text: str) -> Found | None:
    """Return how tasks with all words of *text* are found; None where it has no word.

    A word that ends in ``*`` stands for all that begin so.  Nothing else in *text* is an operator.
    """
    words = [word for word in _clean(text).split() if _WORD.search(word)]
    if not words:
        return None
    full = has_fts5(connection)
    rows = Sql(_FTS5, (" ".join(map(_match, words)),)) if full else _likes(words)
    count: int = connection.execute(f"{_COUNT} ({rows.text} LIMIT ?)", (*rows.parameters, MANY)).fetchone()[0]
    # SQLite collects all that begins with a word before it gives the first, each time it is asked.
    probed = not (full and any(word.endswith("*") for word in words))
    return Found(rows, count == MANY, probed)


_FTS5: Final = "SELECT rowid FROM search WHERE search MATCH ?"
_PLAIN: Final = "SELECT rowid FROM search WHERE"
_LIKE: Final = r"search.text LIKE ? ESCAPE '\'"
_COUNT: Final = "SELECT count(*) FROM"
_WORD: Final = re.compile(r"[^\W_]")
_LIKE_SPECIAL: Final = re.compile(r"[%_\\]")


def _match(word: str) -> str:
    quoted = word.replace('"', " ")
    return f'"{quoted[:-1]}"*' if word.endswith("*") else f'"{quoted}"'


def _likes(words: list[str]) -> Sql:
    """Return the statement for a SQLite without full-text search: it finds parts of words too."""
    likes = " AND ".join([_LIKE] * len(words))
    return Sql(f"{_PLAIN} {likes}", tuple(f"%{_LIKE_SPECIAL.sub(_escaped, word.removesuffix('*'))}%" for word in words))


def _escaped(special: re.Match[str]) -> str:
    return "\\" + special[0]


def _clean(text: str) -> str:
    """Return *text* as SQLite takes it: without NUL, at which it would stop, and without halves of characters."""
    return text.replace("\0", " ").encode(errors="replace").decode()
