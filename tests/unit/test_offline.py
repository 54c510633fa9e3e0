"""The offline model: scripted replies, and what it says without a script."""

import re
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.adapter import Missing, Output
from workflow_engine.adapters.agentic import DefaultAgentAdapter
from workflow_engine.adapters.offline import OfflineModel, load_replies
from workflow_engine.adapters.replies import understood
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolCall, Usage
from workflow_engine.agents.models import Models
from workflow_engine.agents.no_tools import NoTools
from workflow_engine.errors import ConfigError
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task
from workflow_engine.verdicts import verdict


def key(number: str = "1", attempt: int = 1) -> str:
    return f"t1/draft/{number}/{attempt}"


def reply(phase: Phase, replies: Any = None, of: str | None = None, turn: int = 0) -> Any:
    return OfflineModel(replies).says(phase, of or key(), turn)


def request(*said: str, **given: Any) -> ModelRequest:
    """Return a request in which the model has said these words before."""
    turns = [turn for words in said for turn in (Message("assistant", words), Message("user", "go on"))]
    return ModelRequest("m", (Message("user", "Hi"), *turns), key="t1/draft/1/turn", **given)


DRAFT = Phase(id="draft", prompt="Say hello to Ann")
REVIEW = {"target": "draft"}
CLOSED = {"type": "object", "additionalProperties": False}

# ---------------------------------------------------------------- with a script


@pytest.mark.parametrize("said", ["Hello", {"a": 1}, "", 0, False])
def test_a_single_reply_is_given_every_time(said: Any) -> None:
    assert [reply(DRAFT, {"draft": said}, key(number)) for number in ("1", "2", "1.5")] == [said] * 3


def test_a_list_is_worked_through_visit_by_visit_and_its_last_reply_repeats() -> None:
    replies = {"draft": ["one", {"two": 2}]}
    keys = [key("1"), key("1", attempt=2), key("2"), key("3")]
    assert [reply(DRAFT, replies, one) for one in keys] == ["one", "one", {"two": 2}, {"two": 2}]


def test_in_a_fan_out_a_list_is_worked_through_item_by_item() -> None:
    keys = [key("1.1"), key("1.0"), key("2.0"), key("1.7")]
    assert [reply(DRAFT, {"draft": ["a", "b"]}, one) for one in keys] == ["b", "a", "a", "b"]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("Say hello to Ann", "Dear Ann"),
        ("hello Bob", ""),
        ("bye", "[offline model] bye"),
        (None, "[offline model] draft"),
    ],
)
def test_the_first_rule_that_is_found_in_the_prompt_holds(prompt: str | None, said: str) -> None:
    rules = [{"match": "to Ann$", "reply": "Dear Ann"}, {"match": "hello", "reply": ""}]
    assert reply(Phase(id="draft", prompt=prompt), {"draft": rules}) == said


@pytest.mark.parametrize(
    ("script", "fact"),
    [
        ([], "are an empty list; write one reply at least"),
        ([{"match": "a", "reply": 1}, "b"], "mix rules with replies; give every one `match` and `reply`, or none"),
        ([{"match": "(", "reply": 1}], "match '(', which is no regular expression"),
        ([{"match": 7, "reply": 1}], "match 7, which is no regular expression"),
    ],
    ids=str,
)
def test_a_script_that_cannot_be_used_is_refused(script: Any, fact: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"the replies for phase 'draft' {fact}")):
        OfflineModel({"draft": script})


