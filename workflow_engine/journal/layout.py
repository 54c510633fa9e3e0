"""Where the files of a journal stand, and what their names say."""

import re
from pathlib import Path
from typing import Final, NamedTuple


class Archive(NamedTuple):
    """An archive file: tasks that ended in the commits *first* to *last*."""

    first: int
    last: int
    path: Path


class Layout:
    """The files of the journal in one data directory.

    Attributes:
        data: the data directory, which may hold files of others as well.
        journal: the directory of the journal's files.
        lock: the file whose lock an engine holds.
        compaction_lock: the file whose lock a compaction holds.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.journal = data / "journal"
        self.lock = data / "lock"
        self.compaction_lock = self.journal / "compaction.lock"

    def segment(self, number: int) -> Path:
        """Return the path of segment *number*."""
        return self.journal / f"journal-{number:08d}.jsonl"

    def snapshot(self, n: int) -> Path:
        """Return the path of the snapshot as of commit *n*."""
        return self.journal / f"snapshot-{n}.jsonl"

    def archive(self, first: int, last: int) -> Path:
        """Return the path of the archive of the commits *first* to *last*."""
        return self.journal / f"finished-{first}-{last}.jsonl"

    def segments(self) -> list[tuple[int, Path]]:
        """Return (number, path) of the segments, oldest first."""
        return sorted((int(found[1]), path) for path, found in self._matching(_SEGMENT))

    def snapshots(self) -> list[tuple[int, Path]]:
        """Return (commit number, path) of the snapshots, oldest first."""
        return sorted((int(found[1]), path) for path, found in self._matching(_SNAPSHOT))

    def archives(self) -> list[Archive]:
        """Return the archive files, oldest first."""
        return sorted(Archive(int(found[1]), int(found[2]), path) for path, found in self._matching(_ARCHIVE))

    def unfinished(self) -> list[Path]:
        """Return files that were being written when something crashed."""
        return sorted(path for path, _ in self._matching(_UNFINISHED))

    def _matching(self, pattern: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
        if not self.journal.is_dir():
            return []
        return [(path, found) for path in self.journal.iterdir() if (found := pattern.fullmatch(path.name))]


def unfinished(path: Path) -> Path:
    """Return the name under which *path* is written before it is complete."""
    return path.with_name(path.name + ".tmp")


_SEGMENT: Final = re.compile(r"journal-(\d{8,})\.jsonl", re.ASCII)
_SNAPSHOT: Final = re.compile(r"snapshot-(\d+)\.jsonl", re.ASCII)
_ARCHIVE: Final = re.compile(r"finished-(\d+)-(\d+)\.jsonl", re.ASCII)
_UNFINISHED: Final = re.compile(r"(journal|snapshot|finished)-[\d-]+\.jsonl\.tmp", re.ASCII)
