"""JSON values: which way each is shown, and how much of it."""

import json
import random
from typing import Any

import pytest

from tests.unit import hostile_strings
from workflow_engine.ui.showing.shown import Node, ShownDiff, ShownFacts, ShownJson, ShownMarkdown, ShownText
from workflow_engine.ui.showing.trees import DEPTH_MAX, NODES_MAX, STRING_MAX, TEXT_MAX, tree
from workflow_engine.ui.showing.values import is_markdown, show_diff, show_value


@pytest.mark.parametrize(
    ("value", "text"),
    [("one line", "one line"), (7, "7"), (40.0, "40.0"), (True, "true"), (None, "null"), ("", ""), (-0.5, "-0.5")],
)
def test_a_plain_value_is_text(value: object, text: str) -> None:
    assert show_value(value, "title") == ShownText(title="title", text=text)


def test_a_number_too_long_to_be_written_out_is_shown() -> None:
    shown = show_value(10**5_000)
    assert isinstance(shown, ShownText)
    assert shown.text.startswith("0x")


def test_a_long_text_is_cut() -> None:
    shown = show_value("x" * (TEXT_MAX + 7))
    assert isinstance(shown, ShownText)
    assert (len(shown.text), shown.left_out) == (TEXT_MAX, 7)


def test_a_small_flat_object_is_facts() -> None:
    assert show_value({"amount": 40.0, "ok": True, "note": None, "by": "ada"}) == ShownFacts(
        facts=(
            Node("number", "amount", "40.0"),
            Node("boolean", "ok", "true"),
            Node("null", "note", "null"),
            Node("string", "by", "ada"),
        )
    )


@pytest.mark.parametrize(
    "value",
    [{}, [], [1], {"a": []}, {str(key): key for key in range(30)}, {"a": "x" * 9_000}, {"a": {"b": 1}}],
    ids=["nothing", "no items", "items", "list", "many", "long", "nested"],
)
def test_other_objects_and_lists_are_trees(value: Any) -> None:
    assert show_value(value) == ShownJson(root=tree(value))


def test_a_tree_says_what_stands_where() -> None:
    assert tree({"a": [1, "x"], "b": {}}) == Node(
        "object",
        None,
        count=2,
        open=True,
        children=(
            Node("array", "a", count=2, open=True, children=(Node("number", 0, "1"), Node("string", 1, "x"))),
            Node("object", "b"),
        ),
    )


def count(node: Node) -> int:
    return 1 + sum(map(count, node.children))


def length(node: Node) -> int:
    return len(node.text) + sum(map(length, node.children))


def hidden(node: Node) -> int:
    """Return how many values are left out that stand in a value that is shown."""
    return (node.left_out if node.count else 0) + sum(map(hidden, node.children))


def test_a_tree_is_bounded_and_counts_what_it_leaves_out() -> None:
    root = tree(list(range(5_000)))
    assert (count(root), hidden(root)) == (NODES_MAX, 5_001 - NODES_MAX)


def test_a_long_list_leaves_room_for_what_is_beside_it() -> None:
    root = tree({"items": [[1, 2]] * 3_000, "summary": {"count": 3_000}})
    assert root.children[1] == Node("object", "summary", count=1, children=(Node("number", "count", "3000"),))


def test_the_text_of_a_tree_is_bounded() -> None:
    root = tree({f"k{place}": "x" * 100_000 for place in range(100)})
    assert length(root) <= TEXT_MAX
    assert root.children[0].text == "x" * STRING_MAX
    assert root.children[0].left_out == 100_000 - STRING_MAX


def test_a_deep_tree_ends_with_a_count() -> None:
    value: list[Any] = []
    for _ in range(500):
        value = [value]
    node = tree(value)
    for _ in range(DEPTH_MAX):
        (node,) = node.children
    assert (node.count, node.left_out, node.children) == (1, 1, ())


def test_a_long_key_is_cut() -> None:
    assert tree({"k" * 5_000: [1]}).children[0].key == "k" * 199 + "…"


