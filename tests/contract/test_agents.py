"""Agents on a real engine: what a conversation gives, what ends it, who is asked, and what is done only once."""

from typing import Any

import pytest

from tests.contract.agent_helpers import LOOK, Looking, Tools, asked, ended, engine_with, transcript_of
from tests.contract.engine_helpers import ONCE, QUICK, WITHIN
from workflow_engine.agents.messages import Message, ToolCall, ToolResult, Usage
from workflow_engine.agents.tools import ToolError
from workflow_engine.ecs_workflow import Phase, TaskState
from workflow_engine.errors import PermanentFailure, TransientFailure
from workflow_engine.runtime.saying import Said
from workflow_engine.testing.scripted_model import ScriptedModel, Stop, says, wants

SCORE = {"type": "object", "required": ["score"], "properties": {"score": {"type": "integer", "maximum": 10}}}
JUDGE = {"target": "draft", "max_attempts": 2}


def draft(**given: Any) -> Phase:
    fields: dict[str, Any] = {"retry": ONCE, **given}
    return Phase(id="draft", assigned_to="ai", prompt="Write on tides.", **fields)


def last(model: ScriptedModel) -> Message:
    """Return what the model was told last."""
    return model.requests[-1].messages[-1]


# ---------------------------------------------------------------- what it gives


async def test_the_words_of_the_model_are_the_output() -> None:
    model = ScriptedModel([says("The sea rises.")])
    async with engine_with(model, draft(system="Be brief.", temperature=0.5, max_tokens=100)) as engine:
        task = await ended(engine)
    assert (task.status, task.output) == (TaskState.COMPLETED, "The sea rises.")
    (request,) = model.requests
    assert (request.model, request.system, request.messages) == (
        "small", "Be brief.", (Message("user", "Write on tides."),)
    )  # fmt: skip
    assert (request.temperature, request.max_tokens) == (0.5, 100)
    assert task.spent.tokens == 15


async def test_a_model_is_told_what_came_of_its_tool_calls() -> None:
    model, tool = ScriptedModel([wants(LOOK), wants(ToolCall("c2", "look", {"at": "moon"})), says("done")]), Looking()
    async with engine_with(model, draft(), tools=Tools(tool)) as engine:
        task = await ended(engine)
    assert task.output == "done"
    assert [arguments for _, arguments in tool.calls] == [{"at": "tides"}, {"at": "moon"}]
    assert model.requests[-1].messages[1:] == (
        Message("assistant", calls=(LOOK,)),
        Message("user", results=(ToolResult("c1", "all about tides"),)),
        Message("assistant", calls=(ToolCall("c2", "look", {"at": "moon"}),)),
        Message("user", results=(ToolResult("c2", "all about moon"),)),
    )


async def test_tool_calls_of_one_turn_are_made_side_by_side_and_answered_in_their_order() -> None:
    calls = tuple(ToolCall(f"c{number}", "look", {"at": str(number)}) for number in range(5))
    model, tool = ScriptedModel([wants(*calls), says("done")]), Looking()
    async with engine_with(model, draft(), tools=Tools(tool)) as engine:
        await ended(engine)
    assert tool.at_once == 5
    assert last(model).results == tuple(ToolResult(f"c{number}", f"all about {number}") for number in range(5))


async def test_calls_that_have_the_same_id_have_keys_of_their_own() -> None:
    model, tool = ScriptedModel([wants(LOOK), wants(LOOK, LOOK), says("done")]), Looking()
    async with engine_with(model, draft(), tools=Tools(tool)) as engine:
        task = await ended(engine)
    assert [key for key, _ in tool.calls] == [f"{task.id}/draft/1/0.{number}/c1" for number in range(3)]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (ToolCall("c", "lok", {"at": "x"}), "there is no tool 'lok'; there are look; did you mean 'look'?"),
        (ToolCall("c", "look", {"at": 1}), "at: 1 is not of type 'string'"),
        (ToolCall("c", "look", None, "{at"), "the arguments are no JSON object: {at"),
        (ToolCall("c", "look", {"at": "fog"}), "nothing to be seen"),
    ],
)
async def test_a_model_is_told_why_a_call_was_not_made(call: ToolCall, told: str) -> None:
    model = ScriptedModel([wants(call), says("done")])
    tool = Looking({"fog": ToolError("nothing to be seen")})
    async with engine_with(model, draft(), tools=Tools(tool)) as engine:
        assert (await ended(engine)).output == "done"
    assert last(model).results == (ToolResult("c", told, failed=True),)