# ---------------------------------------------------------------- without one


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        (DRAFT, "[offline model] Say hello to Ann"),
        (Phase(id="draft", system="Be kind"), "[offline model] Be kind"),
        (Phase(id="draft"), "[offline model] draft"),
        (Phase(id="draft", prompt="x" * 200), "[offline model] " + "x" * 200),
        (Phase(id="draft", prompt="x" * 201), "[offline model] " + "x" * 200 + "…"),
        (Phase(id="draft", prompt="Hi", outputs=("a", "b")), {"a": "[offline model] Hi", "b": "[offline model] Hi"}),
        (Phase(id="draft", prompt="Hi", output={"properties": {"a": {}}}), {"a": "[offline model]"}),
        (Phase(id="draft", prompt="Hi", output={"type": "integer"}, outputs=("a",)), 0),
        (Phase(id="draft", on_reject=REVIEW), {"decision": "approve", "issues": []}),
        (
            Phase(id="draft", prompt="Hi", on_reject=REVIEW, outputs=("a",)),
            {"a": "[offline model] Hi", "decision": "approve", "issues": []},
        ),
    ],
    ids=str,
)
def test_without_a_script_the_reply_is_labelled_or_an_example(phase: Phase, said: Any) -> None:
    assert reply(phase, {"other": "not this"}) == said


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"properties": {"score": {"minimum": 3}}}, {"decision": "approve", "issues": [], "score": 3}),
        ({**CLOSED, "properties": {"score": {"minimum": 3}}}, {"score": 3}),
        ({**CLOSED, "properties": {"decision": {"enum": ["reject", "approve"]}}}, {"decision": "approve"}),
        ({**CLOSED, "properties": {"decision": {"enum": ["no", "reject"]}}}, {"decision": "no"}),
        ({**CLOSED, "properties": {"verdict": {"enum": ["fail", "pass"]}}}, {"verdict": "pass"}),
        ({**CLOSED, "properties": {"decision": {"type": "string"}}}, {"decision": "approve"}),
        ({**CLOSED, "properties": {"decision": {"type": "boolean"}}}, {"decision": True}),
        ({**CLOSED, "properties": {"passed": {"type": "boolean"}}}, {"passed": True}),
        ({**CLOSED, "properties": {"failed": {"type": "boolean"}}}, {"failed": False}),
        ({"type": "string"}, "[offline model]"),
    ],
    ids=str,
)
def test_the_example_of_a_reviewing_phase_approves_if_its_schema_lets_it(schema: dict[str, Any], said: Any) -> None:
    value = reply(Phase(id="draft", on_reject=REVIEW, output=schema))
    assert value == said
    assert (verdict(value) is None) is (said != {"decision": "no"})


