"""Replays: a task's conversations are held again with other settings, and the task stays as it is."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.agent_helpers import LOOK, Looking, Tools, ended
from tests.contract.engine_helpers import ONCE
from tests.contract.test_cli_commands import run
from workflow_engine.agents.agent import AgentAdapter, Toolbox
from workflow_engine.agents.messages import Message, ToolCall, ToolResult, Usage
from workflow_engine.agents.replaying import Changes, Replayed, replay
from workflow_engine.agents.transcript import read_transcript
from workflow_engine.core.components import Identity
from workflow_engine.core.plan import Plan
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType, WorkflowSpec
from workflow_engine.errors import AdapterFailure, PermanentFailure, TemplateFailed, TransientFailure
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel, says, wants

DRAFT = Phase(id="draft", assigned_to="ai", prompt="Write on {{ inputs.topic }}.", system="Be brief.", retry=ONCE)
REVIEW = Phase(
    id="review", assigned_to="ai", prompt="Judge: {{ phases.draft.output }}", on_reject={"target": "draft"}, retry=ONCE
)
MOON = ToolCall("c2", "look", {"at": "moon"})


async def carry_out(data_dir: Path) -> Task:
    """Have a task drafted, with a tool call, rejected, drafted again, and approved."""
    model = ScriptedModel(
        [
            wants(LOOK), says("one {{ topic }}", model="m"),
            says('{"decision": "reject", "issues": ["too short"]}'),
            says("two", model="m", usage=Usage(20, 10, cost=0.5)), says("PASS"),
        ]
    )  # fmt: skip
    engine = ECSWorkflowEngine(data_dir, stop_grace=0.05)
    engine.register_adapter(TaskType.AGENTIC, AgentAdapter(model, "small", PlainCaller(0.01), Tools(Looking())))
    engine.register_workflow(WorkflowSpec(name="w", phases=[DRAFT, REVIEW]))
    async with engine:
        return await ended(engine, {"topic": "tides"})


class Again:
    """Replays conversations of a task with a scripted model."""

    def __init__(self, data_dir: Path, task: Task) -> None:
        model = ReadModel(data_dir)
        model.catch_up()
        record = model.record(task.id)
        assert record is not None
        definition = model.definition(record.get(Identity).definition)
        assert definition is not None
        self._record = record
        self._plan = Plan.stored(bytes(definition.spec))
        self._data_dir = data_dir
        self._task = task

    async def __call__(
        self, name: str, model: ScriptedModel, changes: Changes | None = None, live: Toolbox | None = None
    ) -> Replayed:
        """Replay the conversation of this name."""

        async def agents(phase: Phase, toolbox: Toolbox) -> AgentAdapter:
            return AgentAdapter(model, "small", PlainCaller(0.01), toolbox)

        async with ECSWorkflowEngine(self._data_dir, stop_grace=0.05) as engine:
            content = await engine.read_artifact(self._task, f"transcripts/{name}.json")
        transcript = read_transcript(content)
        plan = self._plan.phases[transcript.phase]
        return await replay(self._record, plan, transcript, changes or Changes(), agents, live)


@pytest.fixture
async def again(tmp_path: Path) -> Again:
    return Again(tmp_path, await carry_out(tmp_path))


async def test_without_changes_a_model_is_asked_what_it_was_asked(again: Again) -> None:
    model = ScriptedModel([wants(LOOK), says("one {{ topic }}", model="m")])
    replayed = await again("draft-1", model)
    assert replayed.before == replayed.after
    assert model.requests[1].messages[:3] == (
        Message("user", "Write on tides."),
        Message("assistant", calls=(LOOK,)),
        Message("user", results=(ToolResult("c1", "all about tides"),)),
    )
    assert model.requests[0].system == "Be brief."
    assert [tool.name for tool in model.requests[0].tools] == ["look"]
    assert all(request.key.startswith("replay-") for request in model.requests)


async def test_what_a_conversation_was_told_of_its_rejection_is_told_again(again: Again) -> None:
    model = ScriptedModel([says("two", model="m2", usage=Usage(20, 10, cost=0.1))])
    replayed = await again("draft-2", model)
    assert model.requests[0].messages[0].text == (
        "Write on tides.\n\nYour work was handed back. Mend this:\n- too short"
    )
    assert (replayed.before.cost, replayed.after.cost) == (0.5, 0.1)
    assert (replayed.before.output, replayed.after.output) == ("two", "two")


async def test_changed_texts_are_rendered_with_what_is_known_of_the_task(again: Again) -> None:
    model = ScriptedModel([says("x")])
    changes = Changes(
        prompt="On {{ inputs.topic }}:", system="For {{ task.workflow }}.", model="big", temperature=0.1, max_tokens=9
    )
    await again("draft-2", model, changes)
    (request,) = model.requests
    assert request.messages[0].text == "On tides:\n\nYour work was handed back. Mend this:\n- too short"
    assert (request.system, request.model, request.temperature, request.max_tokens) == ("For w.", "big", 0.1, 9)


async def test_a_changed_text_that_cannot_be_rendered_is_refused(again: Again) -> None:
    with pytest.raises(TemplateFailed):
        await again("draft-1", ScriptedModel([]), Changes(prompt="{{ inputs. }}"))


async def test_a_call_that_was_not_recorded_is_refused_and_the_model_is_told(again: Again) -> None:
    model = ScriptedModel([wants(MOON, LOOK), says("done")])
    replayed = await again("draft-1", model)
    assert replayed.refused == ('look({"at":"moon"})',)
    assert model.requests[1].messages[-1].results == (
        ToolResult(
            "c2",
            'look({"at":"moon"}) was not called in the conversation that is replayed, and is not called now',
            failed=True,
        ),
        ToolResult("c1", "all about tides"),
    )


@pytest.mark.parametrize(("policy", "made"), [("allow", 1), ("ask", 0)])
async def test_a_live_tool_makes_the_calls_that_were_not_recorded_if_nobody_has_to_approve(
    again: Again, policy: Any, made: int
) -> None:
    tool = Looking()
    model = ScriptedModel([wants(MOON, LOOK), says("done")])
    replayed = await again("draft-1", model, live=Tools(tool, policy))
    assert [arguments for _, arguments in tool.calls] == [{"at": "moon"}] * made
    assert (len(replayed.made), len(replayed.refused)) == (made, 1 - made)


async def test_another_verdict_is_seen_as_another_decision(again: Again) -> None:
    replayed = await again("review-1", ScriptedModel([says("PASS")]))
    assert (replayed.before.decision, replayed.after.decision) == ("reject", "approve")
    assert [issue["message"] for issue in replayed.before.issues] == ["too short"]


@pytest.mark.parametrize("failure", [PermanentFailure("gone"), TransientFailure("gone")])
async def test_a_model_that_fails_is_an_outcome_and_no_error(again: Again, failure: AdapterFailure) -> None:
    replayed = await again("draft-2", ScriptedModel([failure]))
    assert (replayed.after.failure, replayed.after.output, replayed.after.turns) == ("gone", None, 0)


# ---------------------------------------------------------------- the command


@pytest.fixture
async def done(tmp_path: Path) -> tuple[Path, str]:
    replies = tmp_path / "replies.yaml"
    replies.write_text("draft: three\nreview: 'FAIL: too long'\n", encoding="utf-8")
    return tmp_path, (await carry_out(tmp_path)).id


def command(done: tuple[Path, str], *words: str) -> Any:
    data_dir, task = done
    return run("replay", task, "--replies", str(data_dir / "replies.yaml"), *words, data_dir=data_dir)


def test_the_command_shows_output_decision_and_cost_of_each_conversation(done: tuple[Path, str]) -> None:
    result = command(done)
    assert result.exit_code == 0
    shown = result.stdout.splitlines()
    assert [line for line in shown if "visit" in line] == [
        "draft, visit 1", "draft, visit 2", "review, visit 1", "review, visit 2"
    ]  # fmt: skip
    assert "-two" in shown
    assert "+three" in shown
    assert "  decision  approve -> reject (too long)" in shown
    assert shown[-1].startswith("all together: $")


def test_the_command_prints_json_of_the_phases_that_are_named(done: tuple[Path, str]) -> None:
    result = command(done, "--phase", "review", "--set", "model=other", "--set", "temperature=0.5", "--json")
    document = json.loads(result.stdout)
    assert document["changes"] == {"model": "other", "temperature": 0.5}
    assert [(one["phase"], one["visit"], one["after"]["decision"]) for one in document["phases"]] == [
        ("review", "1", "reject"), ("review", "2", "reject")
    ]  # fmt: skip
    assert document["phases"][1]["diff"].splitlines()[-2:] == ["-PASS", "+FAIL: too long"]


def test_the_command_changes_nothing(done: tuple[Path, str]) -> None:
    data_dir, task = done
    before = run("show", task, "--json", data_dir=data_dir).stdout
    command(done)
    assert run("show", task, "--json", data_dir=data_dir).stdout == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "modle=x"), "there is no 'modle'; there are prompt, system"),
        (("--set", "model"), "'model' has no =; write NAME=VALUE"),
        (("--set", "temperature=hot"), "Expected `float"),
        (
            ("--phase", "drft"),
            "has no transcript of phase 'drft'; there are some of draft, review; did you mean 'draft'?",
        ),
    ],
)
def test_the_command_refuses_what_it_cannot_do(done: tuple[Path, str], words: tuple[str, ...], sentence: str) -> None:
    result = command(done, *words)
    assert result.exit_code == 2
    assert sentence in result.stderr or sentence in result.stdout


async def test_a_task_without_transcripts_cannot_be_replayed(tmp_path: Path) -> None:
    async with ECSWorkflowEngine(tmp_path, stop_grace=0.05) as engine:
        engine.register_handler("a", lambda task: None)
        engine.register_workflow("w", [Phase(id="a")])
        task = await ended(engine)
    result = await asyncio.to_thread(run, "replay", task.id, data_dir=tmp_path)
    assert (result.exit_code, "has no transcript" in result.stderr) == (2, True)
