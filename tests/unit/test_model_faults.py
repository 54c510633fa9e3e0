"""Faults of providers become failures without keys and with remedies."""

import pytest

from workflow_engine.adapters.model_faults import MESSAGE_MAX, Fault, Faults
from workflow_engine.errors import PermanentFailure, TransientFailure

FAULTS = Faults("OpenAI", "OPENAI_API_KEY", "my-secret-key")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("bad key my-secret-key.", "bad key ***"),
        ("bad key sk-proj-abc123DEF", "bad key ***"),
        ("bad key sk-abc***********3DEF.", "bad key ***"),
        ("header Bearer abc.def-ghi", "header ***"),
        ("two\n lines", "two lines"),
        ("a key-value store for a task-specific token", "a key-value store for a task-specific token"),
        ("a Bearer token is wanted", "a Bearer token is wanted"),
    ],
)
def test_what_looks_like_a_key_is_cut_out(said: str, shown: str) -> None:
    assert str(FAULTS.failure(Fault(400, "", said))) == f"OpenAI refuses the request (400): {shown}"


def test_a_placeholder_for_a_key_does_not_garble_messages() -> None:
    failure = Faults("Ollama", "OPENAI_API_KEY", "none").failure(Fault(400, "", "none of these"))
    assert str(failure) == "Ollama refuses the request (400): none of these"


def test_a_long_message_is_cut() -> None:
    assert len(str(FAULTS.failure(Fault(500, "", "a " * 5000)))) < MESSAGE_MAX + 100


@pytest.mark.parametrize(
    ("code", "kind"),
    [("overloaded_error", TransientFailure), ("", TransientFailure), ("invalid_request_error", PermanentFailure)],
)
def test_a_code_stands_in_for_a_status(code: str, kind: type[Exception]) -> None:
    assert type(FAULTS.failure(Fault(None, code, "Oh"))) is kind


def test_an_error_of_the_server_is_transient_whatever_it_says() -> None:
    assert isinstance(FAULTS.failure(Fault(500, "", "content_filter is down")), TransientFailure)


def test_a_mistaken_address_is_permanent_and_a_broken_connection_transient() -> None:
    class UnsupportedProtocol(Exception): ...

    class ReadError(Exception): ...

    assert isinstance(FAULTS.no_connection("", UnsupportedProtocol()), PermanentFailure)
    assert isinstance(FAULTS.no_connection("example.org", ReadError()), TransientFailure)
