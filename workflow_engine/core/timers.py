"""Due times of runs and questions, earliest first.  An index that can be rebuilt from components."""

import heapq
from collections.abc import Iterator


class Timers:
    """At most one due time a key, in seconds of engine time."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._due)

    def set(self, key: str, due: float) -> None:
        """Set the due time of *key*, in place of the one it has."""
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        # Times that were replaced or dropped stay in the heap until they surface; when most of it is such, remake it.
        if len(self._heap) > 2 * len(self._due) + 1_000:
            self._heap = [(time, name) for name, time in self._due.items()]
            heapq.heapify(self._heap)

    def drop(self, key: str) -> None:
        """Forget *key*, if it has a due time."""
        self._due.pop(key, None)

    def next(self) -> float | None:
        """Return the earliest due time, or None."""
        while self._heap:
            due, key = self._heap[0]
            if self._due.get(key) == due:
                return due
            heapq.heappop(self._heap)
        return None

    def pop(self, now: float) -> Iterator[str]:
        """Take out the keys that are due at *now*, earliest first, equal times by key.

        One by one: a key that is dropped on account of one before it does not come.
        """
        while (due := self.next()) is not None and due <= now:
            key = heapq.heappop(self._heap)[1]
            del self._due[key]
            yield key
