"""Redacting: what is taken out, what stays, and what that costs."""

import base64
import json
import time
import urllib.parse
from typing import Any

import pytest

from workflow_engine.redacting import MASK, Redactor, is_secret_name, redactor_for

SECRET = "p/Ss w+rd&ü-42!"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "OPENAI_API_KEY",
        "x-api-key",
        "accessToken",
        "Authorization",
        "client.secret",
        "apiKey",
    ],
)
def test_names_of_secrets_are_known_however_they_are_written(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["max_tokens", "input_tokens", "tokens", "key", "passwords_tried", "author", "keyboard", "", "---"]
)
def test_names_that_only_sound_like_secrets_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("use sk-proj-abcdefghijklmnop1234 now", f"use {MASK} now"),
        ('{"a": "one\\nsk-abcdefghijklmnop1234"}', f'{{"a": "one\\n{MASK}"}}'),
        ("AKIAIOSFODNN7EXAMPLE.", f"{MASK}."),
        ("Authorization: Bearer abc.def-123456", f"Authorization: Bearer {MASK}"),
        ("curl -H 'authorization: Basic dXNlcjpwYXNz'", f"curl -H 'authorization: Basic {MASK}'"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", MASK),
        ("xoxb-1234567890-abcdef", MASK),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.c2lnbmF0dXJl", MASK),
        ("postgres://ann:hunter2@db/app", f"postgres://ann:{MASK}@db/app"),
        ('{"password": "two words", "user": "ann"}', f'{{"password": "{MASK}", "user": "ann"}}'),
        ('"{\\"api_key\\": \\"abcd1234\\"}"', f'"{{\\"api_key\\": \\"{MASK}\\"}}"'),
        ("DB_PASSWORD=hunter2; x=1", f"DB_PASSWORD={MASK}; x=1"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII-x\n-----END RSA PRIVATE KEY-----\nend", f"{MASK}\nend"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", MASK),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str, left: str) -> None:
    assert Redactor().text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "a risk-assessment-of-everything-here",
        "the bearer of this letter",
        "max_tokens: 4096",
        "https://example.org/a:b@c",
        "the key to success: patience",
        "eyJust a word",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote_plus(SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
    ],
)
def test_a_known_secret_is_found_in_the_forms_that_it_takes(form: str) -> None:
    assert Redactor([SECRET]).text(f"<{form}>") == f"<{MASK}>"


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_known_secret_is_found_anywhere_in_base64(before: str, encode: Any) -> None:
    written = encode(f"{before}{SECRET}:and more".encode()).decode()
    left = Redactor([SECRET]).text(written)
    assert MASK in left
    kept = "".join(left.split(MASK))
    assert len(kept) <= len(written) - len(SECRET) * 8 // 6 + 3


def test_values_are_taken_out_by_their_names_and_keep_their_shape() -> None:
    given = {"user": "ann", "api_key": "x", "auth": {"pin": 1, "on": True, "parts": ["a", None]}, "tokens": 12}
    assert Redactor().value(given) == {
        "user": "ann",
        "api_key": MASK,
        "auth": {"pin": MASK, "on": True, "parts": [MASK, None]},
        "tokens": 12,
    }


def test_secrets_of_the_environment_are_known_by_their_names_unless_they_are_short() -> None:
    redactor = redactor_for({"MY_TOKEN": "correct horse", "HOME": "/home/ann", "PIN_SECRET": "true"})
    assert redactor.text("correct horse in /home/ann is true") == f"{MASK} in /home/ann is true"


def test_redacting_twice_changes_nothing_more() -> None:
    redactor = Redactor([SECRET])
    once = redactor.text(f'{SECRET} password="{SECRET}" Bearer abc123456789 token: abcdefgh')
    assert redactor.text(once) == once


@pytest.mark.parametrize(
    "part",
    ["eyJ", "eyJ-", "sk-", "-----BEGIN PRIVATE KEY-----", "bearer ", "token=", "://a", "password: ", "secret", "x" * 9],
)
def test_the_cost_grows_with_the_length_of_a_text_alone(part: str) -> None:
    redactor = Redactor([SECRET])
    assert _seconds(redactor, part * (400_000 // len(part))) < 40 * max(
        _seconds(redactor, part * (40_000 // len(part))), 1e-3
    )


def _seconds(redactor: Redactor, text: str) -> float:
    """Return the processor time that a text takes, the best of three."""

    def once() -> float:
        begun = time.process_time()
        redactor.text(text)
        return time.process_time() - begun

    return min(once() for _ in range(3))
