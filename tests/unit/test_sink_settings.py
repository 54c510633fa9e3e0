"""Settings of sinks."""

import tomllib
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from workflow_engine.errors import ConfigError
from workflow_engine.sinks.references import expanded, resolved
from workflow_engine.sinks.settings import (
    QUESTIONS,
    EmailSettings,
    FileSettings,
    SinkSettings,
    SlackSettings,
    WebhookSettings,
    known_events,
)

SINKS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, SinkSettings])

ADDRESSED = {"type": "email", "host": "mail", "sender": "w@example.org"}


def read(text: str) -> dict[str, Any]:
    """Return the sinks of a settings file."""
    return SINKS.validate_python(tomllib.loads(text)["sinks"])


def test_each_type_has_settings_of_its_own() -> None:
    found = read(
        """
        [sinks.audit]
        type = "file"
        path = "audit.jsonl"
        from = "beginning"
        [sinks.ops]
        type = "webhook"
        url = "https://ops.example.org/events"
        secret = "${OPS_SECRET}"
        events = ["TaskFailed"]
        [sinks.chat]
        type = "slack"
        url = "${SLACK_URL}"
        [sinks.people]
        type = "email"
        host = "mail.example.org"
        sender = "Workflows <w@example.org>"
        addresses = {ann = "ann@example.org", editors = ["bob@example.org", "cy@example.org"]}
        """
    )
    assert found == {
        "audit": FileSettings(type="file", path="audit.jsonl", begin="beginning"),
        "ops": WebhookSettings(
            type="webhook", url="https://ops.example.org/events", secret="${OPS_SECRET}", events=("TaskFailed",)
        ),
        "chat": SlackSettings(type="slack", url="${SLACK_URL}"),
        "people": EmailSettings(
            type="email",
            host="mail.example.org",
            sender="Workflows <w@example.org>",
            addresses={"ann": "ann@example.org", "editors": ("bob@example.org", "cy@example.org")},
        ),
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "pigeon"}, "does not match any of the expected tags"),
        ({"type": "file"}, "Field required"),
        ({"type": "file", "path": "x", "paht": "y"}, "Extra inputs are not permitted"),
        ({"type": "console", "events": ["TaskFaild"]}, "did you mean TaskFailed"),
        ({"type": "webhook", "url": "ops.example.org"}, "begins with https:// or http://"),
        ({"type": "webhook", "url": "file:///etc/passwd"}, "begins with https:// or http://"),
        ({"type": "webhook", "url": "https://x.example", "secret": "hunter2222"}, "should match pattern"),
        ({"type": "webhook", "url": "https://x.example", "previous_secret": "env:A"}, "needs a secret"),
        ({"type": "slack", "url": "https://x.example", "batch": 5}, "less than or equal to 1"),
        ({**ADDRESSED}, "nobody would get a message"),
        ({**ADDRESSED, "to": ["ann"]}, "no e-mail address"),
        ({**ADDRESSED, "to": ["a@example.org\nBcc: b@example.org"]}, "no e-mail address"),
        ({**ADDRESSED, "to": ["a@example.org"], "username": "w"}, "go together"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SINKS.validate_python({"x": given})


def test_people_are_notified_of_events_that_exist() -> None:
    assert set(QUESTIONS) <= set(known_events())


@pytest.mark.parametrize("reference", ["${KEY}", "env:KEY"])
def test_a_reference_is_looked_up_each_time(reference: str) -> None:
    environment = {"KEY": "first"}
    assert resolved(reference, environment) == "first"
    environment["KEY"] = "second"
    assert resolved(reference, environment) == "second"


def test_variables_within_a_text_are_filled_in() -> None:
    assert expanded("https://${HOST}/${KEY}", {"HOST": "x.example", "KEY": "k"}) == "https://x.example/k"


def test_a_reference_to_nothing_is_named() -> None:
    with pytest.raises(ConfigError, match="KEY} is not set; set it"):
        expanded("Bearer ${KEY}", {})
