"""The life of an engine: opening its data, carrying tasks out, stopping."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from workflow_engine.adapter import Adapter
from workflow_engine.agents.models import Models
from workflow_engine.agents.toolbox.registered import RegisteredTools
from workflow_engine.artifacts.port import ArtifactStore
from workflow_engine.control.server import ControlServer
from workflow_engine.core.components import Json
from workflow_engine.errors import (
    EngineStopped,
)
from workflow_engine.face.registering import Registering
from workflow_engine.handlers import Handlers
from workflow_engine.history import History, NoHistory
from workflow_engine.journal.port import Journal
from workflow_engine.readmodel.indexed_history import IndexedHistory
from workflow_engine.registry import Chosen
from workflow_engine.runtime.clock import Clock
from workflow_engine.runtime.local import Committed, LocalHost
from workflow_engine.runtime.saying import Listener
from workflow_engine.runtime.session import Session


class Storage(NamedTuple):
    """Where an engine keeps what, and how it stops.

    Attributes:
        data_dir: the data directory.
        journal: makes a journal; it is passed what to call when commits are archived.
        artifacts: where artifacts are kept.
        history: where archived tasks are found, None for the index of the journal on disk.
        clock: where the time comes from.
        stop_grace: seconds that what is under way is given when the engine stops.
        on_disk: whether the journal is the one below the data directory.
        collects: whether the artifacts are the engine's alone, so that what no task refers to is removed.
    """

    data_dir: Path
    journal: Callable[[Callable[[int], None]], Journal]
    artifacts: ArtifactStore
    history: History | None
    clock: Clock
    stop_grace: float
    on_disk: bool
    collects: bool


class Opening(Registering):
    """Opens the data when it is first used, under the loop that uses it.

    Attributes:
        data_dir: where everything is kept.
        artifacts: where artifacts are kept.
    """

    def __init__(
        self,
        storage: Storage,
        adapters: Callable[[Handlers, RegisteredTools], dict[str, Adapter]],
        limits: Mapping[str, int],
        models: Models,
    ) -> None:
        """Set it up; the data is opened when it is first used."""
        super().__init__(adapters, limits, models)
        self.data_dir = storage.data_dir
        self.artifacts = storage.artifacts
        self._storage = storage
        self._history: History = NoHistory()
        self._opening: asyncio.Future[Session] | None = None
        self._background: asyncio.Task[None] | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that the engine's data was opened under; None while it is closed."""
        return self._session.loop if self._session is not None else None

    @property
    def commits(self) -> int:
        """Number of the last commit that was decided; 0 while the data is closed.  From any thread."""
        session = self._session
        return session.host.commits if session is not None else 0

    @property
    def well(self) -> bool:
        """Whether tasks are carried out, and what is decided can be stored.  From any thread."""
        session = self._live()
        return session is not None and session.serving and session.host.trouble is None

    def watch(self, watcher: Callable[[Committed], None]) -> None:
        """Have *watcher* called, on the engine's loop, with every commit that is durable: its events, and what ended.

        It must return soon and not raise; to follow events at leisure, use ``workflow-engine events``.
        """
        self._watchers.append(watcher)
        session = self._live()
        if session is not None:
            session.host.watchers.append(watcher)

    def listen(self, listener: Listener) -> None:
        """Have *listener* called, on the engine's loop, with what attempts say while they are under way.

        That is not kept anywhere: the words of a model as they come, and what handlers `Task.say`.  It must return
        soon.
        """
        self._listeners.append(listener)

    async def open(self) -> None:
        """Open the data under this loop; `run`, and whatever is asked of the engine, do so by themselves.

        Raises:
            JournalLocked: another engine has the data.
            JournalDamaged: the journal holds something that was never written.
        """
        await self._opened()

    async def run(self) -> None:
        """Carry tasks out until `stop` is called; then finish or hand back what is under way, and close the data.

        Raises:
            JournalLocked: another engine has the data.
            JournalDamaged: the journal holds something that was never written.
            JournalError: the journal failed while running.
        """
        session = await self._opened()
        if session.serving:
            raise EngineStopped("the engine is running already; one `run` is enough for every task")
        control = self._control(session)
        try:
            await session.serve(self._storage.stop_grace, control.withdraw if control is not None else None)
        finally:
            self._session = None
            if control is not None:
                await control.finish()

    def _control(self, session: Session) -> ControlServer | None:
        """Begin to take calls from other processes, where that can be; the engine itself knows how."""
        return None

    def stop(self) -> None:
        """Let `run` end soon.  From any thread, and as often as you like; does nothing while nothing runs."""
        session = self._session
        if session is not None and not session.loop.is_closed():
            session.loop.call_soon_threadsafe(session.stop.set)

    async def __aenter__(self) -> Self:
        """Open the data and carry tasks out until the block ends."""
        await self._opened()
        self._background = asyncio.get_running_loop().create_task(self.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and close the data."""
        self.stop()
        if self._background is not None:
            await self._background
            self._background = None

    async def close(self) -> None:
        """Close the data of an engine that was used but not run; `run` and ``async with`` do so by themselves."""
        session = self._session
        if session is None:
            return
        if session.serving:
            self.stop()
        else:
            self._session = None
            await (session.release() if session.loop.is_closed() else session.close())

    def _live(self) -> Session | None:
        """Return the session, if the data is open under a loop that is still alive."""
        session = self._session
        return session if session is not None and not session.loop.is_closed() else None

    async def _opened(self) -> Session:
        """Return the session, opening the data where that has not been done."""
        if (session := self._live()) is not None:
            return session
        if self._opening is not None and not self._opening.get_loop().is_closed():
            return await asyncio.shield(self._opening)
        self._opening = asyncio.ensure_future(self._open())
        try:
            return await self._opening
        finally:
            self._opening = None

    async def _open(self) -> Session:
        if self._session is not None:  # opened under a loop that was closed since, between two calls of asyncio.run
            await self._session.release()
        storage = self._storage
        self._history = storage.history or (IndexedHistory(self.data_dir) if storage.on_disk else NoHistory())
        session = Session(
            storage.journal,
            storage.clock,
            storage.artifacts,
            self._adapters,
            self._hooks,
            self._classified,
            self._branch,
            self._provide,
            self._history,
            storage.data_dir if storage.collects else None,
        )
        session.host.watchers.extend(self._watchers)
        session.listeners = self._listeners
        await session.open(self._limits)
        self._session = session
        self._workflows.define_all(session.host)
        return session

    def _classified(self, word: Any) -> tuple[str, str | None]:
        return self._defined(self._workflows.classified(word))

    def _branch(self, name: str, data: Json) -> tuple[str, str | None]:
        return self._defined(self._workflows.branch(name, data, self._hosting().core))

    def _defined(self, chosen: Chosen) -> tuple[str, str | None]:
        self._workflows.define(chosen, self._hosting())
        return chosen.digest, chosen.start

    def _hosting(self) -> LocalHost:
        session = self._session
        if session is None:
            raise EngineStopped("the engine is stopped")
        return session.host
