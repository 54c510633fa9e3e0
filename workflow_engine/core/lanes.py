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


class Lane:
    """Ready runs that share their limits, and how many of them are under way."""

    def __init__(self) -> None:
        self.waiting: list[Order] = []
        self.running = 0
        self.needs: str | None = None


class Lanes:
    """The queue of ready runs.  A lane whose limit is reached, or which needs something, costs nothing until that changes."""

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, Lane] = {}
        self._queued: set[str] = set()
        self._pools: dict[str, set[LaneKey]] = {}
        self._classifications: dict[str, set[LaneKey]] = {}
        self._limits: dict[tuple[str, str], int] = {}
        self._used: dict[tuple[str, str], int] = {}
        self._stirred: set[LaneKey] = set()

    def limit(self, scope: str, name: str, most: int | None) -> None:
        """Allow at most *most* runs at once of a pool (scope "pool") or of a classification; None for no limit."""
        if most is None:
            self._limits.pop((scope, name), None)
        else:
            self._limits[(scope, name)] = most
        self._stir(scope, name)

    def add(self, key: LaneKey, order: Order) -> None:
        """Queue a ready run."""
        lane = self._lane(key)
        heapq.heappush(lane.waiting, order)
        self._queued.add(order[2])
        self._stirred.add(key)

    def discard(self, run: str) -> None:
        """Take a run out of the queue, if it is there."""
        self._queued.discard(run)

    def start(self, key: LaneKey) -> None:
        """Count a run as under way that did not come through `take`."""
        self._count(self._lane(key), key, 1)

    def end(self, key: LaneKey) -> None:
        """Count a run as no longer under way."""
        self._count(self._lanes[key], key, -1)
        if self._limits:
            self._stir("pool", key.pool)
            self._stir("classification", key.classification)

    def block(self, key: LaneKey, needs: str) -> None:
        """Hold a lane until `unblock`: it *needs* something that is not there."""
        self._lane(key).needs = needs

    def needs(self, key: LaneKey) -> str | None:
        """Return what a lane is held for, or None."""
        lane = self._lanes.get(key)
        return lane.needs if lane is not None else None

    def unblock(self) -> None:
        """Let every lane try again."""
        for key, lane in self._lanes.items():
            lane.needs = None
            if lane.waiting:
                self._stirred.add(key)

    def take(self) -> Iterator[tuple[LaneKey, str]]:
        """Yield, best first, the runs for which there is room, and count each as under way."""
        heads = [(self._lanes[key].waiting[0], key) for key in self._stirred if self._head(key)]
        self._stirred.clear()
        heapq.heapify(heads)
        while heads:
            order, key = heads[0]
            lane = self._lanes[key]
            if not self._room(lane, key):
                heapq.heappop(heads)
                continue
            heapq.heappop(lane.waiting)
            self._queued.discard(order[2])
            self._count(lane, key, 1)
            if self._head(key):
                heapq.heapreplace(heads, (lane.waiting[0], key))
            else:
                heapq.heappop(heads)
            yield key, order[2]

    def _lane(self, key: LaneKey) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
            self._pools.setdefault(key.pool, set()).add(key)
            self._classifications.setdefault(key.classification, set()).add(key)
        return lane

    def _head(self, key: LaneKey) -> bool:
        """Drop what was discarded from the front of a lane; return whether something is left."""
        waiting = self._lanes[key].waiting
        while waiting and waiting[0][2] not in self._queued:
            heapq.heappop(waiting)
        return bool(waiting)

    def _room(self, lane: Lane, key: LaneKey) -> bool:
        if lane.needs is not None:
            return False
        if not self._limits:
            return True
        for scope in (("pool", key.pool), ("classification", key.classification)):
            most = self._limits.get(scope)
            if most is not None and self._used.get(scope, 0) >= most:
                return False
        return True

    def _count(self, lane: Lane, key: LaneKey, change: int) -> None:
        lane.running += change
        used = self._used
        pool, classification = ("pool", key.pool), ("classification", key.classification)
        used[pool] = used.get(pool, 0) + change
        used[classification] = used.get(classification, 0) + change

    def _stir(self, scope: str, name: str) -> None:
        """Look again at the lanes of this scope: something that held them may have changed."""
        self._stirred |= (self._pools if scope == "pool" else self._classifications).get(name, set())
