"""The sinks of an engine: each gets what was decided, at its own pace."""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workflow_engine.errors import ConfigError
from workflow_engine.sinks.asked import Desk
from workflow_engine.sinks.envelopes import Envelopes
from workflow_engine.sinks.index import Index
from workflow_engine.sinks.kept import Kept, SinkState
from workflow_engine.sinks.making import make
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import Sink
from workflow_engine.sinks.redaction import Redaction
from workflow_engine.sinks.runner import Retries, Runner
from workflow_engine.sinks.settings import NAME, RedactSettings, Sending, SinkSettings
from workflow_engine.sinks.source import Source
from workflow_engine.sinks.tail import Tail

if TYPE_CHECKING:
    from workflow_engine.runtime.local import Committed


class Watched(Protocol):
    """An engine, as far as sinks need one."""

    @property
    def data_dir(self) -> Path:
        """Its data directory."""
        ...

    def watch(self, watcher: "Callable[[Committed], None]") -> None:
        """Have *watcher* called with every commit that is durable."""
        ...


class Sinks:
    """Delivers what was decided in a data directory to sinks.

        sinks = Sinks(engine, settings.sinks)
        sinks.add("mine", MySink())
        sinks.start()       # before the engine opens its data
        ...
        sinks.close(5.0)    # after it was stopped

    The journal is the outbox: each sink has a thread, and a cursor that is kept in ``<data directory>/sinks``.  What a
    sink has not got, it gets in the next life.  Nothing here is ever waited for by an engine.
    """

    def __init__(
        self,
        of: Watched | Path | str,
        settings: Mapping[str, SinkSettings] | None = None,
        *,
        public_url: str | None = None,
        redact: RedactSettings | None = None,
        secrets: Iterable[str] = (),
        catch_up: bool = True,
    ) -> None:
        """Set it up; nothing is opened before `start`.

        Args:
            of: the engine, or its data directory, where the engine runs in another process.
            settings: of the sinks, by name.
            public_url: where people reach the dashboard, for links; None for no links.
            redact: what is taken out of events beside what is taken out anyway.
            secrets: secrets that are known, beside those of these settings and of the environment.
            catch_up: whether to bring the index up to date here; False where a process of its own does.

        Raises:
            ConfigError: a name cannot be one.
        """
        settings = settings or {}
        self._engine = None if isinstance(of, Path | str) else of
        self._data_dir = Path(of) if isinstance(of, Path | str) else of.data_dir
        references = [text for one in settings.values() for text in one.references()]
        self._redaction = Redaction(redact, references, secrets)
        self._index = Index(self._data_dir)
        self._desk = Desk(self._index.model, self._redaction, public_url)
        self._tail = Tail(self._index, catch_up, self._tell)
        self._lock = threading.Lock()
        self._runners: dict[str, Runner] = {}
        self._begins: dict[str, str] = {}
        self._started = False
        for name, one in settings.items():
            self._add(name, partial(make, one, self._data_dir, self._desk), one)

    def add(self, name: str, sink: Sink, settings: Sending | None = None) -> None:
        """Have a sink of a program's own get events, too.

        Args:
            name: under which its cursor is kept; the same in every life.
            sink: see there.
            settings: which events, from where on, and how they are repeated.

        Raises:
            ConfigError: the name is taken, or cannot be one.
        """
        self._add(name, lambda: sink, settings or Sending())

    def start(self) -> None:
        """Begin to deliver; once in the life of the object.

        Where a sink is new and begins with what happens from now on, this brings the index up to date first, so that
        "now" is the moment of the call.  Start before the engine opens its data.

        Raises:
            ConfigError: what is kept of a sink cannot be read.
            JournalError: the journal cannot.
        """
        with self._lock:
            if self._started or not self._runners:
                return
            self._started = True
            for name, runner in self._runners.items():
                runner.start(partial(self._begin, name))
        if self._engine is not None:
            self._tail.attached()
            self._engine.watch(self._tail.committed)
        self._tail.start()

    def close(self, timeout: float = 5.0) -> tuple[str, ...]:
        """Deliver what there is, within so many seconds, and end.

        Returns:
            The names of the sinks that have not got everything; they get it in the next life.
        """
        if not self._started:
            return ()
        deadline = time.monotonic() + timeout
        self._tail.close(timeout)
        for runner in self._runners.values():
            runner.finish()
        joined = {name: runner.join(deadline - time.monotonic()) for name, runner in self._runners.items()}
        return tuple(name for name, whole in joined.items() if self._tail.is_behind or not whole)

    def states(self) -> dict[str, SinkState]:
        """Return where each sink stands, by name; errors say what is wrong."""
        return {name: runner.state for name, runner in self._runners.items()}

    @property
    def error(self) -> str | None:
        """Why sinks cannot see what happens, as a sentence, or None."""
        return self._tail.error

    def _add(self, name: str, maker: Callable[[], Sink], settings: Sending) -> None:
        if not re.fullmatch(NAME, name):
            raise ConfigError(f"{name!r} cannot be the name of a sink; use a letter, then letters, digits, - and _")
        with self._lock:
            if name in self._runners:
                raise ConfigError(f"there is a sink {name!r} already; give this one another name")
            kept = Kept(self._data_dir, name)
            envelopes = Envelopes(self._redaction, settings.events, settings.workflows)
            runner = Runner(
                kept,
                maker,
                Source(self._index, envelopes, kept.gap, settings.batch),
                lambda: self._tail.upto,
                self._redaction.text,
                Retries(settings.retry_initial, settings.retry_max, settings.refusals_max),
                at_once=settings.batch == 1,
            )
            self._runners[name] = runner
            self._begins[name] = settings.begin
            if self._started:
                runner.start(partial(self._begin, name))

    def _begin(self, name: str) -> Place:
        if self._begins[name] == "beginning" or not self._index.exists():
            return Place()
        return Place(self._index.model.catch_up())

    def _tell(self) -> None:
        for runner in list(self._runners.values()):
            runner.news()