async def test_what_does_not_fit_the_schema_is_mended_in_the_same_conversation() -> None:
    model = ScriptedModel([says('{"score": 11}'), says('```json\n{"score": 7}\n```')])
    async with engine_with(model, draft(output=SCORE)) as engine:
        task = await ended(engine)
    assert task.output == {"score": 7}
    assert model.requests[0].schema == SCORE
    assert last(model).text.endswith("- score: 11 is greater than the maximum of 10")


async def test_what_still_does_not_fit_begins_anew_once_with_the_reasons_and_with_other_keys() -> None:
    model = ScriptedModel([says("x"), says("y"), says('{"score": 12}'), says('{"score": 3}')])
    async with engine_with(model, draft(output=SCORE)) as engine:
        task = await ended(engine)
    assert task.output == {"score": 3}
    assert len({request.key for request in model.requests}) == 4
    assert "Your work was handed back" in model.requests[2].messages[0].text


async def test_what_never_fits_fails_the_task_with_the_reasons() -> None:
    model = ScriptedModel(lambda request: says('{"score": 12}'))
    async with engine_with(model, draft(output=SCORE)) as engine:
        task = await ended(engine)
    assert task.failure is not None
    assert task.failure.message.endswith("score: 12 is greater than the maximum of 10")
    assert len(model.requests) == 4


async def test_names_of_outputs_are_asked_for_as_the_engine_does() -> None:
    model = ScriptedModel([says('{"title": "T"}'), says('{"title": "T", "text": "X"}')])
    async with engine_with(model, draft(outputs=["title", "text"])) as engine:
        assert (await ended(engine)).output == {"title": "T", "text": "X"}


# ---------------------------------------------------------------- reviewing


async def test_a_reviewing_agent_sends_work_back_and_the_writer_is_told_why() -> None:
    model = ScriptedModel(
        [says("one"), says('{"decision": "reject", "issues": [{"message": "too short"}]}'), says("two"), says("PASS")]
    )
    review = Phase(id="review", assigned_to="ai", prompt="Judge.", on_reject=JUDGE)
    async with engine_with(model, draft(), review) as engine:
        task = await ended(engine)
        kept = await transcript_of(engine, task, "draft-2")
    assert task.outputs == {"draft": "two", "review": "PASS"}
    assert model.requests[2].messages[0].text == (
        "Write on tides.\n\nYour work was handed back. Mend this:\n- too short"
    )
    assert [issue["message"] for issue in kept.feedback] == ["too short"]


async def test_a_reviewing_agent_that_says_neither_is_asked_for_a_verdict() -> None:
    model = ScriptedModel([says("one"), says("It is a text about tides."), says('{"decision": "approve"}')])
    review = Phase(id="review", assigned_to="ai", prompt="Judge.", on_reject=JUDGE)
    async with engine_with(model, draft(), review) as engine:
        task = await ended(engine)
    assert task.outputs["review"] == {"decision": "approve"}
    assert "neither that the work passes" in last(model).text


# ---------------------------------------------------------------- what ends it


@pytest.mark.parametrize(
    ("limits", "reached", "turns", "calls"),
    [
        ({"turns": 2}, "turns, 2", 2, 2),
        ({"tool_calls": 2}, "tool_calls, 2", 3, 2),
        ({"tokens": 40}, "tokens, 40", 3, 3),
        ({"cost": 0.25}, "cost, 0.25", 2, 2),
    ],
)
async def test_a_conversation_ends_at_its_limits(limits: dict[str, Any], reached: str, turns: int, calls: int) -> None:
    model, tool = ScriptedModel(lambda request: wants(LOOK)), Looking()
    async with engine_with(model, draft(limits=limits), tools=Tools(tool), price=0.01) as engine:
        task = await ended(engine)
        kept = await transcript_of(engine, task)
    assert task.failure is not None
    assert task.failure.message == (
        f"phase 'draft' has reached its limit of {reached}, without an output; "
        "raise limits of the phase, or give it less to do"
    )
    assert (len(model.requests), len(tool.calls)) == (turns, calls)
    assert (kept.failure, len(kept.turns)) == (task.failure.message, turns)


async def test_a_conversation_ends_when_its_turns_and_calls_have_taken_the_time_they_may() -> None:
    model = ScriptedModel(lambda request: wants(LOOK), seconds=0.05)
    async with engine_with(model, draft(limits={"time": 0.14}), tools=Tools(Looking())) as engine:
        task = await ended(engine)
    assert task.failure is not None
    assert "its limit of time, 0.14" in task.failure.message
    assert len(model.requests) == 3


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        ("length", "model m was cut off at 4096 tokens; raise max_tokens of phase 'draft'"),
        ("refused", "model m refuses to reply in phase 'draft': I will not"),
    ],
)
async def test_a_reply_that_is_none_fails_the_task(stop: Stop, message: str) -> None:
    model = ScriptedModel([says("I will not", stop=stop, model="m")])
    async with engine_with(model, draft(retry=QUICK)) as engine:
        task = await ended(engine)
    assert task.failure is not None
    assert (task.failure.message, task.failure.attempts) == (message, 1)


