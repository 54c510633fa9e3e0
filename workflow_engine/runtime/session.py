"""A session: one opening of an engine's data, from taking the lock to releasing it."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from workflow_engine.adapter import Adapter
from workflow_engine.artifacts.port import ArtifactStore
from workflow_engine.core.inputs import Input, Limit, Serving
from workflow_engine.errors import JournalError
from workflow_engine.hooks import Hooks
from workflow_engine.journal.port import Journal
from workflow_engine.runtime.clock import Clock
from workflow_engine.runtime.local import LocalHost
from workflow_engine.runtime.performing import AdapterPerformer, Resolve

LOG: Final = logging.getLogger("workflow_engine")


class Session:
    """Host and performer over one opened journal.

    Attributes:
        loop: the event loop everything runs on.
        host: decides and commits.
        stop: set to let `serve` end.
        serving: whether runs are carried out.
    """

    def __init__(
        self,
        make_journal: Callable[[Callable[[int], None]], Journal],
        clock: Clock,
        artifacts: ArtifactStore,
        adapters: Mapping[str, Adapter],
        hooks: Hooks,
        resolve: Resolve,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.artifacts = artifacts
        self.stop = asyncio.Event()
        self.serving = False
        self._hooks = hooks
        self.host = LocalHost(make_journal(self._archived), clock)
        self.performer = AdapterPerformer(self.host, adapters, self, resolve)
        self.host.performer = self.performer
        self.host.watchers.append(lambda committed: hooks.ended(committed.ended))

    async def open(self, limits: Mapping[tuple[str, str], int | None]) -> None:
        """Take the journal and restore the world."""
        for warning in await self.host.open():
            LOG.warning("%s", warning)
        for (scope, name), most in limits.items():
            self.host.send(Limit(scope, name, most))

    async def ask(self, make: Callable[[int], Input]) -> str:
        """See `LocalHost.ask`."""
        return await self.host.ask(make)

    def announce(self) -> None:
        """Tell the core that something new can be carried out, if anything is carried out here."""
        if self.serving:
            self.host.send(Serving(on=True))

    async def serve(self, grace: float) -> None:
        """Carry runs out until `stop` is set; then give what is under way *grace* seconds, and hand the rest back.

        Raises:
            JournalError: the journal, or the core, failed meanwhile.
        """
        self.serving = True
        self.announce()
        stopped = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({stopped, self.host.failed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            self.serving = False
            await self.close(grace)
        error = self.host.failure
        if error is not None:
            raise JournalError(f"the engine has stopped: {error}") from error

    async def close(self, grace: float = 0.0) -> None:
        """Finish or hand back what is under way, store everything, and release the journal."""
        if not self.host.is_open:
            return
        if self.host.failure is None:
            self.host.send(Serving(on=False))
            await self.host.settled()
        await self.performer.finish(grace)
        await self.host.close()
        await self._hooks.finish()

    async def release(self) -> None:
        """Let go of a session whose loop was closed under it: everything acknowledged is durable, nothing is under way."""
        await self.host.abandon()

    def _archived(self, n: int) -> None:
        self.host.archived(n)


