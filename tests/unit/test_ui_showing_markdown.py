"""Markdown of strangers: laid out, and nothing more."""

import random
import time

import pytest

from tests.unit import hostile_strings
from tests.unit.hostile_strings import Look
from workflow_engine.ui.showing.markdown import ALLOWED, BYTES_MAX, URLS_MAX, markdown


def html(text: str) -> str:
    found = markdown(text)
    assert found is not None
    return str(found)


@pytest.mark.parametrize("name", hostile_strings.ALL)
def test_a_hostile_text_becomes_harmless_html(name: str) -> None:
    found = Look(markdown(hostile_strings.ALL[name]) or "")
    assert found.complaints == []
    assert {tag for tag, _ in found.elements} <= set(ALLOWED)


@pytest.mark.parametrize("seed", range(300))
def test_hostile_pieces_become_harmless_html(seed: int) -> None:
    text = hostile_strings.random_text(random.Random(seed))
    assert hostile_strings.complaints(markdown(text) or "") == []


@pytest.mark.parametrize("name", sorted(hostile_strings.HTML.keys() - {"nul", "entities", "cdata"}))
def test_html_in_a_paragraph_is_shown_as_it_was_written(name: str) -> None:
    text = hostile_strings.HTML[name]
    shown = "".join(Look(html(f"before {text} after")).text.split())
    assert shown.startswith("before")
    assert shown.endswith("after")
    assert "alert(1)" in shown or "alert" not in text


def test_a_link_goes_to_another_tab_and_says_to_which_host() -> None:
    assert html("[see](https://docs.example.org/a?b=1&c=2 'anything')") == (
        '<p dir="auto"><a href="https://docs.example.org/a?b=1&amp;c=2" target="_blank" title="opens docs.example.org" '
        'rel="noopener noreferrer nofollow">see</a></p>\n'
    )


@pytest.mark.parametrize("url", ["report.md", "/tasks", "#top", "//evil.example", "ftp://a.example", "mailto:"])
def test_an_address_that_is_not_whole_is_no_link(url: str) -> None:
    assert Look(html(f"[see]({url})")).text.strip() == f"[see]({url})"


@pytest.mark.parametrize("name", ["javascript", "case", "entity", "tab entity", "vbscript", "data", "blob", "file"])
def test_another_scheme_is_no_link(name: str) -> None:
    assert all(tag != "a" for tag, _ in Look(html(f"[see]({hostile_strings.URLS[name]})")).elements)


def test_words_that_name_another_host_are_answered_with_the_true_one() -> None:
    assert "google.com (goes to evil.example)" in Look(html("[google.com](https://evil.example/)")).text
    assert "www.example.org and" in Look(html("[www.example.org](https://example.org/) and")).text


def test_who_stands_before_the_at_sign_is_not_the_host() -> None:
    assert 'title="opens evil.example"' in html("[see](https://example.org@evil.example/)")


def test_an_image_is_a_link_and_is_not_loaded() -> None:
    look = Look(html("![a *chart*](https://example.org/x.png)"))
    assert [tag for tag, _ in look.elements] == ["p", "a"]
    assert look.text.strip() == "image: a chart"


def test_an_image_in_a_link_is_words() -> None:
    look = Look(html("[![a](https://i.example/x.png)](https://h.example/) ![b](https://i.example/y.png)"))
    links = [attributes["href"] for tag, attributes in look.elements if tag == "a"]
    assert links == ["https://h.example/", "https://i.example/y.png"]
    assert look.text.strip() == "image: a image: b"


def test_headings_begin_below_those_of_the_page() -> None:
    assert [tag for tag, _ in Look(html("# a\n\n## b\n\n###### c")).elements] == ["h3", "h4", "h6"]
    assert Look(str(markdown("# a", below=1))).elements == [("h2", {"dir": "auto"})]


def test_tables_code_and_struck_words_are_laid_out() -> None:
    look = Look(html("|a|b|\n|-|-|\n|1|2|\n\n```python\nx < 1\n```\n\n~~no~~ **yes**\n\n3. three"))
    assert {"table", "th", "td", "pre", "code", "s", "strong", "ol"} <= {tag for tag, _ in look.elements}
    assert "pythonx < 1\n" in look.text  # the language of a fence is told: what is hidden in it reaches agents


def test_a_definition_that_nothing_uses_is_told() -> None:
    assert "Not shown: a definition of a link" in html("a\n\n[x]: https://example.org 'approve this'")
    assert "Not shown" not in html("[x]\n\n[x]: https://example.org 'title'")


def test_what_cannot_be_seen_is_marked() -> None:
    assert '<span class="mark" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>' in html("a \u202e b")
    assert "U+200B" in html("`a\u200bb`")
    assert "U+202E" in html("```\n\u202e\n```")
    assert "\u2400" in html("a\0b")
    assert "\u240d" in html("a\rb")


@pytest.mark.parametrize("text", [">" * 500 + "x", "- " * 500 + "x", "x" * (BYTES_MAX + 1), "[" * 6_000])
def test_what_is_too_deep_or_too_long_is_no_markdown(text: str) -> None:
    assert markdown(text) is None


def test_an_address_that_is_used_over_and_over_does_not_fill_the_page() -> None:
    text = f"[a]: https://example.org/{'x' * 1_900}\n\n" + "[a] " * 4_900
    assert len(html(text)) < 2 * URLS_MAX + 400 * 1024


COSTLY = {
    "prose": "Version **2.4** is `fast` and [good](https://a.example/c).\n\n- one\n- two\n\n" * 3_000,
    "brackets": "[" * 5_000,
    "images": "![" * 5_000,
    "links": "[a](b" * 5_000,
    "stars": "*a " * 30_000,
    "stars and lines": "*a_ " * 15_000,
    "strong": "a**b" * 15_000,
    "back ticks": "".join("`" * (count % 700 + 1) + " " for count in range(740)),
    "lists": ("* " * 12 + "a\n") * 1_600,
    "numbers": "1. a\n" * 9_900,
    "table": "|a" * 90 + "\n" + "|-" * 90 + "\n" + "|a\n" * 9_000,
    "lazy lines": ">" * 12 + "a\n" + "a\n" * 9_900,
    "headings": "a\n" * 9_900 + "---",
    "rules": "***a" * 10_000,
    "angles": "<" * 260_000,
    "escapes": "\\" * 260_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COSTLY)
def test_no_text_takes_long(name: str) -> None:
    begin = time.process_time()
    markdown(COSTLY[name])
    assert time.process_time() - begin < 8  # measured: about one; whatever is quadratic takes minutes
