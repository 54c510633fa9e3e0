"""The merge of what forked tasks have left in their contexts."""

from typing import Any

from tests.unit.core_helpers import raw
from workflow_engine.errors import MergeConflict
from workflow_engine.forking import Joined, merge


def merged(base: dict[str, Any], *sides: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the merge of what tasks 1, 2 ... have left."""
    joined = [
        Joined(str(number), changes={name: raw(value) for name, value in side.items()})
        for number, side in enumerate(sides, 1)
    ]
    return merge({name: raw(value) for name, value in base.items()}, joined)


def test_a_value_that_one_has_changed_is_taken() -> None:
    assert merged({"a": 1, "b": 2}, {"a": 3}, {"c": 4}) == ({"a": raw(3), "c": raw(4)}, {})


def test_a_value_that_equals_what_they_began_with_is_no_change() -> None:
    assert merged({"a": 1}, {"a": 1}, {"a": 2}) == ({"a": raw(2)}, {})


def test_equal_changes_are_no_conflict_whatever_the_order_of_their_keys() -> None:
    found, conflicts = merged({}, {"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}})
    assert (found, conflicts) == ({"a": raw({"x": 1, "y": 2})}, {})


def test_different_changes_are_a_conflict_and_the_rest_is_merged() -> None:
    found, conflicts = merged({"a": 1}, {"a": 2, "b": 1}, {"a": 3}, {"a": 1})
    assert (found, conflicts) == ({"b": raw(1)}, {"a": {"1": raw(2), "2": raw(3)}})


def test_true_is_not_one_and_null_is_a_value() -> None:
    assert merged({}, {"a": True}, {"a": 1})[1] == {"a": {"1": raw(True), "2": raw(1)}}
    assert merged({"a": 1}, {"a": None}) == ({"a": raw(None)}, {})


def test_nothing_forked_changes_nothing() -> None:
    assert merged({"a": 1}) == ({}, {})


def test_a_conflict_says_whose_values_differ_and_what_to_do() -> None:
    refusal = MergeConflict({"a": {"t~f.1.1": 1, "t~f.1.2": "x" * 100}})
    assert str(refusal) == (
        "forked tasks have left different values: 'a' is 1 by t~f.1.1 and \"" + "x" * 76 + "... by t~f.1.2; "
        "fork with on_conflict='human', or use other names"
    )
