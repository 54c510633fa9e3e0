"""A journal in memory: for tests and the simulation."""

import asyncio
from collections import deque
from collections.abc import Iterable

import msgspec

from workflow_engine.errors import JournalError
from workflow_engine.journal.folding import Folding
from workflow_engine.journal.lines import Record, encode_commit
from workflow_engine.journal.port import Commit, Recovered


class MemoryJournal:
    """Keeps the lines that a journal on disk would store, and fails when told to.  No threads, no clock.

    Attributes:
        lines: the lines that are durable, oldest first.
        trouble: what `Journal.trouble` says; set it, with `held`, to play a full disk.
        held: while True, appended commits wait for `release` before they are durable.
    """

    def __init__(self, lines: Iterable[bytes] = (), *, held: bool = False) -> None:
        """Make a journal.

        Args:
            lines: what an earlier one left, as in `lines`.
            held: see the attribute.
        """
        self.lines = list(lines)
        self.trouble: str | None = None
        self.held = held
        self._waiting: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        self._n = 0
        self._state = "new"

    async def open(self) -> Recovered:
        """Return what the lines amount to; see `Journal.open`.

        Raises:
            JournalError: this object was opened before.
        """
        if self._state != "new":
            raise JournalError("the journal in memory was opened before; make a new object, or `reopen` this one")
        self._state = "open"
        folding = Folding()
        at = 0.0
        for line in self.lines:
            record = _decode(line)
            folding.apply(record.changes, record.ended)
            self._n, at = record.n, record.at
        return Recovered(self._n, at, folding.entities, folding.ended)

    def append(self, commit: Commit) -> asyncio.Future[None]:
        """Store *commit*, at once unless `held`; see `Journal.append`."""
        if self._state != "open":
            raise JournalError("the journal in memory is not open")
        if commit.n != self._n + 1:
            raise JournalError(f"commit {commit.n} does not follow commit {self._n} in memory")
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((encode_commit(commit), future))
        self._n += 1
        if not self.held:
            self.release()
        return future

    @property
    def waiting(self) -> int:
        """How many commits wait to become durable."""
        return len(self._waiting)

    def release(self, count: int | None = None) -> None:
        """Make the oldest *count* commits that wait durable, or all of them."""
        for _ in range(len(self._waiting) if count is None else min(count, len(self._waiting))):
            line, future = self._waiting.popleft()
            self.lines.append(line)
            if not future.done():  # it may have been cancelled by whoever waited
                future.set_result(None)

    def crash(self, keep: int = 0) -> None:
        """Stop as a crash would: of the commits that wait, the oldest *keep* are stored and the others are not.

        None of them is ever acknowledged.
        """
        self.lines += [line for line, _ in list(self._waiting)[:keep]]
        self._waiting.clear()
        self._state = "crashed"

    def reopen(self) -> "MemoryJournal":
        """Return a new journal that holds what is durable here."""
        return MemoryJournal(self.lines)

    async def close(self) -> None:
        """Wait until what was appended is durable; see `Journal.close`."""
        if self._state == "open":
            self._state = "closed"
            if self._waiting:
                await asyncio.wait([future for _, future in self._waiting])


_decode = msgspec.json.Decoder(Record).decode
