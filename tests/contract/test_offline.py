"""Workflows without keys: the engine's own adapters carry prompts and transforms out."""

import subprocess
import sys
from pathlib import Path

from tests.contract.engine_helpers import ONCE, done, engine_on
from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.ecs_workflow import Phase, Task, TaskState, TaskType

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
