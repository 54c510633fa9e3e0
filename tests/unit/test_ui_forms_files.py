"""Forms: files."""

from pathlib import Path
from typing import Final

from tests.unit.ui_forms_given import Page, drawn
from workflow_engine.ui.forms.drafts import Drafts
from workflow_engine.ui.forms.form import Problem, fields_of, read
from workflow_engine.ui.forms.json_values import Json
from workflow_engine.ui.forms.uploads import Upload, file_name, uploads_of

NOTES: Final = Upload("notes.txt", "text/plain", b"hello")
INLINE: Final[Json] = {
    "type": "object",
    "required": ["doc"],
    "properties": {"doc": {"type": "string", "contentEncoding": "base64"}, "n": {"type": "integer"}},
}
ARTIFACT: Final[Json] = {
    "type": "object",
    "properties": {
        "doc": {"type": "string", "format": "artifact"},
        "more": {"type": "array", "items": {"type": "string", "format": "artifact"}},
        "n": {"type": "integer"},
    },
}


class Stored:
    """A file as a request has it."""

    def __init__(self, filename: str | None, content: bytes) -> None:
        self.filename = filename
        self.mimetype = "text/plain"
        self._content = content

    def read(self, size: int = -1, /) -> bytes:
        """Return the first bytes."""
        return self._content[:size]


def test_a_file_of_a_request_has_its_name_without_folders() -> None:
    files = uploads_of([("/doc", Stored("C:\\tmp\\notes.txt", b"hello")), ("/n", Stored("", b""))], 100)
    assert files == {"/doc": NOTES}


def test_no_more_of_a_file_is_read_than_shows_that_it_is_too_large() -> None:
    assert uploads_of([("/doc", Stored("a", b"x" * 1000))], 10)["/doc"].content == b"x" * 11


def test_a_name_of_a_file_is_a_plain_name() -> None:
    names = ["../../etc/passwd", "..", "a\0b\u202e.txt", "x" * 300 + ".pdf", ".bashrc", ""]
    assert [file_name(name) for name in names] == ["passwd", "file", "ab.txt", "x" * 116 + ".pdf", "bashrc", "file"]


def test_a_file_in_a_value_is_base64_and_stays_when_something_else_is_wrong() -> None:
    reading = read(INLINE, {"/n": ["x"]}, {"/doc": NOTES})
    assert [problem.pointer for problem in reading.problems] == ["/n"]
    page = Page(drawn(fields_of(INLINE, posted=reading.posted_back, problems=reading.problems)))
    assert read(INLINE, page.posted | {"/n": ["1"]}).value == {"doc": "aGVsbG8=", "n": 1}


def test_a_file_that_is_too_large_for_a_value_is_refused_by_name() -> None:
    large = Upload("film.mp4", "video/mp4", b"x" * (1024 * 1024 + 1))
    assert read(INLINE, {}, {"/doc": large}).problems == (
        Problem("/doc", "film.mp4 is larger than 1024 KiB. Choose a smaller file."),
    )


def test_a_file_that_is_required_is_asked_for() -> None:
    assert read(INLINE, {}).problems == (Problem("/doc", "Choose a file."),)


def test_an_artifact_is_its_name_and_is_handed_over_to_be_stored() -> None:
    posted = {"/more~rows": ["0", "1"]}
    other = Upload("notes.txt", "text/plain", b"other")
    reading = read(ARTIFACT, posted, {"/doc": NOTES, "/more/0": other, "/more/1": other})
    assert reading.value == {"doc": "notes.txt", "more": ["notes-2.txt", "notes-3.txt"]}
    assert reading.uploads == {"notes.txt": NOTES, "notes-2.txt": other, "notes-3.txt": other}


def test_an_artifact_need_not_be_chosen_again_after_an_error(tmp_path: Path) -> None:
    shelf = Drafts(tmp_path).shelf("ada")
    reading = read(ARTIFACT, {"/n": ["x"]}, {"/doc": NOTES}, shelf)
    page = Page(drawn(fields_of(ARTIFACT, posted=reading.posted_back, problems=reading.problems)))
    assert "Attached: notes.txt" in page.text
    again = read(ARTIFACT, page.posted | {"/n": ["1"]}, {}, shelf)
    assert (again.value, again.uploads) == ({"doc": "notes.txt", "n": 1}, {"notes.txt": NOTES})
    other = read(ARTIFACT, page.posted | {"/n": ["1"]}, {}, Drafts(tmp_path).shelf("eve"))
    assert other.problems == (Problem("/doc", "The file is not there any more. Choose it again."),)


def test_a_file_that_is_there_stays_unless_it_is_left_out() -> None:
    page = Page(drawn(fields_of(ARTIFACT, {"doc": "old.pdf"})))
    assert read(ARTIFACT, page.posted).value == {"doc": "old.pdf"}
    assert read(ARTIFACT, page.posted | {"/doc~clear": ["1"]}).value == {}
    assert read(ARTIFACT, page.posted, {"/doc": NOTES}).value == {"doc": "notes.txt"}


def test_a_form_with_files_is_sent_in_parts() -> None:
    rows: Json = {"type": "array", "items": {"type": "string", "format": "artifact"}}
    assert 'enctype="multipart/form-data"' in drawn(fields_of(rows))
    assert "enctype" not in drawn(fields_of({"type": "string"}))
