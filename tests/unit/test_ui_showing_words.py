"""Words and sentences for people."""

import random
from typing import Any

import msgspec
import pytest

from tests.unit import hostile_strings
from workflow_engine.core.components import TaskState, WaitKind
from workflow_engine.core.events import Event
from workflow_engine.drawing.picture import NodeKind
from workflow_engine.ui.showing.sentences import SENTENCES, Part, sentence
from workflow_engine.ui.showing.words import KINDS, STATUSES, WHOM, kind, ordinal, outcome, spoken, status

EVENTS: dict[str, type[Event]] = {event.__name__: event for event in Event.__subclasses__()}


def test_every_status_kind_and_wait_has_words() -> None:
    assert list(STATUSES) == list(TaskState)
    assert list(KINDS) == list(NodeKind)
    assert list(WHOM) == list(WaitKind)


def test_words_for_what_is_not_known_are_its_name() -> None:
    assert (status("waiting_io"), status("waiting_moon")) == ("waiting for a system", "waiting moon")
    assert (kind("agentic"), kind("fax")) == ("agent", "fax")
    assert (outcome("unchosen"), outcome("lost")) == ("not chosen", "lost")
    assert spoken("QuestionDueSet") == "question due set"
    assert [ordinal(count) for count in (1, 2, 3, 4, 11, 12, 13, 21, 111)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "111th"]
    )


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_has_a_sentence(name: str) -> None:
    assert name in SENTENCES


def example(event: type[Event], optional: bool) -> dict[str, Any]:
    """Return an event of a class as the read model gives it, with or without the fields that have defaults."""
    values = {
        **{"run": "t1/draft/1", "tasks": ("t2", "t3"), "to": ("ada",), "candidates": ("ada", "bob"), "until": 1.5e9},
        **{"due": 1.5e9, "attempt": 2, "items": 7},
    }
    fields = {
        field.name: values.get(field.name, f"<{field.name}>")
        for field in msgspec.structs.fields(event)
        if field.required or optional
    }
    if event.__name__ == "QuestionDelegated":
        fields["to"] = "ada"
    return {"event": event.__name__, **fields}


@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize("name", EVENTS)
def test_a_sentence_tells_every_event_with_and_without_what_may_lack(name: str, optional: bool) -> None:
    event = example(EVENTS[name], optional)
    parts = sentence(event)
    text = said(parts)
    assert text[0].isupper() or parts[0].kind in ("phase", "person")
    assert text.endswith((".", ">"))
    assert ".." not in text
    assert not set("{}[]") & set(text)
    words = spoken(name).capitalize()
    assert not text.startswith(words + ":")
    # A question is named by its words, not by its id; its kind is seen from whom it asks.
    told = {key for key, value in event.items() if value == f"<{key}>" and value in text}
    assert told == {key for key, value in event.items() if value == f"<{key}>"} - {"question", "kind", "task"}


def said(parts: tuple[Part, ...]) -> str:
    return "".join(part.text or "<moment>" for part in parts)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"event": "PhaseStarted", "task": "t", "run": "t/draft/1"}, "draft began."),
        ({"event": "PhaseStarted", "task": "t", "run": "t/draft/3.37", "attempt": 2},
         "draft (3rd time, item 37) began, attempt 2."),
        ({"event": "PhaseStarted", "task": "t", "run": "t/book:compensate/1"}, "Undoing book began."),
        ({"event": "TaskFailed", "task": "t", "error": "PermanentFailure", "message": "no such page."},
         "The task failed with PermanentFailure: no such page."),
        ({"event": "QuestionAnswered", "task": "t", "run": "t/approve/1", "question": "q"},
         "The question of approve was answered."),
        ({"event": "QuestionAnswered", "task": "t", "run": "t/approve/1", "question": "q", "by": "ada"},
         "ada answered the question of approve."),
        ({"event": "QuestionAssigned", "task": "t", "run": "t/approve/1", "question": "q", "by": "ada",
          "candidates": ["a", "b", "c", "d", "e"]},
         "ada assigned the question of approve to a, b, c and 2 more."),
        ({"event": "QuestionDueSet", "task": "t", "run": "t/approve/1", "question": "q"},
         "The question of approve has no due time any more."),
        ({"event": "TasksForked", "task": "t", "run": "t/draft/1", "tasks": ["a", "b"]},
         "draft waits for tasks of its own: a and b."),
        ({"event": "FannedOut", "task": "t", "run": "t/draft/1", "items": 12_000},
         "draft is carried out once for each of 12,000 items."),
        ({"event": "MoonRisen", "task": "t", "phase": "full", "height": 3}, "Moon risen: phase full, height 3."),
        ({"event": "TaskFailed", "task": "t"}, "Task failed."),
        ({}, "Something happened."),
    ],
)  # fmt: skip
def test_an_event_is_told(event: dict[str, Any], text: str) -> None:
    assert said(sentence(event)) == text


def test_what_has_a_page_can_be_linked() -> None:
    event = {"event": "QuestionClaimed", "task": "t", "run": "t/approve/1", "question": "q1", "by": "ada"}
    assert sentence(event) == (
        Part("person", "ada", "ada"),
        Part("text", " took "),
        Part("question", "the question", "q1"),
        Part("text", " of "),
        Part("phase", "approve", "t/approve/1"),
        Part("text", "."),
    )


def test_a_moment_is_left_to_the_page() -> None:
    event = {"event": "TimerSet", "task": "t", "run": "t/nap/1", "until": 1.5e9}
    assert sentence(event)[2] == Part("moment", "", at=1.5e9)


@pytest.mark.parametrize("seed", range(60))
def test_any_event_can_be_told(seed: int) -> None:
    rng = random.Random(seed)
    values = [None, 1, True, 0.5, "", [], ["a"], {"a": 1}, [[1], None], *hostile_strings.ALL.values()]
    for name, event in EVENTS.items():
        fields = {field: rng.choice(values) for field in event.__struct_fields__}
        assert all(len(part.text) <= 1_000 for part in sentence({"event": name, **fields}))
