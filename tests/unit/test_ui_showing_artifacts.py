"""Artifacts: what is shown of each, which is less than it claims to be."""

import hashlib
from pathlib import Path

import pytest

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.ui.showing.artifacts import PREVIEW_MAX, READ_MAX, show_artifact
from workflow_engine.ui.showing.shown import File, Shown, ShownImage, ShownMedia, ShownPage, ShownTable, ShownText

PNG = b"\x89PNG\r\n\x1a\n" + b"x"


def shown(content: bytes, media_type: str, name: str = "a") -> Shown:
    reference = ArtifactRef(name, hashlib.sha256(content).hexdigest(), len(content), media_type)
    return show_artifact(reference, lambda: content, "/artifacts/1", "/artifacts/1?save")


def file(media_type: str, size: int, name: str = "a", opens: bool = True) -> File:
    return File(name, "/artifacts/1", "/artifacts/1?save", name, media_type, size, opens)


@pytest.mark.parametrize(
    ("content", "media_type", "kind"),
    [
        (PNG, "image/png", "image"),
        (b"\xff\xd8\xffx", "image/jpeg", "image"),
        (b"GIF89a", "image/gif", "image"),
        (b"RIFFxxxxWEBP", "image/webp", "image"),
        (b"<svg/>", "image/svg+xml", "image"),
        (b"%PDF-1.7", "application/pdf", "pdf"),
        (b"ID3", "audio/mpeg", "media"),
        (b"x", "video/mp4", "media"),
        (b"# a\n", "text/markdown", "markdown"),
        (b'{"a":[1]}', "application/json", "json"),
        (b"a,b\n1,2\n", "text/csv", "table"),
        (b"a\tb\n1\t2\n", "text/tab-separated-values", "table"),
        (b"only one column\n", "text/csv", "text"),
        (b'a,b\n"1,2\n', "text/csv", "text"),
        (b"<script>", "text/html", "page"),
        (b"x", "text/plain", "text"),
        (b"x", "text/plain; charset=latin-1", "text"),
        (b"let x", "text/javascript", "text"),
        (b"MZ", "application/x-msdownload", "file"),
        (b"x", "application/octet-stream", "file"),
    ],
)
def test_an_artifact_is_shown_by_its_media_type(content: bytes, media_type: str, kind: str) -> None:
    assert shown(content, media_type).kind == kind


def test_an_image_knows_where_it_is() -> None:
    assert shown(PNG, "image/png") == ShownImage(title="a", file=file("image/png", 9))


def test_a_film_is_not_read() -> None:
    def never() -> bytes:
        raise AssertionError("it was read")

    found = show_artifact(ArtifactRef("a", "0" * 64, 10**12, "video/mp4"), never, "/x")
    assert isinstance(found, ShownMedia)
    assert found.film


def test_what_does_not_begin_as_it_claims_is_not_shown() -> None:
    assert shown(b"<script>alert(1)</script>", "image/png") == Shown(
        title="a",
        file=file("image/png", 25, opens=False),
        note="It says that it is image/png, and does not begin as one does, so it is not shown.",
    )
    assert shown(b"RIFFxxxxWAVE", "image/webp").kind == "file"


def test_text_with_bytes_of_no_text_is_not_shown() -> None:
    assert shown(b"a\0b", "text/plain").kind == "file"


def test_an_unknown_media_type_is_what_the_name_suggests() -> None:
    assert shown(PNG, "application/octet-stream", "a.png").kind == "image"


def test_text_that_is_not_utf_8_has_marks_of_replacement() -> None:
    assert shown(b"caf\xe9!", "text/plain") == ShownText(
        title="a", file=file("text/plain", 5), text="caf\ufffd!", fixed=True
    )


def test_json_that_is_none_is_shown_as_text() -> None:
    found = shown(b'{"a":', "application/json")
    assert isinstance(found, ShownText)
    assert found.note.startswith("It says that it is JSON, and cannot be read as such: ")
    assert shown(b"[" * 100_000, "application/json").note.endswith("nested too deeply.")


def test_a_long_text_is_cut_between_two_characters(tmp_path: Path) -> None:
    content = ("x" + "\u00fc" * PREVIEW_MAX).encode()
    path = tmp_path / "content"
    path.write_bytes(content)
    found = show_artifact(ArtifactRef("a.txt", "0" * 64, len(content), "text/plain"), path, "/x")
    assert isinstance(found, ShownText)
    assert found.text == "x" + "\u00fc" * (PREVIEW_MAX // 2 - 1)
    assert found.left_out == len(content) - PREVIEW_MAX


def test_what_is_too_large_is_not_asked_for() -> None:
    found = show_artifact(ArtifactRef("a", "0" * 64, READ_MAX + 1, "text/plain"), lambda: b"", "/x")
    assert (found.kind, found.note) == ("file", "Too large to be shown here: 4.0 MiB.")


def test_a_page_is_its_source() -> None:
    found = shown(b"<h1>x</h1>", "text/html")
    assert isinstance(found, ShownPage)
    assert found.source == "<h1>x</h1>"


def test_a_table_shows_formulas_as_text_and_counts_what_it_leaves_out() -> None:
    rows = "".join(f"=1+{row};1,234.5;\n" for row in range(300))
    assert shown(f"a;b;c\n{rows}".encode(), "text/csv") == ShownTable(
        title="a",
        file=file("text/csv", len(rows) + 6),
        header=("a", "b", "c"),
        rows=tuple((f"=1+{row}", "1,234.5", "") for row in range(200)),
        numeric=(False, True, False),
        left_out=100,
    )


def test_a_wide_table_says_so() -> None:
    found = shown(("x," * 99 + "x\n").encode() * 2, "text/csv")
    assert isinstance(found, ShownTable)
    assert (len(found.header), found.note) == (40, "The first 40 of 100 columns.")


def test_a_saved_name_is_safe() -> None:
    found = shown(b"x", "text/plain", "a/photo\u202egpj.exe")
    assert found.file is not None
    assert (found.file.name, found.file.saved_as) == ("a/photo\u202egpj.exe", "photogpj.exe")
