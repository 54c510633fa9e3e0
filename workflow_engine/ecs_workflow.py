"""`ECSWorkflowEngine`: the public face of the engine.

engine = ECSWorkflowEngine()
engine.register_handler("greet", greet)
engine.register_workflow("hello", [Phase(target_classification="greet")])
task = await engine.submit_task({"name": "Ann"}, workflow_name="hello")
await engine.run()
"""

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from workflow_engine.adapter import Adapter, Output, Suspend
from workflow_engine.adapters.agentic import DefaultAgentAdapter
from workflow_engine.adapters.classifier import CLASSIFIER
from workflow_engine.adapters.functional import FunctionalAdapter
from workflow_engine.adapters.human import HumanAdapter
from workflow_engine.adapters.subworkflow import SubworkflowAdapter
from workflow_engine.adapters.timer import TimerAdapter
from workflow_engine.adapters.transforming import TransformAdapter
from workflow_engine.agents.models import Models
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.agents.toolbox.registered import RegisteredTools
from workflow_engine.agents.toolbox.toolbox import Toolbox
from workflow_engine.artifacts.local import LocalArtifactStore
from workflow_engine.artifacts.port import ArtifactStore
from workflow_engine.blocking import Blocking
from workflow_engine.control.server import ControlServer
from workflow_engine.core.components import TaskState
from workflow_engine.errors import InputRefused, MergeConflict
from workflow_engine.face.moving import Moving
from workflow_engine.face.opening import Storage
from workflow_engine.face.threads import on_engine_loop
from workflow_engine.forking import Fork
from workflow_engine.handlers import Handlers
from workflow_engine.history import History
from workflow_engine.journal.json_journal import SEGMENT_BYTES, Durability, JsonJournal
from workflow_engine.journal.port import Journal
from workflow_engine.runtime.clock import Clock, WallClock
from workflow_engine.runtime.session import Session
from workflow_engine.spec.model import TIMER, TRANSFORM, WORKFLOW, Phase, TaskType, WorkflowSpec
from workflow_engine.spec.parts import RetryPolicy
from workflow_engine.task import Task

__all__ = [
    "Adapter",
    "ECSWorkflowEngine",
    "Fork",
    "MergeConflict",
    "Output",
    "Phase",
    "RetryPolicy",
    "Suspend",
    "Task",
    "TaskState",
    "TaskType",
    "WorkflowSpec",
]

DATA_DIR: Final = "workflow_data"
"""Where an engine keeps its data unless told otherwise, below the working directory."""

POOLS: Final[Mapping[str, int]] = {
    "functional": 1_000,
    "agentic": 100,
    CLASSIFIER: 100,
    TRANSFORM: 1_000,
    TIMER: 1_000,
    WORKFLOW: 1_000,
    "process": 2 * (os.cpu_count() or 1),
}
"""Runs that may be under way at once unless told otherwise, by pool; "process": the programs of functional phases."""


class ECSWorkflowEngine(Moving):
    """Takes tasks through workflows, and loses none of them.

    Everything that is awaited here is durable when it returns.  Methods take a `Task` or its id, and may be awaited
    under any event loop, in any thread; a thread without one uses `blocking`.  The engine opens its data when it is
    first used and carries tasks out while `run` is under way; ``async with`` does both for a block.

    Args:
        data_dir: where everything is kept; made if it is missing.
        durability: "full": what is acknowledged survives a power failure; "relaxed": it survives the death of the
            process, and a power failure may cost the last second.
        stop_grace: seconds that `stop` gives to what is under way, before it is handed back to be done again.
        limits: how many runs may be under way at once, by task type; "process" are the programs of functional phases.
            What is not named keeps its number in `POOLS`.
        segment_bytes: size from which on a file of the journal is followed by a new one.
        journal: makes another journal than the one on disk; it is passed what to call when commits are archived.
        artifacts: another store than the one below `data_dir`.
        history: where tasks that ended long ago are found, for another journal than the one on disk.
        clock: another clock than the machine's.
        agents: who runs the models of agentic phases that leave it open; see there.
    """

    def __init__(
        self,
        data_dir: str | os.PathLike[str] = DATA_DIR,
        *,
        durability: Durability = "full",
        stop_grace: float = 5.0,
        limits: Mapping[str, int] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        journal: Callable[[Callable[[int], None]], Journal] | None = None,
        artifacts: ArtifactStore | None = None,
        history: History | None = None,
        clock: Clock | None = None,
        agents: AgentSettings | None = None,
    ) -> None:
        if durability not in ("full", "relaxed"):
            raise InputRefused(f'durability is "full" or "relaxed", not {durability!r}')
        place = Path(data_dir)

        def json_journal(archived: Callable[[int], None]) -> Journal:
            return JsonJournal(place, durability=durability, segment_bytes=segment_bytes, on_archived=archived)

        storage = Storage(
            data_dir=place,
            journal=journal or json_journal,
            artifacts=artifacts or LocalArtifactStore(place / "artifacts"),
            history=history,
            clock=clock or WallClock(),
            stop_grace=stop_grace,
            on_disk=journal is None,
            collects=journal is None and artifacts is None,
        )
        models = Models(agents)
        super().__init__(storage, functools.partial(_adapters, storage, models), {**POOLS, **(limits or {})}, models)
        self.blocking = Blocking(self)

    @on_engine_loop
    async def vitals(self) -> dict[str, Any]:
        """Return how the engine does: live tasks, attempts under way, commits, trouble, models and their breakers."""
        return self._vitals(await self._opened())

    def _vitals(self, session: Session) -> dict[str, Any]:
        models = self.models
        states = {"models": models.caller.states(), "batches": models.batches.states()}
        return {**session.counts(), **msgspec.to_builtins(states)}

    def _control(self, session: Session) -> ControlServer | None:
        if not self._storage.on_disk:
            return None
        return ControlServer.start(self, functools.partial(self._vitals, session), self.data_dir)


def _adapters(storage: Storage, models: Models, handlers: Handlers, tools: RegisteredTools) -> dict[str, Adapter]:
    """Return who carries out what unless other adapters are registered."""
    return {
        TaskType.HUMAN: HumanAdapter(),
        TaskType.AGENTIC: DefaultAgentAdapter(handlers, models, Toolbox(tools, storage.data_dir)),
        TaskType.FUNCTIONAL: FunctionalAdapter(handlers, storage.artifacts, storage.data_dir),
        WORKFLOW: SubworkflowAdapter(),
        TIMER: TimerAdapter(),
        TRANSFORM: TransformAdapter(),
    }
