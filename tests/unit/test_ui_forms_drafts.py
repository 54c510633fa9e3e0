"""Drafts: what was typed survives."""

import stat
from pathlib import Path
from typing import Final

from workflow_engine.ui.forms.drafts import AGE_MAX, COUNT_MAX, SIZE_MAX, Drafts
from workflow_engine.ui.forms.form import read
from workflow_engine.ui.forms.json_values import Json
from workflow_engine.ui.forms.uploads import Upload

TYPED: Final = {"/name": ["Ada"], "/tags": ["a", "b"]}


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_a_draft_is_there_after_a_restart_for_its_person_and_key_alone(tmp_path: Path) -> None:
    assert Drafts(tmp_path).keep("ada", "q1", TYPED)
    drafts = Drafts(tmp_path)
    found = [drafts.get("ada", "q1"), drafts.get("ada", "q2"), drafts.get("eve", "q1")]
    assert found == [TYPED, None, None]


def test_a_draft_takes_the_place_of_the_one_before_until_it_is_dropped(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("ada", "q1", {"/name": ["A"]})
    drafts.keep("ada", "q1", TYPED)
    assert drafts.get("ada", "q1") == TYPED
    drafts.drop("ada", "q1")
    drafts.drop("ada", "q1")
    assert drafts.get("ada", "q1") is None


def test_nobody_else_on_the_machine_can_read_a_draft(tmp_path: Path) -> None:
    Drafts(tmp_path / "drafts").keep("ada", "q1", TYPED)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "drafts").rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "drafts").rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_names_of_people_and_questions_are_no_paths(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    for name in ("../../x", "/etc/passwd", "a\0b", "", "x" * 5000, "\ud800"):
        assert drafts.keep(name, name, TYPED)
        assert drafts.get(name, name) == TYPED
    assert [path.name for path in tmp_path.iterdir()] == ["drafts"]


def test_a_draft_that_is_too_large_is_not_kept_and_the_one_before_stays(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("ada", "q1", TYPED)
    assert not drafts.keep("ada", "q1", {"/name": ["x" * SIZE_MAX]})
    assert drafts.get("ada", "q1") == TYPED


def test_a_draft_is_forgotten_when_it_is_old(tmp_path: Path) -> None:
    clock = Clock()
    drafts = Drafts(tmp_path, clock)
    drafts.keep("ada", "q1", TYPED)
    clock.now += AGE_MAX - 1
    assert drafts.get("ada", "q1") == TYPED
    clock.now += 2
    assert drafts.get("ada", "q1") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_oldest_drafts_go_when_there_are_too_many(tmp_path: Path) -> None:
    clock = Clock()
    drafts = Drafts(tmp_path, clock)
    for number in range(COUNT_MAX + 3):
        clock.now += 1
        drafts.keep("ada", f"q{number}", TYPED)
    assert [number for number in range(COUNT_MAX + 3) if drafts.get("ada", f"q{number}") is None] == [0, 1, 2]


def test_a_damaged_draft_is_left_out(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("ada", "q1", TYPED)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    for content in (b"", b'{"posted": {"/a"', b'{"posted": [1]}', b"\xff\xfe", b"[]"):
        file.write_bytes(content)
        assert drafts.get("ada", "q1") is None


def test_a_folder_that_cannot_be_written_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("a file is in the way")
    assert not Drafts(tmp_path / "drafts").keep("ada", "q1", TYPED)


def test_a_file_of_a_form_is_kept_for_its_person(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    upload = Upload("a b.txt", "text/plain", b"one\ntwo\n")
    token = drafts.put_file("ada", upload)
    assert token is not None
    assert (drafts.get_file("ada", token), drafts.get_file("eve", token)) == (upload, None)


def test_a_draft_holds_no_password_and_nothing_that_is_not_of_the_form() -> None:
    schema: Json = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "key": {"type": "string", "writeOnly": True},
            "way": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"pin": {"format": "password"}}}]},
        },
    }
    posted = {
        "/name": ["Ada"],
        "/key": ["s1"],
        "/way~as": ["0"],
        "/way": ["x"],
        "/way/pin": ["s2"],
        "csrf_token": ["t"],
    }
    assert read(schema, posted).draft == {"/name": ["Ada"], "/way~as": ["0"], "/way": ["x"]}
