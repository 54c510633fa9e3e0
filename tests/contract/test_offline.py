"""Workflows without keys: the engine's own adapters carry prompts and transforms out."""

import json
import subprocess
import sys
from pathlib import Path

from tests.contract.engine_helpers import ONCE, done, engine_on, explained
from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.ecs_workflow import Phase, Task, TaskState, TaskType, WorkflowSpec
from workflow_engine.spec.parts import Budget

PROGRAM = """
import asyncio, logging, sys
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase

async def main():
    async with ECSWorkflowEngine(sys.argv[1], stop_grace=0.05) as engine:
        phases = [Phase(id=name, assigned_to="ai", prompt="Hi") for name in ("a", "b")]
        engine.register_workflow("w", phases)
        print((await engine.wait(await engine.submit_task({}, "w"), timeout=10)).outputs)

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
asyncio.run(main())
"""


async def test_a_prompt_without_a_provider_is_answered_by_the_offline_model(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        schema = {"type": "object", "properties": {"tone": {"enum": ["warm", "cool"]}}}
        phases = [
            Phase(id="greet", assigned_to="ai", prompt="Say hello to Ann"),
            Phase(id="judge", assigned_to="ai", prompt="How does it sound?", output=schema),
        ]
        engine.register_workflow("w", phases)
        ended = await done(engine, await engine.submit_task({}, "w"))
    assert ended.outputs == {"greet": "[offline model] Say hello to Ann", "judge": {"tone": "warm"}}


async def test_who_replies_is_logged_once_in_a_process(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == "{'a': '[offline model] Hi', 'b': '[offline model] Hi'}\n"
    said = [line for line in ran.stderr.splitlines() if "offline" in line]
    assert said == ["INFO the offline model replies, since no provider of models is set up"]


async def test_a_handler_goes_before_the_offline_model(tmp_path: Path) -> None:
    async def greet(task: Task) -> str:
        return "Hello from the handler"

    async with engine_on(tmp_path) as engine:
        engine.register_handler("greet", greet)
        engine.register_workflow("w", [Phase(id="greet", assigned_to="ai", prompt="Say hello")])
        assert (await done(engine, await engine.submit_task({}, "w"))).output == "Hello from the handler"


async def test_an_offline_model_with_a_script_can_be_registered_as_an_adapter(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_adapter(TaskType.AGENTIC, OfflineModel({"greet": '```json\n{"text": "Hello"}\n```'}))
        engine.register_workflow("w", [Phase(id="greet", assigned_to="ai", prompt="Say hello", outputs=["text"])])
        assert (await done(engine, await engine.submit_task({}, "w"))).output == {"text": "Hello"}


async def test_a_scripted_model_calls_tools_and_mends_what_does_not_fit(tmp_path: Path) -> None:
    async def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    schema = {"type": "object", "required": ["sum"], "properties": {"sum": {"type": "integer"}}}
    script = [{"calls": [{"name": "double", "arguments": {"number": 4}}]}, {"sum": "eight"}, {"sum": 8}]
    async with engine_on(tmp_path) as engine:
        engine.register_provider(OfflineModel({"add": script}))
        engine.register_tool(double, policy="allow")
        phase = Phase(id="add", assigned_to="ai", prompt="Four and four?", output=schema, tools=["double"], retry=ONCE)
        engine.register_workflow("w", [phase])
        ended = await done(engine, await engine.submit_task({}, "w"))
        said = json.loads(await engine.read_artifact(ended, "transcripts/add-1.json"))
    assert ended.output == {"sum": 8}
    assert [message["role"] for message in said["messages"]] == ["user", "assistant"] * 3
    assert said["messages"][2]["results"] == [{"call": "call-1-1", "content": "8"}]


async def test_a_budget_in_tokens_holds_for_the_offline_model(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        phase = Phase(id="a", assigned_to="ai", prompt="Hi", max_tokens=100, retry=ONCE)
        engine.register_workflow(WorkflowSpec(name="w", phases=[phase], budget=Budget(task_tokens=100, then="fail")))
        ended = await done(engine, await engine.submit_task({}, "w"))
    assert ended.failure is not None
    assert ended.failure.message.partition(", of which")[0].endswith("the budget of the task is 100 tokens")


async def test_a_phase_that_waits_for_its_provider_goes_on_when_it_is_registered(tmp_path: Path) -> None:
    class Ours(OfflineModel):
        name = "ours"

    async with engine_on(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="a", assigned_to="ai", prompt="Hi", provider="ours", model="m")])
        task = await engine.submit_task({}, "w")
        await explained(engine, task, "a provider of models 'ours'")
        engine.register_provider(Ours({"a": "Hello"}))
        assert (await done(engine, task)).output == "Hello"


async def test_a_transform_is_carried_out_by_the_engine(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="both", transform="concat", input=["a", "b"])])
        ended = await done(engine, await engine.submit_task({}, "w"))
    assert (ended.status, ended.output) == (TaskState.COMPLETED, "a\nb")


async def test_a_transform_of_the_wrong_input_fails_the_task_with_the_reason(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        phase = Phase(id="part", transform="select", input={"a": 1}, options={"path": "$.b"}, retry=ONCE)
        engine.register_workflow("w", [phase])
        ended = await done(engine, await engine.submit_task({}, "w"))
    assert ended.status is TaskState.FAILED
    assert ended.failure is not None
    assert ended.failure.message == "phase 'part' cannot select its input: there is no $.b: $ has the keys a"
