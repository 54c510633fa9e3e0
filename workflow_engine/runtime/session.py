"""A session: one opening of an engine's data, from taking the lock to releasing it."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from workflow_engine.adapter import Adapter, Explains
from workflow_engine.artifacts.port import ArtifactStore
from workflow_engine.collector import SeldomCollecting
from workflow_engine.core.components import Question
from workflow_engine.core.inputs import Input, Limit, Serving
from workflow_engine.errors import JournalError
from workflow_engine.history import History
from workflow_engine.hooks import Hooks
from workflow_engine.journal.port import Journal
from workflow_engine.runtime.clock import Clock
from workflow_engine.runtime.collecting import ArtifactCollector
from workflow_engine.runtime.inbox import HostInbox
from workflow_engine.runtime.local import LocalHost
from workflow_engine.runtime.performing import AdapterPerformer, Resolve
from workflow_engine.runtime.saying import Listener, Said, tell
from workflow_engine.runtime.scope import Branching
from workflow_engine.runtime.services import Services

LOG: Final = logging.getLogger("workflow_engine")


class Session:
    """Host and performer over one opened journal.

    Attributes:
        loop: the event loop everything runs on.
        thread: the thread of that loop.
        host: decides and commits.
        stop: set to let `serve` end.
        serving: whether runs are carried out.
        listeners: told what attempts say while they are under way.
    """

    def __init__(
        self,
        make_journal: Callable[[Callable[[int], None]], Journal],
        clock: Clock,
        artifacts: ArtifactStore,
        adapters: Mapping[str, Adapter],
        hooks: Hooks,
        resolve: Resolve,
        branch: Branching,
        missing: Callable[[str], None],
        history: History,
        collected: Path | None = None,
    ) -> None:
        """Set it up; nothing is opened yet.

        Args:
            make_journal: makes the journal; it is passed what to call when commits are archived.
            clock: where the time comes from.
            artifacts: where artifacts are kept.
            adapters: who carries runs out, by task type.
            hooks: who is told of tasks that end.
            resolve: see there.
            branch: see there.
            missing: called with a task type that no adapter is registered for.
            history: where tasks that were archived are found.
            collected: the data directory of the journal, if *artifacts* are its tasks' alone: what none of them refers
                to is then removed.
        """
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.artifacts = artifacts
        self.branch = branch
        self.listeners: list[Listener] = []
        self.stop = asyncio.Event()
        self.serving = False
        self._collecting = SeldomCollecting()
        self._hooks = hooks
        self._history = history
        self._forgetting: set[asyncio.Task[None]] = set()
        self.host = LocalHost(make_journal(self._archived), clock)
        chores = [ArtifactCollector(self.host.core.artifacts, artifacts, collected)] if collected is not None else []
        self._services = Services(adapters, chores, lambda adapter: HostInbox(self.host, adapters, adapter))
        self.performer = AdapterPerformer(self.host, self._services.ready, self, resolve, missing)
        self.host.performer = self.performer
        self.host.watchers.append(lambda committed: hooks.ended(committed.ended))
        self._announcing: set[asyncio.Task[None]] = set()

    async def open(self, limits: Mapping[tuple[str, str], int | None]) -> None:
        """Take the journal and restore the world."""
        for warning in await self.host.open():
            LOG.warning("%s", warning)
        for (scope, name), most in limits.items():
            self.host.send(Limit(scope, name, most))

    def said(self, said: Said) -> None:
        """Tell whoever listens what an attempt says."""
        tell(self.listeners, said)

    async def ask(self, make: Callable[[int], Input]) -> Any:
        """See `LocalHost.ask`."""
        return await self.host.ask(make)

    def about(self, question: Question) -> str | None:
        """Return what an adapter says of an open question, or None."""
        kind = self.host.core.adapter(question.id.rpartition("/")[0])
        adapter = self._services.ready.get(kind or "")
        return adapter.about(question) if isinstance(adapter, Explains) else None

    def announce(self) -> None:
        """Tell the core that something new can be carried out, if anything is carried out here."""
        if self.serving:
            work = self.loop.create_task(self._announce())
            self._announcing.add(work)
            work.add_done_callback(self._announcing.discard)

    def counts(self) -> dict[str, Any]:
        """Return what is said of an engine that runs: live tasks, attempts under way, commits, and what is wrong."""
        host = self.host
        return {
            "live": host.core.tasks(),
            "under_way": host.core.under_way(),
            "commits": host.commits,
            "trouble": host.trouble,
        }

    async def serve(self, grace: float, ending: Callable[[], None] | None = None) -> None:
        """Carry runs out until `stop` is set; then give what is under way *grace* seconds, and hand the rest back.

        Args:
            grace: see above.
            ending: called when the end begins, while the journal is still locked.

        Raises:
            JournalError: the journal failed meanwhile.
            Exception: the core did, which is a defect of this package.
        """
        self.serving = True
        self._collecting.begin()
        stopped: asyncio.Future[Any] = asyncio.ensure_future(self.stop.wait())
        try:
            await self._services.start()
            self._serve_news()
            await asyncio.wait({stopped, self.host.failed}, return_when=asyncio.FIRST_COMPLETED)
        except (Exception, asyncio.CancelledError):
            await self._end(stopped, 0.0, ending)
            raise
        await self._end(stopped, grace, ending)
        if self.host.failure is not None:
            raise self.host.failure

    def _serve_news(self) -> None:
        self.host.news += 1
        self.host.send(Serving(on=True, news=self.host.news))

    async def _announce(self) -> None:
        try:
            await self._services.start()
        except Exception:
            LOG.exception("an adapter that was registered while the engine runs could not be started")
        if self.serving:
            self._serve_news()

    async def _end(self, stopped: "asyncio.Future[Any]", grace: float, ending: Callable[[], None] | None) -> None:
        stopped.cancel()
        self._collecting.end()
        if ending is not None:
            ending()
        self.serving = False
        self.performer.ending = True
        await self.close(grace)

    async def close(self, grace: float = 0.0) -> None:
        """Finish or hand back what is under way, store everything, and release the journal."""
        if not self.host.is_open:
            return
        if self.host.failure is None:
            self.host.send(Serving(on=False))
            await self.host.settled()
        await self.performer.finish(grace)
        await self._services.close()
        await self._remember()
        await self.host.close()
        await self._hooks.finish()

    async def release(self) -> None:
        """Let go of a session whose loop was closed: what was acknowledged is durable, nothing is under way."""
        await self.host.abandon()

    def _archived(self, n: int) -> None:
        forgetting = self.loop.create_task(self._forget(n))
        self._forgetting.add(forgetting)
        forgetting.add_done_callback(self._forgetting.discard)

    async def _forget(self, n: int) -> None:
        """Forget the tasks that ended up to commit *n*, once they can be looked up."""
        try:
            await self._history.archived(n)
        except (JournalError, OSError) as error:
            LOG.error("%s; tasks that ended stay in memory until the next compaction", error)
        else:
            self.host.archived(n)

    async def _remember(self) -> None:
        """Give up what `_forget` is at."""
        for forgetting in self._forgetting:
            forgetting.cancel()
        if self._forgetting:
            await asyncio.wait(self._forgetting)
