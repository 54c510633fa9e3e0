"""What is kept of a sink, and what its notices say."""

import json
from pathlib import Path

import pytest

from tests.unit.sink_given import event
from workflow_engine.errors import ConfigError
from workflow_engine.sinks.kept import Kept, SinkState
from workflow_engine.sinks.mail import letter
from workflow_engine.sinks.notices import Notice
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.slack import message

NOTICE = Notice("Publish <this> & that?", ("Task t1",), "https://x.example/inbox/t1%2Fa", ("ann",))


def test_a_state_is_the_same_after_a_restart(tmp_path: Path) -> None:
    state = SinkState(Place(7, 3), 0, 12, 1.5, "no route", 1.0, 4, ("7.4", "8.0"), dead=2)
    Kept(tmp_path, "ops").save(state)
    assert Kept(tmp_path, "ops").load() == state
    assert Kept(tmp_path, "other").load() is None


def test_a_damaged_state_is_refused_with_what_to_write(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "ops")
    kept.save(SinkState())
    (tmp_path / "sinks/ops.json").write_bytes(b"\0" * 10)
    with pytest.raises(ConfigError, match=r'ops.json is not what was written: .*\{"cursor":\{"n":N\}\}'):
        kept.load()
    (tmp_path / "sinks/ops.json").write_text('{"cursor":{"n":5}}')
    assert kept.load() == SinkState(Place(5))


def test_what_is_set_aside_is_kept_line_by_line_behind_half_a_line(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "ops")
    kept.set_aside([event(1), event(2)], "never", 8)
    kept.dead.write_bytes(kept.dead.read_bytes() + b'{"at":1')
    kept.set_aside([event(3)], "never", 8)
    lines = kept.dead.read_text().splitlines()
    assert [json.loads(line)["event"]["id"] for line in (*lines[:2], lines[3])] == ["1.0", "2.0", "3.0"]


def test_only_one_delivers(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "ops")
    with kept.alone() as first, Kept(tmp_path, "ops").alone() as second:
        assert (first, second) == (True, False)
    with kept.alone() as again:
        assert again


@pytest.mark.parametrize(("place", "text"), [(Place(), "0"), (Place(7), "7"), (Place(7, 0), "7.0")])
def test_a_place_is_written_as_ids_are(place: Place, text: str) -> None:
    assert str(place) == text


def test_places_are_in_the_order_of_events() -> None:
    places = [Place(), Place(1, 0), Place(1, 1), Place(1), Place(2, 0)]
    assert sorted(reversed(places), key=lambda place: place.key) == places


def test_a_message_of_a_chat_commands_nothing() -> None:
    assert message(NOTICE)["text"] == "Publish &lt;this&gt; &amp; that? https://x.example/inbox/t1%2Fa"


def test_a_message_of_a_chat_is_not_longer_than_it_may_be() -> None:
    blocks = message(Notice("<" * 500, ("&" * 10_000,), None))["blocks"]
    assert [len(block["text"]["text"].replace("&lt;", "<").replace("&amp;", "&")) for block in blocks] == [152, 2_500]


def test_a_letter_is_the_same_whenever_it_is_made_and_another_for_each_recipient() -> None:
    asked = event(7, 2, "QuestionAsked", question="t1/a/1/1q0")
    made = [
        letter(asked, NOTICE, "W <w@x.example>", to).as_bytes() for to in ("a@x.example", "a@x.example", "b@x.example")
    ]
    assert made[0] == made[1]
    names = [letter(asked, NOTICE, "w@x.example", to)["Message-ID"] for to in ("a@x.example", "b@x.example")]
    assert names[0] != names[1]
    assert all(name.startswith("<7.2.") and name.endswith("@x.example>") for name in names)


def test_letters_about_one_question_are_one_thread() -> None:
    kinds = ("QuestionAsked", "QuestionOverdue")
    letters = [
        letter(event(n, 0, kind, question="t1/a/1/1q0"), NOTICE, "w@x.example", "a@x.example")
        for n, kind in enumerate(kinds)
    ]
    assert letters[0]["References"] == letters[1]["References"]
