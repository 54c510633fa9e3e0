"""The tree of a file: every value with its place, and nothing that YAML would do behind the author's back."""

import json
from typing import Any

import pytest
import yaml

from tests.unit.workflow_files import GOOD
from workflow_engine.errors import SpecError
from workflow_engine.spec.files.nodes import ListNode, MappingNode, Node, ScalarNode, Span, plain
from workflow_engine.spec.files.reading import read
from workflow_engine.spec.files.yaml_tree import compose


def tree(text: str | bytes) -> Node:
    return compose(read(text, "w.yaml"))


def refused(text: str | bytes) -> tuple[int, int, str]:
    """Return line, column (both from 1) and fact of the one thing that is wrong with *text*."""
    with pytest.raises(SpecError) as refusal:
        tree(text)
    [diagnostic] = refusal.value.problems
    return diagnostic.line, diagnostic.column, diagnostic.fact


def value(text: str) -> Any:
    return plain(tree(f"a: {text}\n"))["a"]


@pytest.mark.parametrize("word", ["", "~", "null", "Null", "NULL"])
def test_null_has_the_spellings_of_the_core_schema(word: str) -> None:
    assert value(word) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-3", -3),
        ("+007", 7),
        ("0o17", 15),
        ("0xfF", 255),
        ("1.10", 1.1),
        (".5", 0.5),
        ("-2.", -2.0),
        ("1e3", 1000.0),
    ],
)
def test_numbers_and_booleans_are_those_of_the_core_schema(word: str, meant: float) -> None:
    assert value(word) == meant
    assert type(value(word)) is type(meant)


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "off", "1:30", "2024-01-02", "1_000", "0b1", "1.2.3", ".", "TrUe", "=", "0o9"]
)
def test_what_only_yaml_1_1_took_for_something_else_is_a_text(word: str) -> None:
    assert value(word) == word


@pytest.mark.parametrize("written", ['"1"', "'1'", "!!str 1", "! 1"])
def test_a_quoted_or_tagged_number_is_a_text(written: str) -> None:
    assert value(written) == "1"


def test_core_tags_are_taken_at_their_word() -> None:
    assert plain(tree("!!map {a: !!int 1, b: !!float 2, c: !!seq [!!bool true], d: !!null }")) == {
        "a": 1,
        "b": 2.0,
        "c": [True],
        "d": None,
    }


def test_the_source_text_of_a_number_is_kept() -> None:
    assert tree("1.10") == ScalarNode(Span(0, 0, 0, 4), 1.1, "1.10")


def test_every_value_and_key_has_its_place() -> None:
    root = tree("name: x\nphases:\n  - id: 'a'\n")
    assert isinstance(root, MappingNode)
    assert root.entries["name"].value == ScalarNode(Span(0, 6, 0, 7), "x", "x")
    assert root.entries["phases"].key == ScalarNode(Span(1, 0, 1, 6), "phases", "phases")
    phases = root.entries["phases"].value
    assert isinstance(phases, ListNode)
    assert (phases.span.line, phases.span.column) == (2, 2)
    [phase] = phases.items
    assert isinstance(phase, MappingNode)
    assert phase.entries["id"].value == ScalarNode(Span(2, 8, 2, 11), "a", "a", "'")


def test_an_alias_repeats_what_its_anchor_names() -> None:
    assert plain(tree("a: &x [1, {b: 2}]\nc: *x\nd: [*x]\n")) == {
        "a": [1, {"b": 2}],
        "c": [1, {"b": 2}],
        "d": [[1, {"b": 2}]],
    }


def test_json_is_read_like_yaml() -> None:
    data: dict[str, Any] = {"a": [1, 2.5, None, True, '\U0001f600 \\ud83d\\ude00 \\ " / é\n'], "b": {"c": {}}}
    assert plain(tree(json.dumps(data))) == data
    assert plain(tree(json.dumps(data, indent="\t"))) == data
    assert plain(tree('{"a":1}')) == {"a": 1}


