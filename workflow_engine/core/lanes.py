"""Ready runs in order, within limits.  An index that can be rebuilt from components."""

import heapq
from collections.abc import Iterator
from typing import NamedTuple


class LaneKey(NamedTuple):
    """What the limits of a run depend on: the pool of its adapter, and its classification."""

    pool: str
    classification: str


Order = tuple[int, float, str]
"""How runs queue: negated priority, submission time of the task, run id."""


class Slots:
    """How many runs of a pool, or of a classification, may be under way, how many are, and which lanes share them."""

    __slots__ = ("lanes", "most", "used")

    def __init__(self) -> None:
        self.most: int | None = None
        self.used = 0
        self.lanes: list[Lane] = []


class Lane:
    """Ready runs that share their limits.

    Attributes:
        needs: what the runs lack, as words; None where nothing.
    """

    __slots__ = ("classification", "needs", "pool", "waiting")

    def __init__(self, pool: Slots, classification: Slots) -> None:
        self.pool = pool
        self.classification = classification
        self.waiting: list[Order] = []
        self.needs: str | None = None
        pool.lanes.append(self)
        classification.lanes.append(self)

    def open(self) -> bool:
        """Return whether one more run may be started."""
        pool, classification = self.pool, self.classification
        return (
            self.needs is None
            and (pool.most is None or pool.used < pool.most)
            and (classification.most is None or classification.used < classification.most)
        )


class Lanes:
    """The queue of ready runs.

    A lane whose limit is reached, or which needs something, costs nothing until that changes.
    """

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, Lane] = {}
        self._slots: dict[tuple[str, str], Slots] = {}
        self._queued: dict[str, Lane] = {}
        self._stirred: dict[Lane, None] = {}

    def lane(self, key: LaneKey) -> Lane:
        """Return the lane for runs of this pool and classification."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = Lane(self._slot("pool", key.pool), self._slot("classification", key.classification))
            self._lanes[key] = lane
        return lane

    def limit(self, scope: str, name: str, most: int | None) -> None:
        """Allow at most *most* runs at once of a pool (scope "pool") or of a classification; None for no limit."""
        slots = self._slot(scope, name)
        slots.most = most
        self._stir(slots)

    def admit(self, lane: Lane) -> bool:
        """Count a ready run as under way without queueing it, if there is room and nobody waits who might go first.

        Ask for the best first.
        """
        if self._stirred or lane.waiting or not lane.open():
            return False
        lane.pool.used += 1
        lane.classification.used += 1
        return True

    def add(self, lane: Lane, order: Order) -> None:
        """Queue a ready run."""
        heapq.heappush(lane.waiting, order)
        self._queued[order[2]] = lane
        self._stirred[lane] = None

    def discard(self, run: str) -> None:
        """Take a run out of the queue, if it is there."""
        self._queued.pop(run, None)

    def end(self, lane: Lane) -> None:
        """Count a run as no longer under way."""
        for slots in (lane.pool, lane.classification):
            if slots.used == slots.most:
                self._stir(slots)
            slots.used -= 1

    def block(self, lane: Lane, needs: str) -> None:
        """Hold a lane until `unblock`: it *needs* something that is not there."""
        lane.needs = needs

    def unblock(self) -> None:
        """Let every lane try again."""
        for lane in self._lanes.values():
            lane.needs = None
            if lane.waiting:
                self._stirred[lane] = None

    def take(self) -> Iterator[tuple[Lane, str]]:
        """Yield, best first, the runs for which there is room, and count each as under way."""
        heads = [(lane.waiting[0], index, lane) for index, lane in enumerate(self._stirred) if self._head(lane)]
        self._stirred.clear()
        heapq.heapify(heads)
        while heads:
            order, index, lane = heads[0]
            if not lane.open():
                heapq.heappop(heads)
                continue
            heapq.heappop(lane.waiting)
            del self._queued[order[2]]
            lane.pool.used += 1
            lane.classification.used += 1
            if self._head(lane):
                heapq.heapreplace(heads, (lane.waiting[0], index, lane))
            else:
                heapq.heappop(heads)
            yield lane, order[2]

    def _slot(self, scope: str, name: str) -> Slots:
        slots = self._slots.get((scope, name))
        if slots is None:
            slots = self._slots[(scope, name)] = Slots()
        return slots

    def _head(self, lane: Lane) -> bool:
        """Drop what was discarded, or queues elsewhere, from the front of a lane; return whether something is left."""
        waiting = lane.waiting
        while waiting and self._queued.get(waiting[0][2]) is not lane:
            heapq.heappop(waiting)
        return bool(waiting)

    def _stir(self, slots: Slots) -> None:
        """Look again at the lanes that share these: something that held them may have changed."""
        for lane in slots.lanes:
            if lane.waiting:
                self._stirred[lane] = None
