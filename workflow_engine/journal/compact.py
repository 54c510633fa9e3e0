"""Compaction: the finished segments and the snapshot before them become a new snapshot and an archive.

Runs as a process of its own, so that the engine never waits for it::

    python -m workflow_engine.journal.compact DIRECTORY --upto COMMIT
"""

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.errors import JournalError
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.history import History
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import Record
from workflow_engine.journal.lock import FileLock
from workflow_engine.journal.segments import SegmentReader, Span, spans, superseded
from workflow_engine.journal.snapshots import (
    newest_snapshot,
    snapshot_entities,
    snapshot_events,
    snapshot_header,
    write_archive,
    write_snapshot,
)


def compact(layout: Layout, upto: int, disk: Disk) -> None:
    """Make a snapshot as of commit *upto*, the last of a finished segment, and an archive; remove what they replace.

    The rename of the snapshot is the moment at which all of it counts.  A crash at any point leaves files that
    recovery understands.

    Raises:
        JournalDamaged: a file is not what was written; nothing was changed.
        JournalError: the finished segments do not end at *upto*; nothing was changed.
        OSError: the disk refused; what is there stays readable.
    """
    previous = newest_snapshot(layout)
    begun = previous[0] if previous else 0
    if upto <= begun:
        return
    history = _start(previous)
    listed = spans(layout)
    for span in listed:
        if span.limit is not None and history.n < span.limit - 1 and history.n < upto:
            _apply(history, span)
    if history.n != upto:
        raise JournalError(f"the finished segments in {layout.journal} end at commit {history.n}, not {upto}")
    rows = history.archived()
    if rows:
        write_archive(layout.archive(begun + 1, upto), begun + 1, upto, rows, disk)
    write_snapshot(layout.snapshot(upto), upto, history.at, history.entities, history.living_events(), disk)
    for path in [*superseded(listed, upto), *([previous[1]] if previous else [])]:
        disk.remove(path)


def main() -> None:
    """Compact as the command line says."""
    parser = argparse.ArgumentParser(
        description="Fold the finished segments of a journal into a snapshot and an archive."
    )
    parser.add_argument("directory", type=Path, help="the data directory")
    parser.add_argument(
        "--upto", type=int, required=True, metavar="COMMIT", help="the last commit of a finished segment"
    )
    parser.add_argument("--guarded", action="store_true", help="stop when standard input closes")
    arguments = parser.parse_args()
    if arguments.guarded:
        threading.Thread(target=_stop_with_parent, daemon=True).start()
    os.nice(_NICENESS)
    layout = Layout(arguments.directory)
    lock = FileLock(layout.compaction_lock)
    try:
        lock.take()
        compact(layout, arguments.upto, Disk())
    except (JournalError, OSError) as error:
        sys.exit(f"compaction of {arguments.directory} up to commit {arguments.upto}: {error}")


_NICENESS: Final = 10
_decode: Final = msgspec.json.Decoder(Record).decode


def _start(previous: tuple[int, Path] | None) -> History:
    if previous is None:
        return History(0, 0.0, {}, {})
    n, path = previous
    events = {task: list(listed) for task, listed in snapshot_events(path)}
    return History(n, snapshot_header(path).at, dict(snapshot_entities(path)), events)


def _apply(history: History, span: Span) -> None:
    reader = SegmentReader(span, history.n)
    for line in reader:
        try:
            record = _decode(line)
        except msgspec.DecodeError as error:
            raise reader.damaged(f"commit {reader.n} is sound and yet unreadable: {error}") from error
        history.apply(record)


def _stop_with_parent() -> None:
    os.read(0, 1)  # not sys.stdin, whose lock would hang the interpreter's own exit
    os._exit(1)


if __name__ == "__main__":
    main()
