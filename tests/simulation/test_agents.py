"""Agents whose process dies: no turn and no tool call is made again whose result was recorded."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from tests.contract.agent_helpers import Looking
from tests.simulation.carrying_out import TASK, LoopClock, core_of
from tests.simulation.lives import Lives
from tests.simulation.random_workflows import Case
from workflow_engine.agents.agent import AgentAdapter
from workflow_engine.agents.messages import ModelReply, ModelRequest, ToolCall, ToolSpec, Usage
from workflow_engine.agents.tools import Policy, Tool, ToolContext
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType, WorkflowSpec
from workflow_engine.errors import AdapterFailure, TransientFailure
from workflow_engine.testing.memory_artifacts import MemoryArtifactStore
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel, says, turns_of, wants
from workflow_engine.testing.simulation.journal import SimulatedJournal

RETRY: Final = {"max_attempts": 9, "initial": 1, "jitter": False}
SCORE: Final = {"type": "object", "required": ["score"], "properties": {"score": {"type": "integer"}}}


def look(number: int) -> ToolCall:
    return ToolCall(f"c{number}", "look", {"at": str(number)})


def send(number: int) -> ToolCall:
    return ToolCall(f"c{number}", "send", {"at": str(number)})


def agent(name: str, **given: Any) -> Phase:
    return Phase(id=name, assigned_to="ai", prompt=name, retry=RETRY, **given)


Turns = Mapping[str, tuple[ModelReply, ...]]
"""What the model says in each phase, turn by turn; in the first visit, where the name has ``/1`` behind it."""

SCENARIOS: Final[dict[str, tuple[WorkflowSpec, Turns]]] = {
    "tools, several at once, and a reply that is mended": (
        WorkflowSpec(name="w", phases=[agent("a", output=SCORE), agent("b")]),
        {
            "a": (wants(look(1), look(2), look(3)), wants(look(4)), says("nonsense"), says('{"score": 4}')),
            "b": (says("done"),),
        },
    ),
    "a reply that does not fit even when it is mended": (
        WorkflowSpec(name="w", phases=[agent("a", output=SCORE)]),
        {"a": (wants(look(1)), says("x"), says("y")), "a again": (wants(look(1)), says('{"score": 1}'))},
    ),
    "work that is sent back": (
        WorkflowSpec(name="w", phases=[agent("a"), agent("b", on_reject={"target": "a"})]),
        {
            "a": (wants(look(1)), says("better")),
            "a/1": (says("bad"),),
            "b": (says("PASS"),),
            "b/1": (wants(look(2)), says('{"decision": "reject", "issues": ["bad"]}')),
        },
    ),
    "people who approve calls and extend budgets": (
        WorkflowSpec(name="w", phases=[agent("a", max_tokens=100)], budget={"task": 2.0}),
        {"a": (wants(send(1), look(2), usage=Usage(60, 60)), wants(send(3), usage=Usage(60, 60)), says("sent"))},
    ),
    "a fan-out": (
        WorkflowSpec(name="w", phases=[agent("a", for_each={"items": [1, 2], "max_concurrency": 2})]),
        {"a": (wants(look(1)), says("seen"))},
    ),
}


class Recorded:
    """Watches what is asked for, and what of it was recorded before.

    Args:
        stored: returns the bytes that are durable.

    Attributes:
        asked: how often each turn and each call was asked for, by its key.
    """

    def __init__(self, stored: Callable[[], bytes]) -> None:
        self.asked: Counter[str] = Counter()
        self._stored = stored
        self._given: dict[str, list[str]] = {}

    def mark(self, key: str) -> str:
        """Return a mark for the result of what is asked for, which no other result has."""
        stored = self._stored()
        again = [mark for mark in self._given.get(key, []) if mark.encode() in stored]
        assert not again, f"{key} is asked for again, and its result is recorded"
        self.asked[key] += 1
        mark = f"<{key}: {self.asked[key]}>"
        self._given.setdefault(key, []).append(mark)
        return mark


class MarkedTool(Looking):
    """The tools ``look`` and ``send``, of which the second is for people to approve."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__()
        self._recorded = recorded
        self._arguments: dict[str, dict[str, Any]] = {}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `Tool.specs`."""
        (found,) = super().specs
        return found, ToolSpec("send", "Sends something.", found.parameters)

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `Tool.call`."""
        assert self._arguments.setdefault(context.key, arguments) == arguments, context.key
        mark = self._recorded.mark(context.key)
        if arguments["at"] == "4" and self._recorded.asked[context.key] == 1:
            raise TransientFailure("not now")
        await asyncio.sleep(0.01)
        return mark


