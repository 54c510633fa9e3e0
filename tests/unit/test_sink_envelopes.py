"""Envelopes: what sinks are told of an event, and what not."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from workflow_engine.sinks.envelopes import Envelopes, moment
from workflow_engine.sinks.index import Told
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import EventRecord, encoded
from workflow_engine.sinks.redaction import Redaction
from workflow_engine.sinks.schema import schema
from workflow_engine.sinks.settings import RedactSettings

SCHEMA = Path(__file__).parents[2] / "docs/reference/events.schema.json"

FAILED = Told(
    7,
    1_750_000_000.25,
    [
        (0, {"event": "AttemptFailed", "task": "t1", "run": "t1/a/1", "attempt": 1, "error": "Oops", "message": "no"}),
        (1, {"event": "TaskFailed", "task": "t1", "error": "Oops", "message": "no"}),
        (2, {"event": "TaskSubmitted", "task": "t2", "workflow": "other"}),
    ],
    100,
)
WORKFLOWS = {"t1": "review", "t2": "other"}


def made(envelopes: Envelopes, commit: Told = FAILED, after: Place | None = None) -> list[EventRecord]:
    """Return the envelopes of a commit."""
    return list(envelopes.of(commit, after or Place(6), WORKFLOWS))


def clean(value: Any, **settings: Any) -> Any:
    """Return what is left of a value."""
    redaction = Redaction(RedactSettings(**settings), environment={"OPS_TOKEN": "s3cr3t/plus+more"})
    return redaction.value(value)


def test_an_envelope_says_who_when_what_and_why() -> None:
    assert made(Envelopes(Redaction()))[1] == EventRecord(
        "7.1",
        7,
        1,
        "2025-06-15T15:06:40.250000Z",
        "TaskFailed",
        "t1",
        "review",
        "7.0",
        {"error": "Oops", "message": "no"},
    )


def test_a_cause_stays_the_same_wherever_a_batch_begins() -> None:
    assert [(one.id, one.cause) for one in made(Envelopes(Redaction()), after=Place(7, 0))] == [
        ("7.1", "7.0"),
        ("7.2", None),
    ]


@pytest.mark.parametrize(
    ("events", "workflows", "ids"),
    [
        ((), (), ["7.0", "7.1", "7.2"]),
        (("TaskFailed", "TaskSubmitted"), (), ["7.1", "7.2"]),
        ((), ("other",), ["7.2"]),
        (("TaskFailed",), ("other",), []),
    ],
)
def test_only_what_is_wanted_is_told(events: tuple[str, ...], workflows: tuple[str, ...], ids: list[str]) -> None:
    assert [one.id for one in made(Envelopes(Redaction(), events, workflows))] == ids


def test_a_task_that_is_purged_has_no_workflow_and_is_wanted_by_nobody_who_names_one() -> None:
    purged = Told(8, 1.0, [(0, {"event": "TaskPurged", "task": "gone"})], 10)
    assert made(Envelopes(Redaction()), purged)[0].workflow is None
    assert made(Envelopes(Redaction(), (), ("review",)), purged) == []


@pytest.mark.parametrize("form", ["s3cr3t/plus+more", "s3cr3t%2Fplus%2Bmore", "czNjcjN0L3BsdXMrbW9yZQ"])
def test_a_secret_of_the_environment_is_taken_out_in_any_form(form: str) -> None:
    assert clean({"message": f"failed with {form}"})["message"].startswith("failed with [redacted]")


def test_further_keys_and_patterns_are_taken_out() -> None:
    given = {"Patient": "Ann", "list": [{"patient": 7}], "message": "case A-1234 of B", "none": {"patient": None}}
    assert clean(given, keys=("patient",), patterns=(re.compile(r"[A-Z]-\d{4}"),)) == {
        "Patient": "[redacted]",
        "list": [{"patient": "[redacted]"}],
        "message": "case [redacted] of B",
        "none": {"patient": None},
    }


def test_secrets_that_settings_refer_to_are_known(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file-1\n")
    settings = RedactSettings(secrets=(f"file:{tmp_path}/key", "env:GONE"))
    redaction = Redaction(settings, ["https://x.example/${PLACE}"], ["given-to-us-1"], {"PLACE": "T000/B000/xyz"})
    text = "from-a-file-1 T000/B000/xyz given-to-us-1 stays"
    assert redaction.text(text) == "[redacted] [redacted] [redacted] stays"


def test_a_secret_in_the_name_of_a_task_is_taken_out_of_the_envelope() -> None:
    envelopes = Envelopes(Redaction(secrets=["hunter2222"]))
    commit = Told(1, 0.0, [(0, {"event": "TaskCompleted", "task": "for-hunter2222"})], 10)
    assert b"hunter2222" not in encoded(next(envelopes.of(commit, Place(), {})))


def test_a_moment_has_microseconds_and_is_utc() -> None:
    assert (moment(0.0), moment(1.000001)) == ("1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:01.000001Z")


def test_the_schema_in_the_reference_is_fresh() -> None:
    stored = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(schema())), "stale: run .venv/bin/python docs/generate.py"


def test_envelopes_fit_their_schema() -> None:
    validator: Any = jsonschema.Draft202012Validator(schema())
    for one in made(Envelopes(Redaction())):
        validator.validate(json.loads(encoded(one)))


def test_data_that_is_not_the_events_does_not_fit_the_schema() -> None:
    other = EventRecord("1.0", 1, 0, moment(1.0), "TaskFailed", "t", None, None, {})
    validator: Any = jsonschema.Draft202012Validator(schema())
    with pytest.raises(jsonschema.ValidationError, match="'error' is a required property"):
        validator.validate(json.loads(encoded(other)))
