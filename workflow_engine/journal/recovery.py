"""What a journal's files amount to when an engine starts: read here, mended by the adapter."""

from pathlib import Path

import msgspec

from workflow_engine.errors import JournalDamaged
from workflow_engine.journal.folding import Folding
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.port import Recovered
from workflow_engine.journal.segments import SegmentReader, Span, spans, unborn
from workflow_engine.journal.snapshots import newest_snapshot, snapshot_entities, snapshot_header


class Found(msgspec.Struct, frozen=True):
    """What was read from a journal's directory.

    Attributes:
        recovered: what it amounts to.
        current: the segment to go on with, None if there is none.
        current_end: byte offset in it behind the last commit that counts.
        unended: whether the line before that offset lacks its newline.
        segment_last: the highest number of a segment, 0 if there is none.
        snapshot_bytes: size of the snapshot.
        sealed_bytes: size of the segments before the current one that hold commits after the snapshot.
        obsolete: files that hold nothing that counts.
    """

    recovered: Recovered
    current: Span | None
    current_end: int
    unended: bool
    segment_last: int
    snapshot_bytes: int
    sealed_bytes: int
    obsolete: tuple[Path, ...]


def recover(layout: Layout) -> Found:
    """Read the journal.  Nothing is changed.

    Raises:
        JournalDamaged: a file holds something that was never written, or misses something that was.
        JournalError: a file is of a newer format.
    """
    folding, n, at, snapshot = _load_snapshot(layout)
    obsolete = layout.unfinished()
    obsolete += [path for number, path in layout.snapshots() if number < n]
    obsolete += [archive.path for archive in layout.archives() if archive.last > n]
    listed = spans(layout)
    segment_last = listed[-1].number if listed else 0
    while listed and listed[-1].first is None and unborn(listed[-1].path):
        obsolete.append(listed.pop().path)
    reader: SegmentReader | None = None
    warnings: list[str] = []
    read: list[Span] = []
    for span in listed:
        if span.limit is not None and span.limit <= n + 1:
            obsolete.append(span.path)
            continue
        reader = SegmentReader(span, n)
        at = _fold(reader, folding, at)
        n = reader.n
        warnings += reader.warnings
        read.append(span)
    return Found(
        recovered=Recovered(n, at, folding.entities, folding.ended, tuple(warnings)),
        current=read[-1] if read else None,
        current_end=reader.end if reader else 0,
        unended=reader is not None and reader.unended,
        segment_last=segment_last,
        snapshot_bytes=snapshot.stat().st_size if snapshot else 0,
        sealed_bytes=sum(span.path.stat().st_size for span in read[:-1]),
        obsolete=tuple(obsolete),
    )


class _Changed(msgspec.Struct, frozen=True):
    """The part of a commit that recovery needs; events are passed over unread."""

    at: float
    changes: dict[str, dict[str, msgspec.Raw] | None]
    ended: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(_Changed).decode


def _load_snapshot(layout: Layout) -> tuple[Folding, int, float, Path | None]:
    newest = newest_snapshot(layout)
    if newest is None:
        return Folding(), 0, 0.0, None
    n, path = newest
    header = snapshot_header(path)
    if header.snapshot != n:
        raise JournalDamaged(str(path), 1, 0, f"the header is that of snapshot {header.snapshot}")
    return Folding(dict(snapshot_entities(path))), n, header.at, path


def _fold(reader: SegmentReader, folding: Folding, at: float) -> float:
    """Fold the commits of *reader*, and return the engine time of the last one, *at* if there is none."""
    for line in reader:
        try:
            commit = _decode(line)
        except msgspec.DecodeError as error:
            raise reader.damaged(f"commit {reader.n} is sound and yet unreadable: {error}") from error
        folding.apply(commit.changes, commit.ended)
        at = commit.at
    return at
