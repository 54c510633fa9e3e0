"""Agents that call real tools on a real engine: what is allowed, asked or refused, and what a restart repeats."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.agent_helpers import asked, ended
from tests.contract.engine_helpers import ONCE, QUICK, engine_on
from workflow_engine.agents.agent import AgentAdapter
from workflow_engine.agents.messages import ModelReply, ToolCall, ToolResult
from workflow_engine.agents.toolbox.functions import tool
from workflow_engine.agents.toolbox.toolbox import Toolbox
from workflow_engine.agents.tools import ToolContext, ToolError
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskState, TaskType, WorkflowSpec
from workflow_engine.errors import PermanentFailure, TransientFailure
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel, says, wants
from workflow_engine.values import from_json

SERVER = Path(__file__).parents[1] / "fixtures/mcp_server.py"


class Sea:
    """Functions that are tools.

    Attributes:
        calls: key and argument of each call, in order.
        at_once: how many were under way at once at most.
        fails: what the next calls raise.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.fails: list[Exception] = []
        self.at_once = self._under_way = 0

    async def tide(self, context: ToolContext, place: str) -> str:
        """Say how high the water is.

        Args:
            context: of the call.
            place: where.
        """
        self.calls.append((context.key, place))
        if self.fails:
            raise self.fails.pop(0)
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        await asyncio.sleep(0.005)
        self._under_way -= 1
        return f"high at {place}"


def call(name: str, /, number: int = 1, **arguments: Any) -> ToolCall:
    return ToolCall(f"c{number}", name, arguments)


def engine_for(
    data_dir: Path, model: ScriptedModel, sea: Sea | None = None, declared: Any = (), **phase: Any
) -> ECSWorkflowEngine:
    """Return an engine on disk whose workflow ``w`` has one phase, with the tool ``tide``."""
    engine = engine_on(data_dir)
    if sea is not None:
        engine.register_tool(sea.tide)
    toolbox = Toolbox(engine.tools, data_dir)
    engine.register_adapter(TaskType.AGENTIC, Closing(model, "small", PlainCaller(), toolbox))
    given: dict[str, Any] = {"retry": ONCE, "tools": ["tide"], **phase}
    engine.register_workflow(
        WorkflowSpec(name="w", tools=declared, phases=[Phase(id="draft", assigned_to="ai", prompt="Tides?", **given)])
    )
    return engine


class Closing(AgentAdapter):
    """An agent that closes its toolbox when the engine stops, as the engine's own does."""

    async def close(self) -> None:
        """See `workflow_engine.adapter.Closes`."""
        assert isinstance(self.toolbox, Toolbox)
        await self.toolbox.close()


def results(model: ScriptedModel) -> tuple[ToolResult, ...]:
    """Return what the model was told last of its calls."""
    return model.requests[-1].messages[-1].results


async def told(tmp_path: Path, sea: Sea | None, *calls: ToolCall, **phase: Any) -> tuple[ToolResult, ...]:
    """Return what a model is told of its calls, in a task that completes."""
    model = ScriptedModel([wants(*calls), says("done")])
    async with engine_for(tmp_path, model, sea, **phase) as engine:
        task = await ended(engine)
    assert (task.status, task.output) == (TaskState.COMPLETED, "done"), task.failure
    return results(model)


async def approved(tmp_path: Path, sea: Sea, answer: dict[str, Any]) -> tuple[ToolResult, ...]:
    """Return what a model is told of a call that a person was asked about, and answered so."""
    model = ScriptedModel([wants(call("tide", place="Brest")), says("done")])
    async with engine_for(tmp_path, model, sea, tool_policy={"tide": "ask"}) as engine:
        task = await engine.submit_task({}, "w")
        question = await asked(engine, task)
        assert sea.calls == []
        assert from_json(question.show) == {"tool": "tide", "arguments": {"place": "Brest"}}
        await engine.answer(question.id, answer, by="ann")
        await engine.wait(task, timeout=10)
    return results(model)


