"""The source of a sink: the events behind its place, batch by batch."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from workflow_engine.sinks.envelopes import Envelopes
from workflow_engine.sinks.gap import Gap
from workflow_engine.sinks.index import Index, Told
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import EventRecord, encoded

BATCH_BYTES: Final = 256 << 10
"""How long a batch is at most, as JSON; a longer event goes alone."""


class Batch(NamedTuple):
    """Some events, and the place behind them and what was left out; there may be no events."""

    events: tuple[EventRecord, ...]
    end: Place


class Source:
    """Gives what comes behind a place, in order.

    Args:
        index: where events are found.
        envelopes: makes of them what the sink gets.
        gap_file: where a gap is put in order.
        size: events of a batch at most.
    """

    def __init__(self, index: Index, envelopes: Envelopes, gap_file: Path, size: int) -> None:
        self._index = index
        self._envelopes = envelopes
        self._gap_file = gap_file
        self._gap: Gap | None = None
        self._size = size
        self._read = Place()
        self._waiting: deque[EventRecord] = deque()

    def begin(self, after: Place) -> None:
        """Go on behind a place."""
        self._read = after
        self._waiting.clear()
        self.close()

    def next(self, upto: int) -> Batch | None:
        """Return the next batch of commits up to number *upto*, None where there is none."""
        if not self._waiting:
            before = self._read
            self._fill(upto)
            if not self._waiting:
                return Batch((), self._read) if self._read != before else None
        events = self._cut()
        last = events[-1]
        return Batch(events, Place(last.n, last.i) if self._waiting else self._read)

    def reaches(self, n: int) -> bool:
        """Return whether the journal has a commit of number *n*.

        Raises:
            JournalError: it cannot be read.
        """
        return self._index.model.catch_up() >= n

    def close(self) -> None:
        """Remove what was kept on disk meanwhile."""
        if self._gap is not None:
            self._gap.close()
            self._gap = None

    def _cut(self) -> tuple[EventRecord, ...]:
        events: list[EventRecord] = []
        size = 0
        while self._waiting and len(events) < self._size:
            size += len(encoded(self._waiting[0]))
            if events and size > BATCH_BYTES:
                break
            events.append(self._waiting.popleft())
        return tuple(events)

    def _fill(self, upto: int) -> None:
        """Read the next events that are wanted, as many as fit."""
        while not self._waiting and self._read.key < Place(upto).key:
            if self._gap is not None:
                self._fill_from_gap(self._gap)
                continue
            window = self._index.window(self._read, upto)
            whole_in_feed = self._read.n if self._read.i is not None else self._read.n + 1
            if window.first is not None and window.first > whole_in_feed:
                self._gap = Gap(self._gap_file, self._index, self._read)
                continue
            self._take(window.commits, window.workflows)
            self._read = Place(upto if window.whole else window.commits[-1].n)

    def _fill_from_gap(self, gap: Gap) -> None:
        commits = gap.commits(self._read)
        if commits:
            self._take(commits, self._index.workflows(commits))
            self._read = Place(commits[-1].n)
        else:
            self._read = Place(max(gap.upto - 1, self._read.n))
            self.close()

    def _take(self, commits: Sequence[Told], workflows: dict[str, str]) -> None:
        for commit in commits:
            self._waiting.extend(self._envelopes.of(commit, self._read, workflows))
