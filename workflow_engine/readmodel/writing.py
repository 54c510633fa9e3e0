"""Writing a batch into the index."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.errors import JournalError
from workflow_engine.readmodel import statements as sql
from workflow_engine.readmodel.batch import NULL, TABLE_NAMES, Anew, Base, Batch, Components, TaskChange, merged
from workflow_engine.readmodel.counters import Counters, Counts, counted
from workflow_engine.readmodel.describing import (
    Described,
    Place,
    addressed_rows,
    classifications,
    described,
    places_of,
    question_row,
    task_row,
)
from workflow_engine.readmodel.feed import commits_of, purge_feed, told, write_feed
from workflow_engine.readmodel.stored import LARGE, LONG, LONG_BYTES, Stored, load_data, load_outputs, load_plain
from workflow_engine.readmodel.text import text_of


class Known(NamedTuple):
    """A task that the index has: the number of its row, whether it has several runs, and what is counted of it."""

    k: int
    spread: bool
    counts: Counts

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.counts.ended_at is not None


def lookup(connection: sqlite3.Connection, tasks: Iterable[str]) -> dict[str, Known]:
    """Return those of *tasks* that the index has, by id."""
    ids = _encode(list(tasks))
    rows = connection.execute(sql.LOOKUP, (ids,))
    return {task: Known(k, bool(spread), Counts(*counts)) for task, k, spread, *counts in rows}


def write(connection: sqlite3.Connection, batch: Batch, n: int) -> None:
    """Write what *batch* amounts to, as of commit *n*, within the caller's transaction.

    Raises:
        JournalError: a component is not what this version can read.
    """
    for delete, insert, rows in (
        (sql.DELETE_DEFINITION, sql.DEFINITION, batch.definitions),
        (sql.DELETE_TIMETABLE, sql.TIMETABLE, batch.timetables),
        (sql.DELETE_LEDGER, sql.LEDGER, batch.ledgers),
    ):
        connection.executemany(delete, [(key,) for key in rows])
        connection.executemany(insert, [(key, json) for key, json in rows.items() if json is not None])
    known = lookup(connection, batch.tasks)
    write_feed(connection, batch.feed)
    _purge_feed(connection, batch, known)
    writer = _Writer(connection, n)
    for task, change in batch.tasks.items():
        try:
            writer.take(task, change, known.get(task))
        except msgspec.DecodeError as error:
            raise JournalError(
                f"task {task}, up to commit {n}, cannot be read: {error}; use a newer version"
            ) from error
    writer.flush()


_TEXTUAL: Final = frozenset(("identity", "data", "failure", "progress"))
"""Components that the text of a task is made of."""

_encode: Final = msgspec.json.Encoder().encode


def _purge_feed(connection: sqlite3.Connection, batch: Batch, known: Mapping[str, Known]) -> None:
    purged: dict[int, set[str]] = {}
    for task, change in batch.tasks.items():
        if change.purged:
            row = known.get(task)
            stored = commits_of(connection, row.k) if row is not None else ()
            for n in (*stored, *(n for n, *_ in told(b",".join(change.void)))):
                purged.setdefault(n, set()).add(task)
    purge_feed(connection, purged)


class _Writer:
    """Collects the rows of a batch, by statement."""

    def __init__(self, connection: sqlite3.Connection, n: int) -> None:
        self._connection = connection
        self._n = n
        self._last: int = connection.execute(sql.LAST).fetchone()[0]
        self._rows: dict[str, list[tuple[Any, ...]]] = {statement: [] for statement in sql.IN_ORDER}
        self._classifications: dict[str, dict[str, str]] = {}
        self._counters = Counters()

    def take(self, task: str, change: TaskChange, known: Known | None) -> None:
        """Collect what becomes of one task."""
        if change.purged and known is not None:
            self._delete(known.k, sql.DELETE_TASK, sql.DELETE_HISTORY, *sql.OF_LIFE)
            self._counters.count(known.counts, -1)
            known = None
        k = known.k if known is not None else None
        begins = change.base is Base.NOTHING or (change.base is Base.UNSURE and (known is None or known.ended))
        if begins:
            k = self._begin(change, known)
        elif known is not None and not known.ended and (change.alive is not None or change.runs):
            self._go_on(change, known)
        if k is not None and change.events:
            self._rows[sql.HISTORY].append((k, self._n, b",".join(change.events)))

    def flush(self) -> None:
        """Run the statements."""
        for statement, rows in self._rows.items():
            if rows:
                self._connection.executemany(statement, rows)
        self._counters.flush(self._connection)

    def _begin(self, change: TaskChange, known: Known | None) -> int | None:
        """Write a task whose life begins with this batch, over what is stored of an earlier one; return its row."""
        own = _without_nulls(merged(change.own))
        runs = {run: _without_nulls(merged(listed)) for run, listed in change.runs.items() if listed is not None}
        of = described(own)
        if of is None:  # no task, or purged
            return known.k if known is not None else None
        if known is not None:
            self._delete(known.k, *sql.OF_LIFE)
            k = known.k
        else:
            k = self._last = self._last + 1
        if change.ended:  # it is only ever read whole
            self._rows[sql.PART].append((k, 0, "", "", "", _encode(own)))
        else:
            self._first(k, "", own)
        for run, components in runs.items():
            self._first(k, run, components)
        places = self._places(runs, of)
        self._stand(task_row(k, self._n, of, change.ended, places), known)
        if len(places) > 1:
            self._rows[sql.PLACE] += [(k, *place) for place in places]
        self._ask(k, of, runs)
        self._label(k, of)
        outputs = own.get("progress")
        self._rows[sql.TEXT].append((k, text_of(of.identity, of.failure, own.get("data"), _table(outputs))))
        return k

    def _go_on(self, change: TaskChange, known: Known) -> None:
        """Write what changes of a task that the index has; what does not change of its runs is not read."""
        k = known.k
        stored = load_plain(self._connection, k, change.runs if known.spread else None)
        before = [run for run in change.runs if run in stored.runs]
        own = merged(change.own)
        self._put(k, "", own)
        for run, listed in change.runs.items():
            self._change_run(k, run, merged(listed) if listed is not None else None, stored)
        first = dict(_table(stored.own.get("progress")))
        _fold(stored.own, own)
        of = described(stored.own)
        if of is None:
            return
        for statement in sql.OF_ONE_RUN:
            self._rows[statement] += [(k, run) for run in before]
        self._move(of, change, known, stored)
        if "identity" in own:
            self._rows[sql.QUESTION_WORKFLOW].append((of.identity.workflow, k))
            self._delete(k, sql.DELETE_LABELS)
            self._label(k, of)
        if not _TEXTUAL.isdisjoint(own):
            self._delete(k, sql.DELETE_TEXT)
            outputs = first | load_outputs(self._connection, k) | _table(own.get("progress"))
            data = stored.own.get("data") or load_data(self._connection, k)
            self._rows[sql.TEXT].append((k, text_of(of.identity, of.failure, data, outputs)))

    def _move(self, of: Described, change: TaskChange, known: Known, stored: Stored) -> None:
        """Write the row of a task that goes on, and those of its runs that changed."""
        k = known.k
        loaded = places = self._places(stored.runs, of)
        if known.spread:
            others = self._connection.execute(sql.OTHER_PLACES, (k, _encode(list(change.runs))))
            places = [*loaded, *(Place(*row) for row in others)]
        self._stand(task_row(k, self._n, of, change.ended, places), known)
        if not change.runs:
            return
        if len(places) > 1:
            self._rows[sql.PLACE] += [(k, *place) for place in loaded]
        elif known.spread:
            self._delete(k, sql.DELETE_PLACES)
        self._ask(k, of, {run: stored.runs[run] for run in change.runs if run in stored.runs})

    def _stand(self, row: tuple[Any, ...], known: Known | None) -> None:
        """Write the row of a task, and count it instead of what is known of it."""
        self._rows[sql.TASK if known is None else sql.TASK_AGAIN].append(row)
        counts = counted(row)
        if known is None:
            self._counters.count(counts, 1)
        elif known.counts != counts:
            self._counters.count(known.counts, -1)
            self._counters.count(counts, 1)

    def _change_run(self, k: int, run: str, components: Components | None, stored: Stored) -> None:
        if components is None:
            if stored.runs.pop(run, None) is not None:
                self._rows[sql.DELETE_RUN].append((k, run))
        elif run in stored.runs:
            self._put(k, run, components)
            _fold(stored.runs[run], components)
        else:
            stored.runs[run] = _without_nulls(components)
            self._first(k, run, stored.runs[run])

    def _first(self, k: int, run: str, components: Components) -> None:
        """Write a task or run for the first time: what may be long or large apart from the rest."""
        parts = self._rows[sql.PART]
        whole: Components = {}
        for name, value in components.items():
            if isinstance(value, dict) and len(value) > LARGE:
                parts.extend((k, 1, run, name, key, entry) for key, entry in value.items())
            elif name in LONG and isinstance(value, msgspec.Raw) and memoryview(value).nbytes > LONG_BYTES:
                parts.append((k, 2, run, name, "", value))
            else:
                whole[name] = value
        parts.append((k, 0, run, "", "", _encode(whole)))

    def _put(self, k: int, run: str, components: Components) -> None:
        parts = self._rows[sql.PART]
        for name, value in components.items():
            if name in TABLE_NAMES and type(value) is not dict:
                self._rows[sql.DELETE_ENTRIES].append((k, run, name))
                parts.append((k, 0, run, name, "", NULL if isinstance(value, dict) else value))
            if isinstance(value, dict):
                parts.extend((k, 1, run, name, key, entry) for key, entry in value.items())
            elif name not in TABLE_NAMES:
                parts.append((k, 2 if name in LONG else 0, run, name, "", value))

    def _places(self, runs: Mapping[str, Components], of: Described) -> list[Place]:
        return places_of(runs, self._phases(of.identity.definition)) if runs else []

    def _ask(self, k: int, of: Described, runs: Mapping[str, Components]) -> None:
        """Write the open questions of runs."""
        for run, components in runs.items():
            asked = question_row(k, of.identity, run, components)
            if asked is not None:
                self._rows[sql.QUESTION].append(asked[0])
                self._rows[sql.ADDRESSED] += addressed_rows(k, run, asked[1])

    def _label(self, k: int, of: Described) -> None:
        identity = of.identity
        for name, value in (identity.labels or {}).items():
            self._rows[sql.LABEL].append((k, name, value, identity.submitted_at, identity.id))

    def _delete(self, k: int, *statements: str) -> None:
        for statement in statements:
            self._rows[statement].append((k,))

    def _phases(self, digest: str) -> dict[str, str]:
        found = self._classifications.get(digest)
        if found is None:
            row = self._connection.execute(sql.SELECT_DEFINITION, (digest,)).fetchone()
            found = self._classifications[digest] = classifications(row[0]) if row else {}
        return found


def _without_nulls(components: Components) -> Components:
    return {name: value for name, value in components.items() if value != NULL}


def _fold(stored: Components, changed: Components) -> None:
    for name, value in changed.items():
        old = stored.get(name)
        if value == NULL:
            stored.pop(name, None)
        elif isinstance(value, dict) and isinstance(old, dict) and not isinstance(value, Anew):
            old.update(value)
        else:
            stored[name] = value


def _table(value: object) -> dict[str, msgspec.Raw]:
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]