class AgentLives(Lives):
    """Engines that die while models and tools are at work.

    Args:
        scenario: name of what they go through.
        **given: as for `Lives`.
    """

    def __init__(self, scenario: str, **given: Any) -> None:
        self._spec, self._turns = SCENARIOS[scenario]
        super().__init__(case=Case(self._spec, {}, {}), **given)
        self.recorded = Recorded(lambda: self._disk.data)
        self._tool = MarkedTool(self.recorded)
        self._model = ScriptedModel(self._reply, seconds=0.01)

    def _reply(self, request: ModelRequest) -> ModelReply | AdapterFailure:
        _, phase, visit, _, feedback = request.key.split("/")[:5]
        mark = self.recorded.mark(request.key)
        if self.recorded.asked[request.key] == 1 and turns_of(request) == 1:
            return TransientFailure("overloaded")
        names = (f"{phase}/{visit}", f"{phase} again" if feedback != "0" else "", phase)
        turns = next(self._turns[name] for name in names if name in self._turns)
        reply = turns[turns_of(request)]
        return ModelReply(reply.message, reply.stop, reply.usage, "m", mark)

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """See `Toolbox.tools`."""
        return {"look": (self._tool, "allow"), "send": (self._tool, "ask")}

    async def _serve(self) -> Task:
        engine = ECSWorkflowEngine(
            "agents",
            journal=lambda archived: SimulatedJournal(self._disk, archived, self._dies),
            artifacts=MemoryArtifactStore(),
            history=self._disk,
            clock=LoopClock(),
        )
        engine.register_adapter(TaskType.AGENTIC, AgentAdapter(self._model, "m", PlainCaller(0.01), self))
        engine.register_workflow(self._spec)
        async with engine:
            await engine.submit_task({}, "w", task_id=TASK)
            answering = asyncio.ensure_future(answer(engine))
            task = await engine.wait(TASK)
            answering.cancel()
            return task


async def answer(engine: ECSWorkflowEngine) -> None:
    """Approve what is asked, for ever."""
    while True:
        await asyncio.sleep(1.0)
        for found in core_of(engine).snapshot().values():
            if "question" in found:
                question = found["question"]
                approval = {"decision": "approve" if question.prompt.startswith("May") else "extend"}  # type: ignore[union-attr]
                await engine.answer(question.id, approval)  # type: ignore[union-attr]


def outcome(task: Task) -> tuple[Any, ...]:
    """Return how a task has ended, and what that did cost."""
    return task.status, task.failure, task.outputs, task.spent.tokens, round(task.spent.dollars, 9)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_between_any_two_commits_repeats_nothing_that_was_recorded(name: str) -> None:
    whole = AgentLives(name, seed=1, dies_at=0)
    wanted = outcome(whole.run())
    assert wanted[:2] == ("completed", None)
    repeated = 0
    for boundary in range(1, whole.boundaries + 1):
        lives = AgentLives(name, seed=1, dies_at=boundary)
        assert outcome(lives.run()) == wanted, f"boundary {boundary}"
        assert lives.crashes == 1, f"boundary {boundary}"
        assert lives.recorded.asked.keys() == whole.recorded.asked.keys(), f"boundary {boundary}"
        repeated += sum((lives.recorded.asked - whole.recorded.asked).values())
    assert repeated > 0  # what was under way when it died; else nothing here would have been at risk


@pytest.mark.parametrize("name", SCENARIOS)
def test_crashes_at_random_repeat_nothing_that_was_recorded(name: str) -> None:
    wanted = outcome(AgentLives(name, seed=1, dies_at=0).run())
    crashes = 0
    for seed in range(10):
        lives = AgentLives(name, seed=seed, crash=0.1)
        assert outcome(lives.run()) == wanted, f"seed {seed}"
        crashes += lives.crashes
    assert crashes > 10


def test_a_turn_that_is_repeated_though_it_was_recorded_would_be_seen() -> None:
    stored = b""
    recorded = Recorded(lambda: stored)
    stored = recorded.mark("a").encode()
    with pytest.raises(AssertionError, match="asked for again"):
        recorded.mark("a")
