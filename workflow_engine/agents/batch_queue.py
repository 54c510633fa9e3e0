"""The queue of turns that wait for a batch: what is sent when, and what is where.  No I/O, no clock."""

import heapq
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

GATHER: Final = 1.0
"""Seconds from the first turn to a batch that could be sent at once: tasks that come together share it."""

SLACK: Final = 600.0
"""Seconds by which the clocks of a provider and of this machine may differ."""

LOOK_FIRST: Final = 5.0
LOOK_MOST: Final = 60.0
GROWTH: Final = 1.5
"""Seconds from one look at a batch to the next: the first and the longest pause, and the growth."""


class Line(NamedTuple):
    """What may share a batch; see `workflow_engine.spec.parts.Batch`."""

    model: str
    size: int
    wait: float


class Turn(msgspec.Struct, frozen=True):
    """A turn that waits.

    Attributes:
        id: of its request.
        question: id of the question that is to be answered.
        line: what it may share a batch with.
        asked: when the question was asked, engine time in seconds.
        expires: when the model is asked live instead, likewise.
        queued: since when it waits to be sent, likewise.
        tries: how many batches had no reply for it.
    """

    id: str
    question: str
    line: Line
    asked: float
    expires: float
    queued: float
    tries: int = 0


class Doubt(NamedTuple):
    """A turn may be in a batch that is not known here.

    Attributes:
        since: when the batch was sent at the earliest, engine time in seconds.
        until: when it must have turned up in the provider's list, likewise.
    """

    since: float
    until: float


class Outstanding(msgspec.Struct, frozen=True):
    """A batch whose results have not been taken yet.

    Attributes:
        id: the provider's name for it.
        line: what is in it.
        turns: ids of the requests that are ours.
        count: how many requests there are in all.
        sent: when, in seconds since the epoch.
        look: when it is looked at next, engine time in seconds.
        pause: seconds from then to the look after it.
        found: whether it was found in the provider's list, so that there may be others.
    """

    id: str
    line: Line
    turns: tuple[str, ...]
    count: int
    sent: float
    look: float
    pause: float = LOOK_FIRST
    found: bool = False


