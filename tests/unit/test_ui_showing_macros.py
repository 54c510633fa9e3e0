"""Pages: what the macros make of hostile content is parsed as a browser would, and only shows."""

import hashlib
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from tests.unit import hostile_strings
from tests.unit.hostile_strings import Look
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.ui import showing
from workflow_engine.ui.showing.sentences import Part
from workflow_engine.ui.showing.shown import Shown

PAGE = """{% from "showing/shown.html" import shown %}{{ shown(thing, whole="/whole", id="x") }}"""
EVENT = """{% from "showing/sentence.html" import sentence %}{{ sentence(event, link) }}"""


class Pages:
    """The macros, in an app whose templates are trimmed or not."""

    def __init__(self, trimmed: bool) -> None:
        self._app = Flask("workflow_engine.ui")
        self._app.jinja_env.trim_blocks = self._app.jinja_env.lstrip_blocks = trimmed
        showing.register(self._app)
        self._page = self._app.jinja_env.from_string(PAGE)
        self._event = self._app.jinja_env.from_string(EVENT)

    def shown(self, thing: Shown) -> Look:
        """Return what a value becomes."""
        with self._app.app_context():
            return Look(self._page.render(thing=thing))

    def told(self, event: Mapping[str, Any], link: Callable[[Part], str | None]) -> str:
        """Return what an event becomes."""
        with self._app.app_context():
            return self._event.render(event=event, link=link)


@pytest.fixture(scope="module", params=[True, False], ids=["trimmed", "untrimmed"])
def pages(request: pytest.FixtureRequest) -> Pages:
    return Pages(request.param)


def artifact(content: bytes, media_type: str, name: str) -> Shown:
    reference = ArtifactRef(name, hashlib.sha256(content).hexdigest(), len(content), media_type)
    return showing.show_artifact(reference, lambda: content, "/artifacts/1")


def things(text: str) -> list[Shown]:
    """Return everything that a hostile text can be shown as."""
    data = text.encode(errors="replace")
    kinds = ("text/plain", "text/markdown", "text/html", "text/csv", "application/json", text)
    pictures = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf"), (b"", "audio/mpeg"))
    return [
        showing.show_value(text, text),
        showing.show_value({text: text, "n": 1}, text),
        showing.show_value({text: [text, {text: [text]}]}, text),
        showing.show_diff(f"a\n{text}\nb and more words here", f"a\n{text}x\nb and more words there", text),
        showing.show_diff({text: 1}, {text: 2}, text),
        *(artifact(data, kind, text) for kind in kinds),
        *(artifact(content + data, kind, text) for content, kind in pictures),
        artifact(b"a,b\n" + data.replace(b"\n", b" ") + b",1\n", "text/csv", text),
    ]


@pytest.mark.parametrize("name", hostile_strings.ALL)
def test_a_hostile_text_is_only_shown(pages: Pages, name: str) -> None:
    for thing in things(hostile_strings.ALL[name]):
        assert (thing.kind, pages.shown(thing).complaints) == (thing.kind, [])


@pytest.mark.parametrize("seed", range(100))
def test_hostile_pieces_are_only_shown(pages: Pages, seed: int) -> None:
    for thing in things(hostile_strings.random_text(random.Random(seed))):
        assert (thing.kind, pages.shown(thing).complaints) == (thing.kind, [])


@pytest.mark.parametrize("name", hostile_strings.ALL)
def test_a_hostile_event_is_only_told(pages: Pages, name: str) -> None:
    text = hostile_strings.ALL[name]
    event: dict[str, Any] = {"event": "QuestionCommented", "run": f"t/{text}/1", "question": text, "by": text}
    html = pages.told({**event, "text": text}, lambda part: "/" if part.ref else None)
    assert hostile_strings.complaints(html) == []


def test_a_text_keeps_its_lines(pages: Pages) -> None:
    look = pages.shown(artifact(b"\n\n  first\n\tsecond\n\n", "text/plain", "a.txt"))
    assert "\n\n\n  first\n\tsecond\n\n" in look.text  # the first line end is ours, and browsers drop it


def test_what_is_left_out_is_told_with_a_way_to_it(pages: Pages) -> None:
    look = pages.shown(showing.show_value(list(range(3_239))))
    assert "… and 1,240 more values; open the whole" in look.text
    assert [found["href"] for tag, found in look.elements if tag == "a"] == ["/whole"]


def test_a_tree_unfolds_without_a_script(pages: Pages) -> None:
    look = pages.shown(showing.show_value({"a": {"b": [1]}}))
    assert [found for tag, found in look.elements if tag == "details"] == [
        {"open": None, "id": "x"},
        {"open": None, "id": "x-1"},
        {"open": None, "id": "x-1-1"},
    ]


def test_added_and_removed_are_said_in_words(pages: Pages) -> None:
    prose = pages.shown(showing.show_diff("It is fast and good now.", "It is slow and good now."))
    assert "It is removed: fastadded: slow and good now." in prose.text
    lines = pages.shown(showing.show_diff({"a": 1}, {"a": 2}))
    assert "1 line added, 1 line removed" in lines.text
    assert 'removed:   "a": 1' in lines.text
    assert 'added:   "a": 2' in lines.text


def test_a_page_of_html_is_source_and_a_frame_without_permissions(pages: Pages) -> None:
    look = pages.shown(artifact(b"<h1 onclick=x>Hi</h1>", "text/html", "a.html"))
    assert "<h1 onclick=x>Hi</h1>" in look.text
    frames = [found for tag, found in look.elements if tag == "iframe"]
    assert [(frame["sandbox"], frame["src"]) for frame in frames] == [("", "/artifacts/1")]


def test_a_pdf_is_opened_in_a_tab(pages: Pages) -> None:
    look = pages.shown(artifact(b"%PDF-1.7", "application/pdf", "a.pdf"))
    assert not {"iframe", "embed", "object"} & {tag for tag, _ in look.elements}
    assert {"href": "/artifacts/1", "target": "_blank", "rel": "noopener", "class": "button"} in (
        [found for _, found in look.elements]
    )


def test_a_file_can_be_saved_under_a_safe_name(pages: Pages) -> None:
    look = pages.shown(artifact(b"MZ", "application/x-msdownload", "photo\u202egpj.exe"))
    assert [found.get("download") for tag, found in look.elements if tag == "a"] == ["photogpj.exe"]
    assert "photoU+202Egpj.exe" in look.text


def test_a_sentence_links_what_has_a_page(pages: Pages) -> None:
    event = {"event": "TaskSubmitted", "task": "t", "workflow": "review", "by": "ada"}
    html = pages.told(event, lambda part: "/workflows/review" if part.kind == "workflow" else None)
    assert html == (
        '<b><bdi>ada</bdi></b> submitted the task to <a class="link" href="/workflows/review"><bdi>review</bdi></a>.'
    )


def test_no_class_of_the_style_sheet_needs_an_inline_style(pages: Pages) -> None:
    for thing in things("# a\n\n- one\n- two\n"):
        assert all("style" not in found for _, found in pages.shown(thing).elements)
