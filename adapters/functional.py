"""The functional adapter: handlers and programs."""

from pathlib import Path

from workflow_engine.adapter import Output, Suspend
from workflow_engine.adapters.program import ProgramRunner
from workflow_engine.artifacts.port import ArtifactStore
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class FunctionalAdapter:
    """Runs the phase's program, or calls the handler that is registered for its classification.

    Args:
        handlers: the registered handlers.
        artifacts: see `ProgramRunner`.
        data_dir: see `ProgramRunner`.
        grace: see `ProgramRunner`.
    """

    def __init__(self, handlers: Handlers, artifacts: ArtifactStore, data_dir: Path, *, grace: float = 5.0) -> None:
        self._handlers = handlers
        self._programs = ProgramRunner(artifacts, data_dir, grace)

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        if phase.command is not None:
            return await self._programs.run(task, phase)
        return await self._handlers.call(task)

    async def start(self) -> None:
        """See `workflow_engine.adapter.Adapter`."""
        await self._programs.start()

    async def close(self) -> None:
        """See `workflow_engine.adapter.Adapter`."""
        await self._programs.close()
