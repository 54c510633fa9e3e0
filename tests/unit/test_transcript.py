"""Transcripts: what is written of a conversation comes back, without what only the provider or nobody may know."""

from workflow_engine.agents.messages import Message, ToolCall, ToolResult, ToolSpec, Usage
from workflow_engine.agents.transcript import Transcript, Turn, read_transcript, written
from workflow_engine.redacting import Redactor

SCHEMA = {"type": "object", "properties": {"password": {"type": "string", "description": "to log in with"}}}
WHOLE = Transcript(
    phase="draft",
    visit="2.0",
    provider="scripted",
    messages=(
        Message("user", "Write."),
        Message("assistant", "", (ToolCall("c", "look", {"at": "x"}), ToolCall("d", "look", None, "{"))),
        Message("user", results=(ToolResult("c", "y"), ToolResult("d", "no", failed=True))),
    ),
    turns=(Turn("m", "tools", Usage(1, 2, cost=0.1), "r1", 0.5),),
    system="Be brief.",
    tools=(ToolSpec("look", "Looks.", SCHEMA),),
    feedback=({"severity": "error", "message": "short", "path": None},),
    item={"n": 1},
    output=[1],
)


def test_a_transcript_comes_back_as_it_was() -> None:
    assert read_transcript(written(WHOLE, Redactor())) == WHOLE


def test_what_only_the_provider_understands_is_left_out() -> None:
    raw = Transcript("p", "1", "x", (Message("assistant", "a", raw={"signature": "s"}),), ())
    assert read_transcript(written(raw, Redactor())).messages == (Message("assistant", "a"),)


def test_secrets_are_taken_out_of_everything_that_was_said() -> None:
    told = Transcript(
        "p", "1", "x", (Message("user", "correct horse"),), (), system="correct horse", output="correct horse",
        failure="correct horse", item={"token": "x"},
    )  # fmt: skip
    found = written(told, Redactor(["correct horse"])).decode()
    assert "correct" not in found
    assert found.count("[redacted]") == 5
