"""The runner of a sink: takes batches from its source to it, in a thread of its own, for as long as that takes."""

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from workflow_engine.errors import EngineError, PermanentFailure, TransientFailure
from workflow_engine.sinks.kept import Kept, SinkState
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import Sink
from workflow_engine.sinks.source import Batch, Source

LOG: Final = logging.getLogger(__name__)

SAVE_EVERY: Final = 0.25
"""Seconds between two times that a cursor is kept, where batches are large: what is told again after a crash."""

LOOK_AGAIN: Final = 1.0
"""Seconds between two looks whether somebody wants something skipped, while a delivery fails."""

RETRY_AFTER_MAX: Final = 3_600.0
"""Seconds that a receiver may ask for, at most."""

BUSY_MAX: Final = 60.0
"""Seconds after which a delivery that is still under way is told as an error."""


class Retries(NamedTuple):
    """How a delivery is repeated; see `workflow_engine.sinks.settings.Sending`."""

    initial: float = 1.0
    max: float = 300.0
    refusals_max: int = 8


class Runner:
    """Delivers to one sink.

    Args:
        kept: what is kept of it.
        make: makes the sink; called in the runner's thread, again and again where it fails.
        source: gives the batches.
        upto: gives the number of the commit up to which events may be told.
        clean: takes secrets out of what is said of errors.
        retries: see there.
        at_once: whether the cursor is kept after each batch.
    """

    def __init__(
        self,
        kept: Kept,
        make: Callable[[], Sink],
        source: Source,
        upto: Callable[[], int],
        clean: Callable[[str], str],
        retries: Retries,
        at_once: bool,
    ) -> None:
        self._kept = kept
        self._make = make
        self._source = source
        self._upto = upto
        self._clean = clean
        self._retries = retries
        self._at_once = at_once
        self._state = SinkState()
        self._saved_at = 0.0
        self._dirty = False
        self._busy_since: float | None = None
        self._news = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sink {kept.name}", daemon=True)

    @property
    def state(self) -> SinkState:
        """Where the sink stands now."""
        state, busy_since = self._state, self._busy_since
        behind = max(0, self._upto() - state.cursor.n)
        if state.error is None and busy_since is not None and time.time() - busy_since > BUSY_MAX:
            error = f"the delivery under way takes {time.time() - busy_since:.0f} s already"
            state = msgspec.structs.replace(state, error=error, since=busy_since)
        return msgspec.structs.replace(state, behind=behind, busy_since=busy_since)

    def start(self, begin: Callable[[], Place]) -> None:
        """Begin; a sink that is new begins at the place that *begin* gives.

        Raises:
            ConfigError: what is kept of the sink cannot be read.
        """
        kept = self._kept.load()
        self._state = kept if kept is not None else SinkState(begin())
        if kept is None:
            self._kept.save(self._state)
        self._thread.start()

    def news(self) -> None:
        """Have it look for more."""
        self._news.set()

    def finish(self) -> None:
        """Have it deliver what there is, and end; it ends at once where it fails."""
        self._closing.set()
        self._news.set()

    def join(self, timeout: float) -> bool:
        """Wait for its end, for so many seconds; return whether it has come and nothing is left to deliver."""
        if self._thread.is_alive():
            self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive() and self._state.cursor.n >= self._upto()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        tries = 0
        while True:
            try:
                with self._kept.alone() as alone:
                    if alone:
                        self._serve()
                        return
                self._fail("another process delivers to this sink; it goes on here when that ends", None)
                if self._closing.wait(LOOK_AGAIN):
                    return
            except (EngineError, OSError) as error:
                tries += 1
                self._fail(f"what is kept of the sink cannot be used: {error}", None, tries)
                if not self._pause(tries, None):
                    return
            except Exception as error:  # a defect of ours, which must not be silent
                LOG.exception("sink %s stops", self._kept.name)
                self._fail(f"it has stopped: {error!r}; run the engine again", None)
                return

    def _serve(self) -> None:
        kept = self._kept.load()  # whoever was alone before may have come further
        self._state = kept if kept is not None else self._state
        self._source.begin(self._state.cursor)
        sink = self._made()
        if sink is None:
            return
        try:
            while (batch := self._next()) is not None:
                if not self._deliver(sink, batch):
                    break
        finally:
            self._source.close()
            self._save()
            try:
                sink.close()
            except Exception:  # other people's code
                LOG.warning("sink %s could not be closed", self._kept.name, exc_info=True)

    def _made(self) -> Sink | None:
        """Return the sink, None where the end came first."""
        tries = 0
        while True:
            try:
                made = self._make()
                self._recover()
                return made
            except Exception as error:  # other people's code, and settings that may be mended
                tries += 1
                self._fail(_said(error), None, tries)
                if not self._pause(tries, None):
                    return None

    def _next(self) -> Batch | None:
        """Return the next batch, None at the end."""
        tries = 0
        while True:
            closing = self._closing.is_set()
            self._news.clear()
            self._heed_skip(None)
            try:
                self._heed_restored()
                batch = self._source.next(self._upto())
            except (EngineError, OSError, sqlite3.Error) as error:
                tries += 1
                self._fail(f"events cannot be read: {error}", None, tries)
                if not self._pause(tries, None):
                    return None
                continue
            if tries:
                self._recover()
                tries = 0
            if batch is not None:
                return batch
            if closing:
                return None
            self._news.wait(max(0.0, self._saved_at + SAVE_EVERY - time.monotonic()) if self._dirty else None)
            if self._dirty and not self._news.is_set():
                self._save()

    def _deliver(self, sink: Sink, batch: Batch) -> bool:
        """Deliver a batch, or set it aside; return False where the end came first."""
        tries = refusals = 0
        while batch.events and (error := self._tried(sink, batch)) is not None:
            tries += 1
            refusals += isinstance(error, PermanentFailure)
            self._fail(_said(error), batch, tries)
            if isinstance(error, PermanentFailure) and refusals == self._retries.refusals_max:
                return self._set_aside(batch, _said(error), tries)
            if not self._pause(tries, error):
                return False
            if self._heed_skip(batch):
                return True
        self._acknowledge(batch)
        return True

    def _tried(self, sink: Sink, batch: Batch) -> Exception | None:
        """Try once; return what went wrong, None where nothing did."""
        self._busy_since = time.time()
        try:
            sink.deliver(batch.events)
        except Exception as error:  # other people's code
            return error
        finally:
            self._busy_since = None
        return None

    def _acknowledge(self, batch: Batch) -> None:
        delivered = len(batch.events)
        self._state = msgspec.structs.replace(
            self._state,
            cursor=batch.end,
            delivered=self._state.delivered + delivered,
            last_delivered_at=time.time() if delivered else self._state.last_delivered_at,
        )
        self._dirty = True
        if delivered:
            self._recover()
        if (delivered and self._at_once) or time.monotonic() - self._saved_at >= SAVE_EVERY:
            self._save()

    def _set_aside(self, batch: Batch, why: str, tries: int) -> bool:
        why = self._clean(why)
        try:
            self._kept.set_aside(batch.events, why, tries)
        except OSError as error:
            self._fail(f"what is refused cannot be set aside: {error}", batch, tries)
            return self._pause(tries, None) and self._set_aside(batch, why, tries)
        LOG.error(
            "sink %s: %d events were set aside in %s: %s", self._kept.name, len(batch.events), self._kept.dead, why
        )
        self._state = msgspec.structs.replace(
            self._state, cursor=batch.end, dead=self._state.dead + len(batch.events), tries=0, failing=None
        )
        self._save()
        return True

    # ------------------------------------------------------------ what somebody wants

    def _heed_skip(self, batch: Batch | None) -> bool:
        """Leave out what somebody wants left out, *batch* included where it is; return whether anything was."""
        upto = self._kept.asked_to_skip()
        if upto is None:
            return False
        if upto.key <= self._state.cursor.key:
            self._kept.skipped()
            return False
        events = batch.events if batch is not None else ()
        aside = [event for event in events if (event.n, event.i) <= upto.key]
        if aside:
            self._kept.set_aside(aside, f"skipped: {self._state.error}", self._state.tries)
        end = batch.end if batch is not None and len(aside) == len(events) else upto
        if batch is None or upto.key > end.key:
            self._kept.note_skipped(self._state.cursor if batch is None else end, upto)
            end = upto
        if end == upto:
            self._source.begin(end)  # what was read behind it is read again
        dead = self._state.dead + len(aside)
        self._state = msgspec.structs.replace(self._state, cursor=end, dead=dead)
        self._recover()
        self._save()
        self._kept.skipped()
        return True

    def _heed_restored(self) -> None:
        """Go back to the end of the journal where that is behind us: older data were put in its place."""
        upto = self._upto()
        if upto and self._state.cursor.n > upto and not self._source.reaches(self._state.cursor.n):
            LOG.warning("sink %s was at commit %s; the journal ends at %d", self._kept.name, self._state.cursor, upto)
            self._state = msgspec.structs.replace(self._state, cursor=Place(upto))
            self._source.begin(self._state.cursor)
            self._save()

    # ------------------------------------------------------------ what is wrong

    def _fail(self, why: str, batch: Batch | None, tries: int = 1) -> None:
        state, why = self._state, self._clean(why)
        if state.error != why:
            LOG.warning("sink %s: %s", self._kept.name, why)
        failing = (batch.events[0].id, batch.events[-1].id) if batch is not None else None
        since = state.since if state.error is not None else time.time()
        self._state = msgspec.structs.replace(state, error=why, since=since, tries=tries, failing=failing)
        self._save(durably=False)

    def _recover(self) -> None:
        """Note that nothing is wrong any more."""
        if self._state.error is not None:
            LOG.info("sink %s goes on", self._kept.name)
            self._state = msgspec.structs.replace(self._state, error=None, since=None, tries=0, failing=None)
            self._dirty = True

    def _pause(self, tries: int, error: Exception | None) -> bool:
        """Wait before the next try, or until somebody wants to skip; return False where the end came first."""
        pause = min(self._retries.max, self._retries.initial * 2.0 ** min(tries - 1, 40)) * random.uniform(0.5, 1.0)
        if isinstance(error, TransientFailure) and error.retry_after is not None:
            pause = max(pause, min(error.retry_after, RETRY_AFTER_MAX))
        deadline = time.monotonic() + pause
        while (left := deadline - time.monotonic()) > 0:
            if self._closing.wait(min(left, LOOK_AGAIN)):
                return False
            if self._kept.asked_to_skip() is not None:
                return True
        return not self._closing.is_set()

    def _save(self, *, durably: bool = True) -> None:
        """Keep the state; where that fails, it is kept the next time, and meanwhile a crash repeats more."""
        try:
            self._kept.save(self._state, durably=durably)
        except OSError as error:
            LOG.warning("sink %s: its cursor cannot be kept: %s", self._kept.name, error)
            return
        self._saved_at = time.monotonic()
        self._dirty = False


def _said(error: Exception) -> str:
    """Return what is wrong as a sentence."""
    return str(error) if isinstance(error, EngineError | OSError) and str(error) else repr(error)