async def test_a_model_that_pauses_goes_on_with_the_same_conversation() -> None:
    model = ScriptedModel([says("Let me", stop="pause"), says("see.")])
    async with engine_with(model, draft()) as engine:
        assert (await ended(engine)).output == "see."
    assert last(model) == Message("assistant", "Let me")


# ---------------------------------------------------------------- failures


async def test_a_turn_that_failed_is_tried_again_and_what_was_done_is_kept() -> None:
    model = ScriptedModel([wants(LOOK), TransientFailure("overloaded"), TransientFailure("again"), says("done")])
    tool = Looking()
    async with engine_with(model, draft(retry=QUICK), tools=Tools(tool)) as engine:
        task = await ended(engine)
    assert (task.output, len(tool.calls), len(model.requests)) == ("done", 1, 4)
    assert len({request.key for request in model.requests[1:]}) == 1


async def test_a_tool_that_failed_is_tried_again_alone() -> None:
    calls = LOOK, ToolCall("c2", "look", {"at": "moon"})
    model = ScriptedModel([wants(*calls), says("done")])
    tool = Looking({"moon": [TransientFailure("fog"), "round"]})
    async with engine_with(model, draft(retry=QUICK), tools=Tools(tool)) as engine:
        task = await ended(engine)
    assert (task.output, len(model.requests)) == ("done", 2)
    assert [arguments["at"] for _, arguments in tool.calls] == ["tides", "moon", "moon"]
    assert tool.calls[1] == tool.calls[2]


async def test_a_tool_that_never_works_fails_the_task_even_beside_one_that_may_work_later() -> None:
    calls = LOOK, ToolCall("c2", "look", {"at": "moon"})
    tool = Looking({"tides": TransientFailure("fog"), "moon": PermanentFailure("there is no moon")})
    async with engine_with(ScriptedModel([wants(*calls)]), draft(retry=QUICK), tools=Tools(tool)) as engine:
        task = await ended(engine)
    assert task.failure is not None
    assert task.failure.message == "there is no moon"


async def test_models_are_asked_one_after_the_other_until_one_replies() -> None:
    model = ScriptedModel([PermanentFailure("gone"), TransientFailure("busy"), says("hello")])
    async with engine_with(model, draft(model=["a", "b", "c"])) as engine:
        assert (await ended(engine)).output == "hello"
    assert [request.model for request in model.requests] == ["a", "b", "c"]
    assert len({request.key for request in model.requests}) == 3


async def test_where_no_model_replies_the_turn_is_tried_again_if_one_of_them_may_reply_later() -> None:
    model = ScriptedModel([PermanentFailure("gone"), TransientFailure("busy"), says("hello")])
    async with engine_with(model, draft(model=["a", "b"], retry=QUICK)) as engine:
        assert (await ended(engine)).output == "hello"


async def test_what_was_said_before_a_failure_is_kept() -> None:
    model = ScriptedModel([wants(LOOK), TransientFailure("overloaded")])
    async with engine_with(model, draft(), tools=Tools(Looking())) as engine:
        kept = await transcript_of(engine, await ended(engine))
    assert (kept.failure, len(kept.turns), len(kept.messages)) == ("overloaded", 1, 3)


async def test_where_nothing_was_said_and_it_may_work_later_no_transcript_is_written() -> None:
    async with engine_with(ScriptedModel([TransientFailure("overloaded")]), draft()) as engine:
        assert (await ended(engine)).artifacts == {}


# ---------------------------------------------------------------- people


async def test_a_call_that_a_person_approves_is_made_with_the_arguments_that_the_person_gives() -> None:
    model, tool = ScriptedModel([wants(LOOK), says("done")]), Looking()
    async with engine_with(model, draft(assignee="ann"), tools=Tools(tool, "ask")) as engine:
        task = await engine.submit_task({}, "w")
        question = await asked(engine, task)
        assert (question.prompt, question.assignee) == ("May the model call look?", "ann")
        assert tool.calls == []
        await engine.answer(question.id, {"decision": "approve", "arguments": {"at": "harbour"}})
        assert (await engine.wait(task, timeout=WITHIN)).output == "done"
    assert [arguments for _, arguments in tool.calls] == [{"at": "harbour"}]
    assert len(model.requests) == 2


