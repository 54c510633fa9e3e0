"""Streams: what is decided, sent to whoever has a page open.

The engine's loop does next to nothing for it: it leaves each commit in a queue, and only while somebody listens.  A
thread makes messages of them.
"""

import contextlib
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from typing import Final, TypeVar

import msgspec

from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import EngineStopped
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.runtime.local import Committed
from workflow_engine.runtime.saying import Said
from workflow_engine.ui.streaming.messages import Message
from workflow_engine.ui.streaming.subscriber import RESET, Subscriber

LOG: Final = logging.getLogger("workflow_engine")

T = TypeVar("T")

OPEN_MAX: Final = 128
"""Streams that may be open at once: each has a thread."""

GATHER_SECONDS: Final = 0.05
"""How long commits are gathered before messages are made of them: under load that is many in one look."""

PULSE_SECONDS: Final = 0.5
"""How often, at most, streams about the whole are told that something has changed."""

REPLAY_MAX: Final = 500
"""Events that a resumed stream is sent again; one that has missed more looks at the whole."""

COMMITS_MAX: Final = 20_000
"""Commits that may wait to be looked at; those before them are dropped, and streams are told to look anew."""


class Streams:
    """Open streams about tasks, and about the whole.

    A stream about a task is sent a message ``event`` for each of its events (``{"n", "i", "at", "event": {...}}``) and
    ``said`` for what its attempts say (see `Said`).  A stream about the whole is sent ``pulse``, at most twice a second
    (``{"n", "counts": {"TaskCompleted": 12}}``).  Both are sent ``reset`` where they have missed something.
    """

    def __init__(self, engine: ECSWorkflowEngine, model: ReadModel) -> None:
        self._model = model
        self._commits: deque[Committed] = deque(maxlen=COMMITS_MAX)
        self._said: deque[Said] = deque(maxlen=COMMITS_MAX)
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._by_task: dict[str, list[Subscriber]] = {}
        self._whole: list[Subscriber] = []
        self._open = 0
        self._n = 0
        self._counts: Counter[str] = Counter()
        self._pulsed_at = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._pump, name="workflow-engine-streams", daemon=True)
        engine.watch(self._watch)
        engine.listen(self._listen)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        self._wanted.set()
        with self._lock:
            subscribers = [*self._whole, *(one for several in self._by_task.values() for one in several)]
        for subscriber in subscribers:
            subscriber.close()

    def check_room(self) -> None:
        """Return if one more stream may be opened.

        Raises:
            EngineStopped: there are too many.
        """
        if self._open >= OPEN_MAX:
            raise EngineStopped(f"{OPEN_MAX} live pages are open, as many as may be; close some, and reload")

    @contextlib.contextmanager
    def opened(self, task: str | None, after: tuple[int, int] | None) -> Generator[Iterator[bytes]]:
        """Open a stream for as long as the block lasts.

        Args:
            task: id of a task, or None for a stream about the whole.
            after: the place of the last message that was received; what followed is sent again.

        Raises:
            EngineStopped: there are too many open streams.
        """
        subscriber = Subscriber(task)
        self._add(subscriber)
        try:
            yield self._sent(subscriber, after)
        finally:
            self._remove(subscriber)

    # ------------------------------------------------------------ on the engine's loop

    def _watch(self, committed: Committed) -> None:
        """See `ECSWorkflowEngine.watch`."""
        if self._open:
            self._commits.append(committed)
            if not self._wanted.is_set():
                self._wanted.set()

    def _listen(self, said: Said) -> None:
        """See `ECSWorkflowEngine.listen`."""
        if said.task in self._by_task:
            self._said.append(said)
            if not self._wanted.is_set():
                self._wanted.set()

    # ------------------------------------------------------------ in threads of requests

    def _add(self, subscriber: Subscriber) -> None:
        with self._lock:
            self.check_room()
            self._open += 1
            self._listed(subscriber).append(subscriber)

    def _remove(self, subscriber: Subscriber) -> None:
        with self._lock:
            self._open -= 1
            listed = self._listed(subscriber)
            listed.remove(subscriber)
            if subscriber.task is not None and not listed:
                del self._by_task[subscriber.task]

    def _listed(self, subscriber: Subscriber) -> list[Subscriber]:
        return self._whole if subscriber.task is None else self._by_task.setdefault(subscriber.task, [])

    def _sent(self, subscriber: Subscriber, after: tuple[int, int] | None) -> Iterator[bytes]:
        # A browser takes a stream for open once something has come; and it waits this long before it tries again.
        yield b"retry: 2000\n\n"
        if after is not None:
            yield b"".join(self._missed(subscriber.task, after))
        yield from subscriber.sent()

    def _missed(self, task: str | None, after: tuple[int, int]) -> Iterator[bytes]:
        """Give what a stream that is resumed has missed; what comes in the meantime it may be sent twice."""
        if task is None:
            yield RESET.encoded()
            return
        self._model.catch_up(limit_seconds=1.0)
        rows = self._model.events(task, after[0], after[1], REPLAY_MAX + 1)
        if len(rows) > REPLAY_MAX:
            yield RESET.encoded()
            return
        for row in rows:
            yield Message("event", {"n": row.n, "i": row.i, "at": row.at, "event": row.event}, (row.n, row.i)).encoded()

    # ------------------------------------------------------------ in a thread of its own

    def _pump(self) -> None:
        while not self._closed:
            # What was not told yet is told when its time has come, though nothing more happens.
            self._wanted.wait(PULSE_SECONDS if self._counts else None)
            self._wanted.clear()
            try:
                self._tell_said()
                self._tell_commits()
                self._tell_pulse()
            except Exception:
                LOG.exception("open pages were not told of something; they show it when they are loaded again")
            time.sleep(GATHER_SECONDS)

    def _tell_said(self) -> None:
        texts: dict[tuple[str, str, str, int], list[str]] = {}
        for said in _drained(self._said):
            texts.setdefault((said.task, said.phase, said.run, said.attempt), []).append(said.text)
        for (task, phase, run, attempt), words in texts.items():
            said = Said(task, phase, run, attempt, "".join(words))
            self._tell(task, Message("said", msgspec.to_builtins(said)))

    def _tell_commits(self) -> None:
        if len(self._commits) >= COMMITS_MAX:  # some may have been dropped
            for task in list(self._by_task):
                self._tell(task, RESET)
        for committed in _drained(self._commits):
            self._n = committed.n
            self._counts.update(type(event).__name__ for event in committed.events)
            if self._by_task:
                self._tell_events(committed)

    def _tell_events(self, committed: Committed) -> None:
        for i, event in enumerate(committed.events):
            if event.task in self._by_task:
                data = {"n": committed.n, "i": i, "at": committed.at, "event": msgspec.to_builtins(event)}
                self._tell(event.task, Message("event", data, (committed.n, i)))

    def _tell_pulse(self) -> None:
        now = time.monotonic()
        if self._counts and now - self._pulsed_at >= PULSE_SECONDS:
            self._pulsed_at = now
            self._tell(None, Message("pulse", {"n": self._n, "counts": dict(self._counts)}, (self._n, 0)))
            self._counts.clear()

    def _tell(self, task: str | None, message: Message) -> None:
        with self._lock:
            subscribers = list(self._whole if task is None else self._by_task.get(task, ()))
        encoded = message.encoded() if subscribers else b""
        for subscriber in subscribers:
            subscriber.put(encoded)


def _drained(queue: "deque[T]") -> Iterator[T]:
    """Give and remove what is in a queue to which another thread adds, as far as it was at the call."""
    for _ in range(len(queue)):
        yield queue.popleft()
