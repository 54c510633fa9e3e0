"""What was shown: every part counts, and how its JSON is written does not."""

import hashlib
import json
from typing import Any

import msgspec
import pytest

from workflow_engine.core.components import Question, WaitKind
from workflow_engine.core.shown import digest_of, shown_digest, shown_parts, to_be_seen


def asked(**given: Any) -> Question:
    return msgspec.structs.replace(Question("t/a/1/1q0", WaitKind.HUMAN, "Publish?", 1.0), **given)


def written(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def reference(sha256: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({"name": "n", "sha256": sha256, "size": 1}))


WHOLE = asked(form=written('{"type": "string"}'), show=written('[1, {"b": 2, "a": "é"}]'), picks=("x", "y"))
ARTIFACTS = {"b.txt": reference("b" * 64), "a.txt": reference("a" * 64)}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_parts_are_hashes_of_canonical_json_and_of_the_contents_of_artifacts() -> None:
    assert shown_parts(WHOLE, ARTIFACTS) == {
        "prompt": sha256('"Publish?"'),
        "form": sha256('{"type":"string"}'),
        "show": sha256('[1,{"a":"é","b":2}]'),
        "picks": sha256('["x","y"]'),
        "artifact:a.txt": "a" * 64,
        "artifact:b.txt": "b" * 64,
    }


def test_the_digest_is_the_hash_of_the_parts() -> None:
    parts = shown_parts(WHOLE, ARTIFACTS)
    assert shown_digest(WHOLE, ARTIFACTS) == sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")))
    assert digest_of(dict(reversed(parts.items()))) == digest_of(parts)


def test_neither_order_nor_whitespace_count() -> None:
    other = asked(form=written('{ "type":"string"}'), show=written('[1,{"a":"\\u00e9","b":2}]'), picks=("x", "y"))
    assert shown_digest(other, dict(reversed(ARTIFACTS.items()))) == shown_digest(WHOLE, ARTIFACTS)


CHANGES: dict[str, dict[str, Any]] = {
    "the prompt": {"prompt": "Publish it?"},
    "the form": {"form": written('{"type": "number"}')},
    "no form": {"form": msgspec.UNSET},
    "a form that is null": {"form": written("null")},
    "what it shows": {"show": written('[1, {"b": 2, "a": "e"}]')},
    "the type of a number": {"show": written('[true, {"b": 2, "a": "é"}]')},
    "the choice": {"picks": ("x",)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_every_part_counts(change: dict[str, Any]) -> None:
    other = msgspec.structs.replace(WHOLE, **change)
    assert shown_digest(other, ARTIFACTS) != shown_digest(WHOLE, ARTIFACTS)


@pytest.mark.parametrize(
    "artifacts",
    [
        {},
        {"a.txt": reference("a" * 64)},
        {"a.txt": reference("b" * 64), "b.txt": reference("a" * 64)},
        {**ARTIFACTS, "c.txt": reference("a" * 64)},
    ],
    ids=["none", "one less", "exchanged", "one more"],
)
def test_every_artifact_counts(artifacts: dict[str, msgspec.Raw]) -> None:
    assert shown_digest(WHOLE, artifacts) != shown_digest(WHOLE, ARTIFACTS)


@pytest.mark.parametrize("text", ["1e999", "9" * 400, '"\\ud800"', "[" * 50_000 + "]" * 50_000, "{"])
def test_json_that_is_strange_has_a_digest_too(text: str) -> None:
    assert len(shown_digest(asked(show=written(text)), {"f": written(text)})) == 64


def test_what_other_agents_said_is_no_part_of_what_is_decided_on() -> None:
    reference = msgspec.Raw(msgspec.json.encode({"sha256": "a" * 64}))
    assert to_be_seen({"b.md": reference, "transcripts/draft-1.json": reference, "a.md": reference}) == ["a.md", "b.md"]
