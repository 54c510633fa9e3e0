"""Repair: a journal that opens again, from whatever of a damaged one is what was written."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
from msgspec.json import decode

from workflow_engine.errors import JournalDamaged
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.layout import Layout, unfinished
from workflow_engine.journal.lines import seal
from workflow_engine.journal.lock import COMPACTION_END_MAX, FileLock
from workflow_engine.journal.port import Entities
from workflow_engine.journal.recovery import recover
from workflow_engine.journal.salvage import Piece, names_in, pieces
from workflow_engine.journal.sealed import read_sealed
from workflow_engine.journal.segments import check_format, encode_header
from workflow_engine.journal.snapshots import (
    Archived,
    EntityRow,
    Events,
    EventsRow,
    SnapshotHeader,
    newest_snapshot,
    write_archive,
    write_snapshot,
)


class Loss(msgspec.Struct, frozen=True):
    """One place where a file was not what was written.

    Attributes:
        path: the file.
        line: line in it, from 1.
        offset: byte offset of that line.
        entities: what the line seems to have been about; there may be more.
    """

    path: str
    line: int
    offset: int
    entities: tuple[str, ...]


class Report(msgspec.Struct, frozen=True):
    """What a repair did.

    Attributes:
        kept: how many commits after the snapshot were kept.
        lost: places where something was damaged.
        commits: ranges of commits that are lost, by the numbers they had: (first, last).
        moved: where the original files are now; None if nothing had to be repaired.
    """

    kept: int
    lost: tuple[Loss, ...] = ()
    commits: tuple[tuple[int, int], ...] = ()
    moved: str | None = None

    def sentences(self) -> list[str]:
        """Return the report for people."""
        if self.moved is None:
            return ["The journal is sound; nothing was changed."]
        said = [f"The original files are in {self.moved}.", f"{self.kept} commits since the last snapshot were kept."]
        for loss in self.lost:
            about = f"; it was about {', '.join(loss.entities)}" if loss.entities else ""
            said.append(f"{loss.path}, line {loss.line} (byte {loss.offset}): not what was written{about}.")
        for first, last in self.commits:
            said.append(f"Commit {first} is lost." if first == last else f"Commits {first} to {last} are lost.")
        if self.commits:
            said.append("Later commits have new numbers; what they changed was applied to what was left.")
        return [*said, "Indexes of this journal have to be made anew: `workflow-engine reindex`."]


def repair(directory: Path) -> Report:
    """Make the journal in the data directory *directory* open again, keeping every line that is what was written.

    The repaired commits come to stand in a new segment that supersedes all others, so a crash on the way leaves the
    journal damaged or repaired.  The originals of all files that are replaced stay, in ``journal/damaged-<k>/``.

    Raises:
        JournalLocked: an engine has the journal.
        JournalError: a file is of a newer format.
        OSError: the disk refused.
    """
    layout = Layout(directory)
    lock = FileLock(layout.lock)
    compaction = FileLock(layout.compaction_lock)
    lock.take()
    try:
        compaction.take(wait_max=COMPACTION_END_MAX)
        return _Repair(layout).run()
    finally:
        compaction.release()
        lock.release()


class _Repair:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._disk = Disk()
        self._lost: list[Loss] = []
        self._moved: Path | None = None

    def run(self) -> Report:
        for archive in self._layout.archives():
            if _damaged(archive.path):
                rows = [decode(piece.text, type=Archived) for piece in self._sound(archive.path, b'{"task":')]
                self._keep(archive.path)
                write_archive(archive.path, archive.first, archive.last, rows, self._disk)
        try:
            kept = recover(self._layout).recovered.n
            gaps: list[tuple[int, int]] = []
        except JournalDamaged:
            kept, gaps = self._rewrite()
        return Report(kept, tuple(self._lost), tuple(gaps), str(self._moved) if self._moved else None)

    def _rewrite(self) -> tuple[int, list[tuple[int, int]]]:
        """Put sound files in place of snapshot and segments; return how many commits and which gaps they have."""
        segments = self._layout.segments()
        commits = self._commits(segments)
        base = self._snapshot(min(commits, default=1))
        commits = {n: commits[n] for n in sorted(commits) if n > base}
        for _, path in segments:
            self._keep(path)
        number = segments[-1][0] + 1 if segments else 1
        self._write(self._layout.segment(number), number, base, list(commits.values()))
        for _, path in segments:
            self._disk.remove(path)
        return len(commits), _gaps(base, list(commits))

    def _commits(self, segments: list[tuple[int, Path]]) -> dict[int, bytes]:
        """Return the sound lines by commit number; of two, that of the newer segment."""
        commits: dict[int, bytes] = {}
        for number, path in segments:
            for piece in self._sound(path, b'{"n":', newest=number == segments[-1][0]):
                commits[decode(piece.text, type=_Numbered).n] = piece.text
        return commits

    def _snapshot(self, first: int) -> int:
        """Put a sound snapshot in place, and return its commit number; *first* is the first commit that was found."""
        newest = newest_snapshot(self._layout)
        if newest is None:
            # Archives count only up to a snapshot: an empty one keeps them.
            base = max((archive.last for archive in self._layout.archives() if archive.last < first), default=0)
            if base:
                write_snapshot(self._layout.snapshot(base), base, 0.0, {}, {}, self._disk)
            return base
        n, path = newest
        if _damaged(path):
            self._mend_snapshot(n, path)
        return n

    def _mend_snapshot(self, n: int, path: Path) -> None:
        at = 0.0
        entities: Entities = {}
        events: Events = {}
        for piece in self._sound(path, b"{"):
            if piece.text.startswith(b'{"format":'):
                check_format(piece.text, path)
                at = decode(piece.text, type=SnapshotHeader).at
            elif piece.text.startswith(b'{"entity":'):
                row = decode(piece.text, type=EntityRow)
                entities[row.entity] = row.joined()
            elif piece.text.startswith(b'{"task":'):
                told = decode(piece.text, type=EventsRow)
                events[told.task] = list(told.events)
        self._keep(path)
        write_snapshot(path, n, at, entities, events, self._disk)

    def _sound(self, path: Path, start: bytes, *, newest: bool = False) -> Iterator[Piece]:
        """Give the sound lines of *path* that begin with *start*, and note what else stands there."""
        for piece in pieces(path, newest=newest):
            if not piece.sound:
                self._lost.append(Loss(str(path), piece.number, piece.offset, names_in(piece.text)))
            elif piece.text.startswith(start):
                yield piece

    def _write(self, path: Path, number: int, base: int, lines: list[bytes]) -> None:
        """Write a segment of *lines*, numbered from ``base + 1`` without gaps."""
        temporary = unfinished(path)
        with temporary.open("wb") as file:
            file.write(encode_header(number, base + 1))
            for n, line in enumerate(lines, base + 1):
                file.write(_renumbered(line, n))
            file.flush()
            self._disk.sync(file.fileno())
        self._disk.rename(temporary, path)
        self._disk.sync_directory(self._layout.journal)

    def _keep(self, path: Path) -> None:
        """Give *path* a second name among the damaged files, under which it stays."""
        if self._moved is None:
            k = 1
            while (self._layout.journal / f"damaged-{k}").exists():
                k += 1
            self._moved = self._layout.journal / f"damaged-{k}"
            self._moved.mkdir()
        os.link(path, self._moved / path.name)
        self._disk.sync_directory(self._moved)


class _Numbered(msgspec.Struct, frozen=True):
    n: int


def _damaged(path: Path) -> bool:
    try:
        for _ in read_sealed(path):
            pass
    except JournalDamaged:
        return True
    return False


def _renumbered(line: bytes, n: int) -> bytes:
    body = line[: line.rindex(b',"crc":')]
    return seal(b'{"n":%d' % n + body[body.index(b",") :] + b"}")


def _gaps(base: int, present: list[int]) -> list[tuple[int, int]]:
    before = [base, *present]
    return [(n + 1, following - 1) for n, following in pairwise(before) if following > n + 1]