# ---------------------------------------------------------------- policies


async def test_a_call_that_is_allowed_is_made(tmp_path: Path) -> None:
    sea = Sea()
    assert await told(tmp_path, sea, call("tide", place="Brest")) == (ToolResult("c1", "high at Brest"),)
    assert [place for _, place in sea.calls] == ["Brest"]


async def test_a_call_that_is_denied_is_not_made(tmp_path: Path) -> None:
    sea = Sea()
    (result,) = await told(tmp_path, sea, call("tide", place="Brest"), tool_policy={"*": "deny"})
    assert (result.failed, sea.calls) == (True, [])
    assert "may not be called here" in result.content


@pytest.mark.parametrize(
    ("answer", "result", "places"),
    [
        ({"decision": "approve"}, ToolResult("c1", "high at Brest"), ["Brest"]),
        (
            {"decision": "approve", "arguments": {"place": "Calais"}},
            ToolResult("c1", "high at Calais"),
            ["Calais"],
        ),
        (
            {"decision": "reject", "comment": "not there"},
            ToolResult("c1", "a person refused this call: not there", failed=True),
            [],
        ),
        (
            {"decision": "approve", "arguments": {"city": "Calais"}},
            ToolResult("c1", "", failed=True),
            [],
        ),
    ],
)
async def test_a_person_decides_about_a_call_that_asks(
    tmp_path: Path, answer: dict[str, Any], result: ToolResult, places: list[str]
) -> None:
    sea = Sea()
    (given,) = await approved(tmp_path, sea, answer)
    assert (given.call, given.failed, [place for _, place in sea.calls]) == (result.call, result.failed, places)
    assert result.content in given.content


# ---------------------------------------------------------------- calls that go wrong


@pytest.mark.parametrize(
    ("made", "fact"),
    [
        (call("tied", place="x"), "there is no tool 'tied'; there are tide; did you mean 'tide'?"),
        (call("tide"), "'place' is a required property"),
        (call("tide", place=["x"]), "is not of type 'string'"),
        (call("tide", place="x", context={}), "Additional properties are not allowed"),
        (ToolCall("c1", "tide", None, "{oops"), "the arguments are no JSON object: {oops"),
    ],
)
async def test_a_model_is_told_why_a_call_cannot_be_made(tmp_path: Path, made: ToolCall, fact: str) -> None:
    sea = Sea()
    (result,) = await told(tmp_path, sea, made)
    assert (result.failed, sea.calls) == (True, [])
    assert fact in result.content


@pytest.mark.parametrize(
    ("error", "fact"),
    [(ToolError("no water"), "no water"), (KeyError("x"), "tide failed: KeyError: 'x'")],
)
async def test_a_tool_that_crashes_is_told_to_the_model(tmp_path: Path, error: Exception, fact: str) -> None:
    sea = Sea()
    sea.fails = [error]
    assert await told(tmp_path, sea, call("tide", place="Brest")) == (ToolResult("c1", fact, failed=True),)


async def test_calls_of_one_turn_are_made_side_by_side(tmp_path: Path) -> None:
    sea = Sea()
    given = await told(tmp_path, sea, *(call("tide", number, place=str(number)) for number in range(4)))
    assert given == tuple(ToolResult(f"c{number}", f"high at {number}") for number in range(4))
    assert (sea.at_once, len({key for key, _ in sea.calls})) == (4, 4)


async def test_a_tool_that_does_not_work_just_now_is_called_again_with_the_same_key(tmp_path: Path) -> None:
    sea = Sea()
    sea.fails = [TransientFailure("later")]
    await told(tmp_path, sea, call("tide", place="Brest"), retry=QUICK)
    first, second = sea.calls
    assert first == second


async def test_a_tool_that_will_never_work_fails_the_phase(tmp_path: Path) -> None:
    sea = Sea()
    sea.fails = [PermanentFailure("the sea is gone")]
    async with engine_for(tmp_path, ScriptedModel([wants(call("tide", place="Brest"))]), sea) as engine:
        task = await ended(engine)
    assert task.failure is not None
    assert "the sea is gone" in task.failure.message


