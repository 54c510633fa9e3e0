"""Text of strangers: ordinary writing stays as it is, and what cannot be seen is marked."""

import sys
import unicodedata

import pytest
from markupsafe import escape

from tests.unit import hostile_strings
from tests.unit.hostile_strings import Look, complaints
from workflow_engine.ui.showing.visible import INVISIBLE, MARKS_MAX, marked, plain, shortened, visible

HIDDEN = frozenset(chr(code) for first, last in INVISIBLE for code in range(first, last + 1))


@pytest.mark.parametrize("name", hostile_strings.ALL)
def test_a_hostile_text_becomes_marks_and_text(name: str) -> None:
    look = Look(visible(hostile_strings.ALL[name]))
    assert look.complaints == []
    assert {tag for tag, _ in look.elements} <= {"bdi", "span"}
    assert not HIDDEN & set(look.text)
    look.text.encode()  # half of a surrogate pair would break the response


@pytest.mark.parametrize("name", hostile_strings.ALL)
def test_a_hostile_text_in_an_attribute_stays_in_it(name: str) -> None:
    text = plain(hostile_strings.ALL[name])
    look = Look(f'<span title="{escape(text)}">x</span>')
    assert (look.complaints, look.text, len(look.elements)) == ([], "x", 1)
    assert not HIDDEN & set(text.removeprefix("\u2068").removesuffix("\u2069"))


@pytest.mark.parametrize(
    "text",
    [
        "plain words, 1 < 2 & \"quotes\" 'too'\n\tand lines",
        "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 123",
        "\u05e9\u05dc\u05d5\u05dd (abc)",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a joiner that keeps letters apart
        "\u0915\u094d\u200d\u0937",  # Hindi, with one that joins
        "\U0001f469\u200d\U0001f52c \u2764\ufe0f \U0001f3f3\ufe0f\u200d\U0001f308 1\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # the flag of Scotland
        "Tie\u0302\u0301ng Vie\u0323\u0302t",
        "\u65e5\u672c\u8a9e\u3000\u3067\u3059",
        "\u0600\u0661\u06dd",  # Arabic signs that Unicode counts as formatting, and that are drawn
    ],
)
def test_ordinary_writing_stays_as_it_is(text: str) -> None:
    assert str(marked(text)) == str(escape(text))
    assert plain(text).strip("\u2068\u2069") == text


def test_a_mark_names_what_it_stands_for() -> None:
    assert str(visible("a\u202eb")) == ('<bdi>a<span class="mark" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>b</bdi>')
    assert str(marked("\x1b\r")) == '<span class="mark" title="ESCAPE, CARRIAGE RETURN">U+001B U+000D</span>'
    assert str(marked("\u200b" * 9)) == (
        '<span class="mark" title="ZERO WIDTH SPACE, ZERO WIDTH SPACE, ZERO WIDTH SPACE and 6 more">'
        "U+200B U+200B U+200B +6</span>"
    )
    assert plain("a\u202eb") == "a[U+202E]b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200db", "a[U+200D]b"),
        ("\u0645\u200c\u200c\u0646", "\u0645[U+200C U+200C]\u0646"),
        ("\U0001f3f4\U000e0067\U000e007f", "\U0001f3f4[U+E0067 U+E007F]"),
        ("x\ufe0f\ufe0e\ufe0f", "x\ufe0f[U+FE0E U+FE0F]"),
        ("Z" + "\u0301" * 20, "Z" + "\u0301" * 4 + "[+16]"),
        ("a\r\nb\rc", "a\nb[U+000D]c"),
        ("pass\u00adword", "pass[U+00AD]word"),
        ("\ud800", "[U+D800]"),
    ],
)
def test_what_only_looks_like_writing_is_marked(text: str, shown: str) -> None:
    assert plain(text).strip("\u2068\u2069") == shown


def test_every_character_that_formats_or_controls_is_known() -> None:
    drawn = {"\t", "\n", *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))}
    letters = map(chr, range(sys.maxunicode + 1))
    formats = {letter for letter in letters if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert formats - HIDDEN == drawn


def test_a_text_of_marks_does_not_become_a_page_of_megabytes() -> None:
    html = marked("a\u202e" * 100_000)
    assert html.count("<span") == MARKS_MAX
    assert len(html) < 12 * 100_000


def test_a_title_with_a_direction_is_isolated() -> None:
    assert plain("\u05d0") == "\u2068\u05d0\u2069"


def test_a_long_text_is_cut_on_one_line() -> None:
    assert shortened("a\n b") == "a b"
    assert shortened("x" * 300, 10) == "x" * 9 + "…"
    assert shortened(" " * 5_000 + "x", 10) == "…"


def test_what_is_no_text_is_shown_as_text() -> None:
    assert (str(visible(None)), str(visible(7))) == ("<bdi>None</bdi>", "<bdi>7</bdi>")
    assert complaints(visible(["<script>"])) == []
