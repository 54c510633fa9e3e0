"""Collecting artifacts: content that no task refers to is removed, in the background."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.artifacts.port import ArtifactStore, Swept
from workflow_engine.core.components import Artifacts
from workflow_engine.errors import EngineError
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.snapshots import archive_lines, archives

LOG: Final = logging.getLogger("workflow_engine")

EVERY: Final = 3_600.0
"""Seconds from one collection to the next."""

OLDER_THAN: Final = 86_400.0
"""Seconds that content is kept to which nothing refers: far longer than a reference takes to be journaled."""

LINES: Final = 10_000
"""How many lines of an archive are read in one go, after which a collection can be stopped."""

Key = int
"""The first 60 bits of a hash: millions are held at once, and one that looks like another only keeps it longer."""


class ArtifactCollector:
    """Removes content that was put and never came to belong to a task, or whose tasks were purged.

    Kept is what tasks refer to that live, ended not long ago, or stand in the journal's archives.  A purged task that
    was archived counts until the next compaction.

    Args:
        remembered: returns the artifacts of the tasks that live or ended not long ago.
        store: where content is removed; it must be that of these tasks alone.
        data_dir: the data directory of the journal.
    """

    def __init__(self, remembered: Callable[[], list[Artifacts]], store: ArtifactStore, data_dir: Path) -> None:
        self._remembered = remembered
        self._store = store
        self._data_dir = data_dir
        self._work: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to collect, now and then `EVERY` so many seconds, without waiting for it."""
        self._work = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop collecting."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    async def collect(self) -> Swept:
        """Collect once, and return what was removed.

        Raises:
            EngineError: the archives or the store cannot be read; what was removed until then was not needed.
            OSError: likewise.
        """
        # Tasks go from memory to the archives, so this order misses none.  One that is taken up again goes the other
        # way, and is found in both; content that comes meanwhile is too young to be removed.
        remembered = self._remembered()
        known = await asyncio.to_thread(_keys, remembered)
        lines = archived(self._data_dir)
        while batch := await asyncio.to_thread(lambda: list(itertools.islice(lines, LINES))):
            known.update(*batch)
        return await self._store.sweep(lambda sha256: _key(sha256) in known, older_than=OLDER_THAN)

    async def _run(self) -> None:
        while True:
            try:
                swept = await self.collect()
            except (EngineError, OSError) as error:
                LOG.warning("unused artifacts were not removed, which is tried again in an hour: %s", error)
            else:
                if swept.count:
                    LOG.info("removed %d unused artifacts of %d bytes", swept.count, swept.size)
            await asyncio.sleep(EVERY)


def archived(data_dir: Path) -> Iterator[list[Key]]:
    """Give for each line of the archives, the newest archive first, what its task refers to.

    Raises:
        JournalError: an archive cannot be read.
    """
    purged: set[str] = set()
    for archive in reversed(archives(Layout(data_dir))):
        before: set[str] = set()
        for line in archive_lines(archive.path):
            if line.purged:
                before.add(line.task)
            yield [] if line.task in purged else list(_referred(line.components or {}))
        purged |= before


def _referred(components: Mapping[str, msgspec.Raw]) -> Iterator[Key]:
    """Give what a task refers to, by its components as JSON."""
    artifacts, earlier = components.get("artifacts"), components.get("earlier")
    if artifacts is not None:
        yield from (_key(reference.sha256) for reference in _decode_table(artifacts).values())
    if earlier is not None:
        for visit in _decode_visits(earlier).values():
            yield from (_key(reference.sha256) for reference in visit.artifacts.values())


class _Reference(msgspec.Struct, frozen=True):
    sha256: str


class _Visit(msgspec.Struct, frozen=True):
    artifacts: dict[str, _Reference] = {}


_decode: Final = msgspec.json.Decoder(_Reference).decode
_decode_table: Final = msgspec.json.Decoder(dict[str, _Reference]).decode
_decode_visits: Final = msgspec.json.Decoder(dict[str, _Visit]).decode


def _keys(tables: Iterable[Artifacts]) -> set[Key]:
    # list(): the loop may add an entry meanwhile
    return {_key(_decode(raw).sha256) for table in tables for raw in list(table.entries.values())}


def _key(sha256: str) -> Key:
    return int(sha256[:15], 16)
