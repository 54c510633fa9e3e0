"""The webhook: how it signs, and what answers mean."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from workflow_engine.errors import ConfigError
from workflow_engine.sinks.posting import retry_after
from workflow_engine.sinks.webhook import signature

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
KEY = bytes(range(24))


def expected(key: bytes, signed: bytes) -> str:
    """Return what the specification says: base64 of the digest of id, time and body."""
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    ("secret", "key"), [("plain text", b"plain text"), (f"whsec_{base64.b64encode(KEY).decode()}", KEY)]
)
def test_id_time_and_body_are_signed(secret: str, key: bytes) -> None:
    assert signature(secret, "7_0-7_2", 1_674_087_231, b'{"events":[]}') == expected(
        key, b'7_0-7_2.1674087231.{"events":[]}'
    )


def test_a_secret_that_was_copied_in_part_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not base64; copy it once more"):
        signature("whsec_abc", "a", 1, b"")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