@pytest.mark.parametrize("name", GOOD)
def test_the_tree_is_the_same_without_libyaml(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_libyaml = plain(tree(GOOD[name]))
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert plain(tree(GOOD[name])) == with_libyaml
    assert refused("[" * 10_000)[2] == "this is nested more than 100 levels deep"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert tree(b"\xef\xbb\xbfa: 1") == tree("a: 1") == tree("\ufeffa: 1")


@pytest.mark.parametrize(
    ("text", "line", "column", "fact"),
    [
        ("a: !!python/name:os.system x", 1, 4, "the tag 'tag:yaml.org,2002:python/name:os.system' is not allowed; "),
        ("a: !!python/object/apply:os.system [ls]", 1, 4, "the tag 'tag:yaml.org,2002:python/object/apply:os.system' "),
        (
            "a: !thing {b: 1}",
            1,
            4,
            "the tag '!thing' is not allowed; a workflow file holds plain values only, so remove it",
        ),
        ("a: !x!y z", 1, 4, "a tag is not allowed; a workflow file holds plain values only, so remove it"),
        ("a: !!int x", 1, 4, "'x' does not fit its tag !!int"),
        ("a: 1\nb: 2\na: 3", 3, 1, "the key 'a' stands here a second time; the first is in line 1"),
        ("1: a", 1, 1, 'the key 1 is no text; write it in quotes: "1"'),
        ("a: {true: 1}", 1, 5, 'the key true is no text; write it in quotes: "true"'),
        ("[a]: 1", 1, 1, "a list or mapping cannot be a key; keys are texts"),
        ("? {a: 1}\n: 2", 1, 3, "a list or mapping cannot be a key; keys are texts"),
        ("a: {{ inputs.b }}", 1, 5, 'a text that begins with {{ needs quotes: "{{ ... }}"'),
        (
            "a: 1\n---\nb: 2",
            2,
            1,
            "a second document begins here; a workflow file holds one, so put this in a file of its own",
        ),
        ("a: *b", 1, 4, "there is no anchor &b before this; write a text that begins with * in quotes"),
        ("a: &b [*b]", 1, 8, "the alias *b stands inside the value it repeats"),
        ("a: &b c\n*b : d", 2, 1, "an alias cannot be a key; write the key out"),
        ("a: &b {c: 1}\nd:\n  <<: *b", 3, 3, "merge keys (<<) are not supported; "),
        ("a:\n\tb: 1", 2, 1, "a tab cannot indent YAML; use spaces"),
        ("a: @b", 1, 4, "a text cannot begin with '@'; write it in quotes"),
        (
            "a: - b",
            1,
            4,
            "a list cannot begin here; begin it in a line of its own, or write a text that begins with '- ' in",
        ),
        ("a: b: c", 1, 5, "a ':' cannot stand here; write a text that holds ': ' in quotes, or mend the indentation"),
        ('a: 1\nb: "c\nd: 1\n', 2, 4, "the quote that begins here is not closed"),
        ("a: [1, 2\nb: 3", 2, 2, "a ',' or the ']' of the list is missing before this"),
        ("", 1, 1, "the file is empty; a workflow has a name and phases"),
        ("# nothing\n", 1, 1, "the file is empty; a workflow has a name and phases"),
        ("a: 1\nb: c\x00d", 2, 5, "the character U+0000 is not allowed in a workflow file; remove it"),
        ("a: \ud800", 1, 4, "the character U+D800 is not allowed in a workflow file; remove it"),
        (b"a: 1\nb: \xff", 2, 4, "byte 0xff at offset 8 is not UTF-8; save the file as UTF-8"),
        ("a: .inf", 1, 4, ".inf is no number that JSON can hold; write it in quotes if a text is meant"),
        ("a: 1e999", 1, 4, "1e999 is too large a number; write it in quotes if a text is meant"),
        ("a: " + "9" * 5000, 1, 4, "a number of 5000 characters is too long; write it in quotes if a text is meant"),
        (
            "a: " + "x" * 1024 * 1024,
            1,
            1,
            "the file is larger than 1 MiB, which no workflow needs; move data out of it",
        ),
    ],
)
def test_what_is_refused_is_named_with_its_place(text: str | bytes, line: int, column: int, fact: str) -> None:
    found = refused(text)
    assert found[:2] == (line, column)
    assert found[2].startswith(fact)


@pytest.mark.parametrize(("opening", "column"), [("[", 101), ("{a: ", 401), ("- ", 201), ("[{a: ", 251)])
def test_ten_thousand_levels_are_refused_at_the_hundred_and_first(opening: str, column: int) -> None:
    assert refused(opening * 10_000) == (1, column, "this is nested more than 100 levels deep")


def test_ten_thousand_keys_within_keys_are_refused_at_the_first() -> None:
    assert refused("? " * 10_000) == (1, 3, "a list or mapping cannot be a key; keys are texts")


def test_a_hundred_levels_are_accepted() -> None:
    assert tree("[" * 100 + "]" * 100)
    assert refused("[" * 101 + "]" * 101) == (1, 101, "this is nested more than 100 levels deep")


def test_ten_thousand_indented_levels_are_refused() -> None:
    text = "".join(f"{' ' * level}a:\n" for level in range(1_400))
    assert refused(text)[2] == "this is nested more than 100 levels deep"


def test_levels_are_counted_through_aliases() -> None:
    nested = "[" * 60 + "]" * 60
    assert refused(f"a: &x {nested}\nb: {'[' * 50}*x{']' * 50}\n") == (
        2,
        54,
        "with this alias expanded, the file is nested more than 100 levels deep",
    )


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)
    )
    line, _, fact = refused(bomb)
    assert (line, fact) == (6, "the file holds more than 100000 values, counting what its aliases repeat")


def test_values_are_counted_without_aliases_too() -> None:
    assert refused("[" + "1," * 100_000 + "]")[2].startswith("the file holds more than 100000 values")
