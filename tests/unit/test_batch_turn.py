"""A turn in a batch: its id, and whom its question is for."""

import re

import msgspec

from workflow_engine.agents.batch_turn import batch_of, provider_of, request_id
from workflow_engine.core.components import Question, WaitKind


def question(name: str = "t/a/1/1q0", at: float = 1.5, whom: str | None = None) -> Question:
    return Question(name, WaitKind.IO, "?", at, assignee=whom)


def test_the_id_of_a_request_is_what_providers_accept() -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", request_id(question("ü" * 500)))


def test_the_id_of_a_request_is_the_same_after_a_restart() -> None:
    stored = msgspec.json.decode(msgspec.json.encode(question(at=1_800_000_000.123456)), type=Question)
    assert request_id(stored) == request_id(question(at=1_800_000_000.123456))


def test_another_question_has_another_id_even_where_the_name_is_used_again() -> None:
    given = [question(), question("t/a/1/1q1"), question("t/a/1/1q10"), question(at=2.0)]
    assert len({request_id(one) for one in given}) == 4


def test_a_question_names_the_provider_whose_batches_are_to_answer() -> None:
    assert provider_of(question(whom=batch_of("openai"))) == "openai"


def test_questions_for_people_are_no_turns() -> None:
    asked = Question("t/a/1/1q0", WaitKind.HUMAN, "?", 1.0, assignee=batch_of("openai"))
    assert [provider_of(one) for one in (asked, question(), question(whom="ann"))] == [None, None, None]