def test_an_approval_leaves_the_schema_as_it_is() -> None:
    phase = Phase(id="draft", on_reject=REVIEW, output={"const": {"failed": True}})
    assert reply(phase) == {"decision": "approve", "issues": [], "failed": False}
    assert phase.output == {"const": {"failed": True}}


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("replies.yaml", "draft: Hello\nreview:\n  - {decision: reject}\n  - {decision: approve}\n"),
        ("replies.json", '{\n\t"draft": "Hello",\n\t"review": [{"decision": "reject"}, {"decision": "approve"}]\n}'),
    ],
)
def test_replies_are_read_from_yaml_and_json(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    expected = {"draft": "Hello", "review": [{"decision": "reject"}, {"decision": "approve"}]}
    assert load_replies(tmp_path / name) == expected


@pytest.mark.parametrize(
    ("name", "content", "fact"),
    [
        ("a.yaml", b"- a", ": it holds no replies by phase id; write `draft: the reply`"),
        ("a.yaml", b"", ": it holds no replies by phase id"),
        ("a.yaml", b"1: a", ": the phase id 1 is no text; put it into quotes"),
        ("a.yaml", b"a: [", " is neither YAML nor JSON: "),
        ("a.yaml", b"a: \xff", " is neither YAML nor JSON: "),
        ("a.yaml", b"a: !!python/name:os.system", " is neither YAML nor JSON: "),
        ("a.json", b"{", " is neither YAML nor JSON: "),
        ("a.yaml", b"draft: []", ": the replies for phase 'draft' are an empty list"),
    ],
)
def test_a_file_without_replies_is_refused_by_name_and_fact(
    tmp_path: Path, name: str, content: bytes, fact: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(f"{path}{fact}")):
        load_replies(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("cannot be read (No such file or directory); name a file")):
        load_replies(tmp_path / "gone.yaml")


# ---------------------------------------------------------------- what becomes of a reply


@pytest.mark.parametrize(
    "asks",
    [{"output": {"type": "object"}}, {"outputs": ("a",)}, {"on_reject": REVIEW}],
    ids=lambda asks: next(iter(asks)),
)
def test_a_text_that_is_json_is_read_where_the_phase_asks_for_values(asks: dict[str, Any]) -> None:
    phase = Phase(id="draft", **asks)
    replies = ['{"a": 1}', '```json\n{"a": 1}\n```', {"a": 1}, "FAIL: not JSON"]
    assert [understood(one, phase) for one in replies] == [{"a": 1}, {"a": 1}, {"a": 1}, "FAIL: not JSON"]


def test_a_text_stays_a_text_where_the_phase_asks_for_none() -> None:
    assert understood('{"a": 1}', DRAFT) == '{"a": 1}'


# ---------------------------------------------------------------- as a provider


async def test_a_provider_says_the_text_as_it_is_and_counts_what_it_read_and_wrote() -> None:
    heard: list[str] = []
    said = await OfflineModel({"draft": "Dear Ann"}).of(DRAFT).reply(request(system="Be kind"), heard.append)
    assert (heard, said) == (
        ["Dear Ann"],
        ModelReply(Message("assistant", "Dear Ann"), "end", Usage(3, 2, cost=0.0), "offline"),
    )


async def test_an_object_is_said_as_json() -> None:
    said = await OfflineModel({"draft": {"a": "ü"}}).of(DRAFT).reply(request())
    assert said.message == Message("assistant", '{"a": "ü"}')


async def test_calls_are_calls_of_tools_with_names_of_their_own() -> None:
    calls = {"calls": [{"name": "read", "arguments": {"path": "a"}}, {"name": "list"}]}
    said = await OfflineModel({"draft": [calls, "done"]}).of(DRAFT).reply(request())
    assert (said.stop, said.message) == (
        "tools",
        Message("assistant", calls=(ToolCall("call-1-1", "read", {"path": "a"}), ToolCall("call-1-2", "list", {}))),
    )


async def test_a_list_goes_on_turn_by_turn() -> None:
    model = OfflineModel({"draft": ["one", "two"]}).of(DRAFT)
    said = [await model.reply(request(*before)) for before in ((), ("one",), ("one", "two"))]
    assert [one.message.text for one in said] == ["one", "two", "two"]


def test_a_list_in_a_list_and_in_a_rule_is_a_conversation() -> None:
    replies = [["a1", "a2"], "b"]
    found = [
        reply(DRAFT, {"draft": replies}, key(visit), turn) for visit, turn in (("1", 0), ("1", 1), ("1", 2), ("2", 0))
    ]
    rules = [{"match": "hello", "reply": ["one", "two"]}]
    turns = [reply(DRAFT, {"draft": rules}, turn=turn) for turn in (0, 1, 2)]
    assert (found, turns) == (["a1", "a2", "a2", "b"], ["one", "two", "two"])


async def test_by_its_name_alone_it_knows_the_phase_from_the_key() -> None:
    said = await OfflineModel({"draft": "Dear Ann"}).reply(request())
    unknown = await OfflineModel().reply(request(schema={"type": "integer"}))
    assert (said.message.text, unknown.message.text) == ("Dear Ann", "0")


# ---------------------------------------------------------------- as the agent of an engine


async def test_a_registered_handler_goes_before_the_model() -> None:
    handlers = Handlers()
    handlers.register("draft", lambda task: "handled")
    adapter = DefaultAgentAdapter(handlers, Models(), NoTools())
    assert await adapter.execute(Task({}, "draft", "draft"), DRAFT) == Output("handled")


async def test_a_phase_without_prompt_and_handler_waits_for_the_handler() -> None:
    with pytest.raises(Missing, match="a handler for 'draft' is not registered"):
        await DefaultAgentAdapter(Handlers(), Models(), NoTools()).execute(
            Task({}, "draft", "draft"), Phase(id="draft")
        )