async def test_a_call_that_a_person_refuses_is_not_made_and_the_model_is_told_why() -> None:
    model, tool = ScriptedModel([wants(LOOK), says("done")]), Looking()
    async with engine_with(model, draft(), tools=Tools(tool, "ask")) as engine:
        task = await engine.submit_task({}, "w")
        await engine.answer((await asked(engine, task)).id, {"decision": "reject", "comment": "not now"})
        await engine.wait(task, timeout=WITHIN)
    assert tool.calls == []
    assert last(model).results == (ToolResult("c1", "a person refused this call: not now", failed=True),)


async def test_a_call_that_is_denied_is_never_made() -> None:
    model, tool = ScriptedModel([wants(LOOK), says("done")]), Looking()
    async with engine_with(model, draft(), tools=Tools(tool, "deny")) as engine:
        await ended(engine)
    assert (tool.calls, last(model).results[0].failed) == ([], True)


@pytest.mark.parametrize(
    ("answer", "models", "outcome"),
    [
        ({"decision": "extend"}, ["small", "small"], "done"),
        ({"decision": "extend", "by": 5.0}, ["small", "small"], "done"),
        ({"decision": "cheaper"}, ["small", "tiny"], "done"),
        ({"decision": "stop", "comment": "enough"}, ["small"], None),
    ],
)
async def test_a_person_decides_what_happens_past_the_budget(
    answer: dict[str, Any], models: list[str], outcome: str | None
) -> None:
    model = ScriptedModel([wants(LOOK, usage=Usage(50, 50)), says("done")])
    budget = {"task": 1.5, "cheaper": "tiny"}
    async with engine_with(model, draft(max_tokens=100), tools=Tools(Looking()), price=0.01, budget=budget) as engine:
        task = await engine.submit_task({}, "w")
        question = await asked(engine, task)
        if answer["decision"] == "cheaper":  # costs as much here: it is asked about once more
            await engine.answer(question.id, answer)
            second = await asked(engine, task)
            assert second.form is not None
            await engine.answer(second.id, {"decision": "extend"})
        else:
            await engine.answer(question.id, answer)
        done = await engine.wait(task, timeout=WITHIN)
    assert (done.output, [request.model for request in model.requests]) == (outcome, models)
    if outcome is None:
        assert done.failure is not None
        assert done.failure.message.endswith("; a person stopped it: enough")
    assert done.spent.dollars == pytest.approx(1.0 if outcome is None else 1.15)


async def test_a_budget_that_asks_nobody_fails_the_phase() -> None:
    model = ScriptedModel([])
    budget = {"task_tokens": 99, "then": "fail"}
    async with engine_with(model, draft(max_tokens=100), budget=budget) as engine:
        task = await ended(engine)
    assert (task.status, model.requests) == (TaskState.FAILED, [])


# ---------------------------------------------------------------- watching


async def test_the_words_of_a_model_are_heard_as_they_come() -> None:
    heard: list[Said] = []
    engine = engine_with(ScriptedModel([says("The sea rises")]), draft())
    engine.listen(heard.append)
    async with engine:
        task = await ended(engine)
    assert [(said.task, said.phase, said.attempt, said.text) for said in heard] == [
        (task.id, "draft", 1, word) for word in ("The", "sea", "rises")
    ]


async def test_a_transcript_holds_what_was_said_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "correct-horse-battery")
    call = ToolCall("c1", "look", {"at": "correct-horse-battery", "password": "x"})
    model = ScriptedModel(
        [wants(call), says('The key is "Bearer abc123456789".', usage=Usage(7, 3, cost=0.5), id="r2")]
    )
    async with engine_with(model, draft(system="Use correct-horse-battery"), tools=Tools(Looking())) as engine:
        kept = await transcript_of(engine, await ended(engine))
    assert kept.system == "Use [redacted]"
    assert kept.messages == (
        Message("user", "Write on tides."),
        Message("assistant", calls=(ToolCall("c1", "look", {"at": "[redacted]", "password": "[redacted]"}),)),
        Message("user", results=(ToolResult("c1", "all about [redacted]"),)),
        Message("assistant", 'The key is "Bearer [redacted]".'),
    )
    assert kept.output == 'The key is "Bearer [redacted]".'
    assert (kept.turns[1].usage, kept.turns[1].stop, kept.turns[1].id) == (Usage(7, 3, cost=0.5), "end", "r2")
    assert [tool.name for tool in kept.tools] == ["look"]