@pytest.mark.parametrize("seed", range(40))
def test_any_tree_is_bounded(seed: int) -> None:
    rng = random.Random(seed)

    def value(depth: int) -> Any:
        if depth == 0 or rng.random() < 0.3:
            return rng.choice([None, True, 1.5, rng.choice(list(hostile_strings.ALL.values()))])
        if rng.random() < 0.5:
            return [value(depth - 1) for _ in range(rng.randrange(12))]
        return {rng.choice(list(hostile_strings.ALL)): value(depth - 1) for _ in range(rng.randrange(12))}

    root = tree(value(6))
    assert count(root) <= NODES_MAX
    assert length(root) <= TEXT_MAX + STRING_MAX


MARKDOWN = {
    "heading and list": "# Notes\n\n- one\n- two\n",
    "strong and list": "Some **strong** words:\n\n1. one\n2. two",
    "fence and heading": "## Use\n\n```python\nimport x;\n```\n",
    "table and link": "|a|b|\n|---|---|\n|1|[x](https://a.example)|",
    "quote and strong": "> said\n\n**Well.**",
}
TEXT = {
    "one line": "**strong** [x](https://a.example)",
    "prose": "Dear reader,\n\nthis is - all in all - a letter.\n",
    "one sign": "Buy:\n- milk\n- eggs",
    "shell": "#!/bin/sh\n\n# a comment\n\n- x\n- y\n**a**",
    "python": "import os\n\n# a comment\n\ndef f():\n    return [x](y)\n",
    "c": "# include\n\nint main() {\n  int **p = **q;\n}\n",
    "yaml": "# comment\na:\n- one\n- two\n",
    "log": "2026-11-20 09:14 INFO [x] begun\n2026-11-20 09:15 INFO **done**",
    "json": '{\n  "a": 1\n}',
    "html": "<html>\n<b>**x**</b>\n\n# a\n\n",
    "csv": "a,b\n1,2\n",
}


@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown_is_taken_for_markdown(name: str) -> None:
    shown = show_value(MARKDOWN[name], "draft")
    assert isinstance(shown, ShownMarkdown)
    assert (shown.title, shown.source) == ("draft", MARKDOWN[name])


@pytest.mark.parametrize("name", TEXT)
def test_other_text_is_not(name: str) -> None:
    assert not is_markdown(TEXT[name])


def test_a_title_over_paragraphs_is_markdown_and_a_comment_over_a_program_is_not() -> None:
    assert is_markdown("# Why the sea comes and goes\n\nThe Moon pulls the water.\nSo it rises.\n")
    assert not is_markdown("# Read the file\n\nimport sys\n\nprint(sys.argv)\n")
    assert not is_markdown("# first\n\n# second\n\nname: x\n")


@pytest.mark.parametrize("name", hostile_strings.ALL)
def test_a_hostile_text_is_shown(name: str) -> None:
    text = hostile_strings.ALL[name]
    assert isinstance(show_value(text), ShownText | ShownMarkdown)
    assert show_value({"a": text, "b": [text]}).kind == "json"


def test_markdown_that_is_too_deep_is_shown_as_written_and_says_so() -> None:
    text = "# Notes\n\n**strong**\n\n" + ">" * 200 + "x"
    shown = show_value(text)
    assert isinstance(shown, ShownText)
    assert (shown.text, shown.note) == (
        text,
        "Too long or too deeply nested to be laid out, so it is shown as it was written.",
    )


def test_a_change_of_a_value_is_shown_by_sorted_lines() -> None:
    shown = show_diff({"b": 1, "a": [1]}, {"a": [1, 2], "b": 1}, "settings")
    assert isinstance(shown, ShownDiff)
    assert (shown.title, shown.diff.prose, shown.diff.added, shown.diff.removed) == ("settings", False, 2, 1)
    assert show_diff({"b": 1, "a": 2}, json.loads('{"a":2,"b":1}')).diff.note == "Nothing has changed."


def test_a_change_of_a_text_is_shown_by_words() -> None:
    assert show_diff("This is a short sentence.", "This is a long sentence.").diff.prose
