"""The functional adapter: handlers and programs."""

from pathlib import Path

from workflow_engine.adapter import Output, Suspend
from workflow_engine.artifacts.port import ArtifactStore
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class FunctionalAdapter:
    """Calls the handler that is registered for the phase's classification, or runs the phase's program."""

    def __init__(self, handlers: Handlers, artifacts: ArtifactStore, data_dir: Path) -> None:
        self._handlers = handlers
        self._artifacts = artifacts
        self._data_dir = data_dir

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        return await self._handlers.call(task)
