"""Naming: outputs that have names are objects with these keys."""

from typing import Any

import pytest

from workflow_engine.spec.naming import named


@pytest.mark.parametrize(
    ("value", "outputs", "expected"),
    [
        ("text", (), "text"),
        ("text", ("a",), {"a": "text"}),
        (None, ("a",), {"a": None}),
        ([1], ("a",), {"a": [1]}),
        ({"a": 1}, ("a",), {"a": 1}),
        ({"a": 1, "c": 3}, ("a",), {"a": 1, "c": 3}),
        ({"b": 1}, ("a",), {"a": {"b": 1}}),
        ({"a": None, "b": 2, "c": 3}, ("a", "b"), {"a": None, "b": 2, "c": 3}),
    ],
    ids=str,
)
def test_an_output_is_kept_under_its_names(value: Any, outputs: tuple[str, ...], expected: Any) -> None:
    assert named(value, outputs) == expected


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        ({"a": 1, "d": 2}, "the output lacks 'b' and 'c'"),
        ("text", "the output is a text and lacks 'a' and 'b' and 'c'"),
        (None, "the output is null and lacks 'a' and 'b' and 'c'"),
        (False, "the output is a boolean and lacks 'a' and 'b' and 'c'"),
        (1.5, "the output is a number and lacks 'a' and 'b' and 'c'"),
        ([1], "the output is a list and lacks 'a' and 'b' and 'c'"),
    ],
    ids=str,
)
def test_several_names_that_are_missing_are_a_refusal_that_says_which(value: Any, fact: str) -> None:
    with pytest.raises(ValueError, match="the output") as refusal:
        named(value, ("a", "b", "c"))
    assert str(refusal.value) == f"{fact}; return an object with the keys a, b, c"
