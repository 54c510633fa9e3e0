"""Pages as text."""

import pytest

from workflow_engine.agents.toolbox.pages import page_text
from workflow_engine.agents.tools import ToolError

PAGE = b"""<!doctype html><html><head><title>Tides &amp; winds</title><style>p {color: red}</style>
<script>alert("no")</script></head><body><h1>The   sea</h1><p>rises<br>and <b>falls</b>.</p><ul><li>one</li><li>two</li>
</ul><svg><text>drawn</text></svg><a href="/more">More</a> <a href="#top">up</a><p>end</body>"""


def test_of_a_page_its_words_are_left() -> None:
    assert page_text(PAGE, "text/html; charset=utf-8") == (
        "Tides & winds\n\nThe sea\n\nrises\nand falls.\n\none\n\ntwo\n\nMore (/more) up\nend"
    )


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        (b"<a>b</a>", "application/rss+xml", "<a>b</a>"),
        ("Grün".encode("latin-1"), "text/plain; charset=ISO-8859-1", "Grün"),
        (b"a\xff", "text/plain", "a�"),
        (b"plain", "", "plain"),
        (b"odd", "text/plain; charset=nowhere", "odd"),
        (b"<p>" * 50_000 + b"deep", "text/html", "deep"),
    ],
)
def test_what_is_text_is_decoded(content: bytes, kind: str, text: str) -> None:
    assert page_text(content, kind) == text


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "application/octet-stream", "audio/ogg"])
def test_what_is_no_text_is_refused(kind: str) -> None:
    with pytest.raises(ToolError, match=f"that is {kind}, 3 bytes, and no text"):
        page_text(b"abc", kind)
