"""What tests of agents share: an engine in memory with a scripted model, and tools that remember their calls."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.contract.engine_helpers import WITHIN
from workflow_engine.agents.agent import AgentAdapter
from workflow_engine.agents.messages import ToolCall, ToolSpec
from workflow_engine.agents.tools import Policy, Tool, ToolContext
from workflow_engine.agents.transcript import Transcript, read_transcript
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType, WorkflowSpec
from workflow_engine.testing.memory_artifacts import MemoryArtifactStore
from workflow_engine.testing.memory_journal import MemoryJournal
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel

LOOK = ToolCall("c1", "look", {"at": "tides"})


class Looking:
    """The tool ``look``, which finds things.

    Attributes:
        calls: key and arguments of each call, in order.
        at_once: how many calls were under way at once at most.
    """

    def __init__(self, found: Mapping[str, Any] | None = None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.at_once = 0
        self._under_way = 0
        self._found = found or {}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `Tool.specs`."""
        schema = {"type": "object", "required": ["at"], "properties": {"at": {"type": "string"}}}
        return (ToolSpec("look", "Looks at something.", schema),)

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `Tool.call`."""
        self.calls.append((context.key, arguments))
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        await asyncio.sleep(0.001)
        self._under_way -= 1
        found: Any = self._found.get(arguments["at"], f"all about {arguments['at']}")
        if isinstance(found, list):  # in order
            in_order: list[Any] = found  # pyright: ignore[reportUnknownVariableType] - of anything
            found = in_order.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def policy(self, name: str) -> Policy:
        """See `Tool.policy`."""
        return "allow"


class Tools:
    """A `Toolbox` with one tool.

    Args:
        tool: the tool.
        policy: what holds for it.
    """

    def __init__(self, tool: Tool | None = None, policy: Policy = "allow") -> None:
        self._tools: dict[str, tuple[Tool, Policy]] = (
            {spec.name: (tool, policy) for spec in tool.specs} if tool is not None else {}
        )

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """See `Toolbox.tools`."""
        return self._tools


def engine_with(
    model: ScriptedModel,
    *phases: Phase,
    tools: Tools | None = None,
    price: float | None = 0.0,
    **workflow: Any,
) -> ECSWorkflowEngine:
    """Return an engine in memory whose workflow ``w`` is these phases."""
    engine = ECSWorkflowEngine(
        "agents", journal=lambda archived: MemoryJournal(), artifacts=MemoryArtifactStore(), stop_grace=0.05
    )
    engine.register_adapter(TaskType.AGENTIC, AgentAdapter(model, "small", PlainCaller(price), tools or Tools()))
    engine.register_workflow(WorkflowSpec(name="w", phases=phases, **workflow))
    return engine


async def ended(engine: ECSWorkflowEngine, data: Any = None) -> Task:
    """Submit a task, and return it when it has ended."""
    return await engine.wait(await engine.submit_task(data or {}, "w"), timeout=WITHIN)


async def transcript_of(engine: ECSWorkflowEngine, task: Task, name: str = "draft-1") -> Transcript:
    """Return a transcript of a task."""
    return read_transcript(await engine.read_artifact(task, f"transcripts/{name}.json"))


async def asked(engine: ECSWorkflowEngine, task: Task | str) -> Any:
    """Return the question of a task once there is one."""
    async with asyncio.timeout(WITHIN):
        while True:
            found = [run["question"] for run in (await engine.inspect(task)).record.runs.values() if "question" in run]
            if found:
                return found[0]
            await asyncio.sleep(0.002)