class BatchQueue:
    """Each turn is at one of three places: in its line, in an outstanding batch, or in doubt.

    Attributes:
        turns: all that wait, by id.
        doubts: those in doubt, by id.
        batches: by id.
        search: when the provider's list is looked at next, if any turn is in doubt; engine time in seconds.
    """

    def __init__(self) -> None:
        self.turns: dict[str, Turn] = {}
        self.doubts: dict[str, Doubt] = {}
        self.batches: dict[str, Outstanding] = {}
        self.search = 0.0
        self._lines: dict[Line, dict[str, Turn]] = {}
        self._held: dict[Line, float] = {}
        self._batch: dict[str, str] = {}
        self._expiring: list[tuple[float, str]] = []

    # ------------------------------------------------------------ turns

    def add(self, turn: Turn, doubt: Doubt | None = None) -> None:
        """Take in a turn that is not known yet."""
        if turn.id not in self.turns:
            heapq.heappush(self._expiring, (turn.expires, turn.id))
            self._place(turn, doubt)

    def drop(self, turn: str) -> None:
        """Forget a turn, wherever it is."""
        found = self.turns.pop(turn, None)
        if found is not None:
            self._lift(found)

    def again(self, turn: Turn, now: float) -> None:
        """Have a turn sent once more that its batch had no reply for."""
        batch = self.batches[self._batch[turn.id]]
        later = msgspec.structs.replace(turn, queued=now, tries=turn.tries + 1)
        # It may have been sent again already, by an engine that then died.
        self._place(later, Doubt(batch.sent, now) if batch.found else None)

    def expired(self, now: float) -> list[Turn]:
        """Return the turns that have waited for too long."""
        if self._next_expiry() > now:
            return []
        return [self.turns[turn] for expires, turn in self._expiring if expires <= now and turn in self.turns]

    # ------------------------------------------------------------ sending

    def cut(self, now: float) -> tuple[Turn, ...]:
        """Return the turns of the next batch to be sent; empty where none is to be sent yet."""
        for line, turns in self._lines.items():
            if self._due(line) <= now:
                return tuple(turns.values())[: line.size]
        return ()

    def sending(self, turns: Iterable[Turn], now: float, grace: float) -> None:
        """Note that a batch of *turns* is about to be sent: until it has an id, nobody knows whether there is one."""
        for turn in turns:
            self._place(turn, Doubt(now, now + grace))
        self.search = now + LOOK_FIRST

    def sent(self, batch: str, turns: Sequence[Turn], now: float) -> None:
        """Note that they were."""
        ids = tuple(turn.id for turn in turns)
        self._watch(Outstanding(batch, turns[0].line, ids, len(ids), now, now + LOOK_FIRST))

    def hold(self, line: Line, until: float) -> None:
        """Send nothing of a line for a while."""
        self._held[line] = until

    # ------------------------------------------------------------ batches

    def found(self, batch: str, ids: Sequence[str], sent: float, now: float) -> None:
        """Take over a batch of the provider's list, if any of the turns in doubt is in it; the oldest batch first."""
        mine = [turn for turn in ids if turn in self.turns and self._doubted(turn)]
        for turn in mine:
            if turn in self._batch:  # it was sent again, so that the batch before had no reply for it
                self.turns[turn] = msgspec.structs.replace(self.turns[turn], tries=self.turns[turn].tries + 1)
        if mine:
            line = self.turns[mine[0]].line
            self._watch(Outstanding(batch, line, tuple(mine), len(ids), sent, now, found=True))

    def trust(self, unread: Sequence[float], now: float) -> None:
        """Put the turns in their lines that are in no batch.

        Args:
            unread: when the batches were sent of which nobody can say what is in them.
            now: engine time, in seconds.
        """
        latest = max(unread, default=float("-inf")) + SLACK
        for turn, doubt in list(self.doubts.items()):
            if doubt.until <= now and latest < doubt.since:
                self._place(self.turns[turn], None)

    def within(self, batch: Outstanding) -> list[Turn]:
        """Return the turns that wait for a batch."""
        return [self.turns[turn] for turn in batch.turns if self._batch.get(turn) == batch.id]

    def batch(self, turn: str) -> Outstanding | None:
        """Return the batch that a turn waits for, or None."""
        name = self._batch.get(turn)
        return self.batches[name] if name is not None else None

    def later(self, batch: Outstanding, now: float) -> None:
        """Look at a batch again after a while."""
        pause = min(batch.pause * GROWTH, LOOK_MOST)
        self.batches[batch.id] = msgspec.structs.replace(batch, look=now + batch.pause, pause=pause)

    def done(self, batch: Outstanding) -> None:
        """Forget a batch that no turn waits for any more."""
        del self.batches[batch.id]

    # ------------------------------------------------------------ time

    def next_due(self) -> float | None:
        """Return when something is to be done next, engine time in seconds, or None."""
        moments = [self._due(line) for line in self._lines]
        moments += [batch.look for batch in self.batches.values()]
        moments += [self.search] if self.doubts else []
        moments.append(self._next_expiry())
        soonest = min(moments)
        return None if soonest == float("inf") else soonest

    def sends(self, turn: Turn) -> float | None:
        """Return when a turn that is in its line is sent at the latest, or None where it is elsewhere."""
        return self._due(turn.line) if turn.id in self._lines.get(turn.line, ()) else None

    def _due(self, line: Line) -> float:
        turns = self._lines[line]
        first = next(iter(turns.values())).queued
        outstanding = any(batch.line == line for batch in self.batches.values())
        due = first + (line.wait if outstanding else min(GATHER, line.wait))
        if len(turns) >= line.size:
            due = first
        return max(due, self._held.get(line, 0.0))

    def _next_expiry(self) -> float:
        while self._expiring and self._expiring[0][1] not in self.turns:
            heapq.heappop(self._expiring)
        return self._expiring[0][0] if self._expiring else float("inf")

    # ------------------------------------------------------------ places

    def _place(self, turn: Turn, doubt: Doubt | None) -> None:
        self._lift(turn)
        self.turns[turn.id] = turn
        if doubt is not None:
            self.doubts[turn.id] = doubt
        else:
            self._lines.setdefault(turn.line, {})[turn.id] = turn

    def _watch(self, batch: Outstanding) -> None:
        for turn in batch.turns:
            self._lift(self.turns[turn])
            self._batch[turn] = batch.id
        self.batches[batch.id] = batch

    def _lift(self, turn: Turn) -> None:
        self.doubts.pop(turn.id, None)
        self._batch.pop(turn.id, None)
        line = self._lines.get(turn.line)
        if line is not None and line.pop(turn.id, None) is not None and not line:
            del self._lines[turn.line]

    def _doubted(self, turn: str) -> bool:
        batch = self.batch(turn)
        return turn in self.doubts or (batch is not None and batch.found)