async def test_a_tool_that_there_is_not_fails_the_phase_before_a_model_is_asked(tmp_path: Path) -> None:
    model = ScriptedModel([])
    async with engine_for(tmp_path, model) as engine:
        task = await ended(engine)
    assert task.failure is not None
    assert "names the tool 'tide', which is neither declared nor registered" in task.failure.message
    assert model.requests == []


# ---------------------------------------------------------------- restarts


async def test_a_call_that_a_restart_interrupts_is_made_again_with_the_same_key_and_no_other(tmp_path: Path) -> None:
    made: list[tuple[str, str]] = []
    stuck = asyncio.Event()

    @tool
    async def tide(context: ToolContext, place: str) -> str:
        """Say how high the water is."""
        made.append((place, context.key))
        if place == "slow" and made.count(("slow", context.key)) == 1:
            stuck.set()
            await asyncio.Event().wait()
        return place

    asked_for: list[ModelReply] = [wants(call("tide", 1, place="quick")), wants(call("tide", 2, place="slow"))]
    first = engine_for(tmp_path, ScriptedModel(asked_for))
    first.register_tool(tide)
    async with first:
        task: Task = await first.submit_task({}, "w")
        await asyncio.wait_for(stuck.wait(), 10)
    model = ScriptedModel([says("done")])
    second = engine_for(tmp_path, model)
    second.register_tool(tide)
    async with second:
        assert (await second.wait(task, timeout=10)).output == "done"
    assert [place for place, _ in made] == ["quick", "slow", "slow"]
    assert made[1] == made[2]
    assert len(model.requests) == 1


# ---------------------------------------------------------------- declared tools


async def test_tools_of_all_kinds_are_declared_by_a_workflow(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("about tides")
    count = {"argv": ["wc", "-c"], "stdin": True}
    declared = [
        {"id": "filesystem", "config": {"mounts": {"docs": {"path": str(tmp_path / "docs")}}}},
        {"id": "subprocess", "policy": "allow", "config": {"commands": {"count": count}}},
        {"id": "sea", "type": "mcp", "command": [sys.executable, str(SERVER)]},
    ]  # fmt: skip
    calls = (
        call("filesystem_read", 1, path="docs/a.md"),
        call("subprocess_count", 2, stdin="abc"),
        call("tide", 3, place="Brest"),
    )
    given = await told(tmp_path / "data", None, *calls, tools=["filesystem", "subprocess", "sea"], declared=declared)
    assert [result.content.strip() for result in given] == [
        "about tides", '{"stdout":"3\\n","stderr":""}', "high at Brest"
    ]  # fmt: skip


async def test_the_engine_finds_registered_tools_by_itself_and_a_purge_removes_the_folder_of_a_task(
    tmp_path: Path,
) -> None:
    sea = Sea()
    note = {"path": "workspace/note.md", "content": "high"}
    model = ScriptedModel(
        [wants(call("tide", 1, place="Brest"), ToolCall("c2", "filesystem_write", note)), says("done")]
    )
    engine = engine_on(tmp_path)
    engine.register_provider(model)
    engine.register_tool(sea.tide, policy="allow")
    phase = Phase(
        id="draft", assigned_to="ai", provider="scripted", model="small", prompt="x", tools=["tide", "filesystem"]
    )
    engine.register_workflow("w", [phase])
    async with engine:
        task = await ended(engine)
        assert task.output == "done", task.failure
        assert results(model) == (
            ToolResult("c1", "high at Brest"), ToolResult("c2", "workspace/note.md is written, 4 bytes")
        )  # fmt: skip
        assert (tmp_path / "workspaces" / task.id / "note.md").read_text() == "high"
        await engine.purge(task)
    assert list((tmp_path / "workspaces").iterdir()) == []
