"""Catching up: one step of an index along its journal, and the building of a new one."""

import contextlib
import sqlite3
from collections.abc import Generator
from typing import Final

from workflow_engine.journal.follow import Compacted, Follower, Position
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import Record
from workflow_engine.journal.snapshots import newest_snapshot
from workflow_engine.readmodel.batch import Batch
from workflow_engine.readmodel.leaping import leap
from workflow_engine.readmodel.schema import read_position, write_position
from workflow_engine.readmodel.writing import write

STEP_BYTES: Final = 4 << 20
"""How much of the journal one transaction takes in, about."""


class Misfit(Exception):
    """The journal is not the one that the index was made of, or has lost commits that the index has."""


class Step:
    """Takes an index along its journal, one transaction at a time.

    Several processes may do so at once: what a step writes and how far that brings the index is one transaction, and
    each goes on from where the index then is.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._follower = Follower(layout.data)

    def take(self, connection: sqlite3.Connection) -> tuple[int, bool]:
        """Take one step; return the commit the index is at then, and whether there may be more.

        Raises:
            Misfit: the index does not fit the journal.
            FileNotFoundError: a compaction has replaced a file meanwhile; try again.
            JournalDamaged: a file of the journal is not what was written.
        """
        position = read_position(connection)
        try:
            records = self._read(position)
        except Compacted:
            return self._leap(connection, position), True
        if not records:
            if self._ahead(position):
                raise Misfit(f"the journal in {self._layout.journal} has no commit {position.n}")
            return position.n, False
        with transaction(connection):
            if read_position(connection) != position:
                return position.n, True  # another process was faster
            batch = Batch()
            for record in records:
                batch.apply(record)
            write(connection, batch, records[-1].n)
            write_position(connection, self._follower.position)
        return records[-1].n, True

    def close(self) -> None:
        """Close the file of the journal that was read last."""
        self._follower.close()

    def _read(self, position: Position) -> list[Record]:
        if self._follower.position != position:
            self._follower.close()
            self._follower = Follower(self._layout.data, position)
        return self._follower.read(STEP_BYTES)

    def _leap(self, connection: sqlite3.Connection, position: Position) -> int:
        newest = newest_snapshot(self._layout)
        segment_is_there = position.segment and self._layout.segment(position.segment).exists()
        if segment_is_there or newest is None or newest[0] <= position.n:
            raise Misfit(f"the journal in {self._layout.journal} has another commit {position.n}")
        with transaction(connection):
            if read_position(connection) != position:
                return position.n
            n = leap(connection, self._layout, position.n)
            write_position(connection, Position(n))
        return n

    def _ahead(self, position: Position) -> bool:
        """Whether nothing of the journal reaches as far as the index."""
        if position.segment and self._layout.segment(position.segment).exists():
            return False
        newest = newest_snapshot(self._layout)
        return position.n > (newest[0] if newest else 0)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """Write in one piece, alone."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite may have rolled back by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
