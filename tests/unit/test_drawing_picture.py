"""What a drawing shows: nodes with their kinds and notes, edges with their kinds and labels."""

from typing import Any

import pytest

from tests.unit.drawing_given import REVIEW, chain, drawn
from workflow_engine.drawing.picture import Edge, EdgeKind, Node, NodeKind, period

FORWARD, CHOICE, FEEDBACK = EdgeKind.FORWARD, EdgeKind.CHOICE, EdgeKind.FEEDBACK


@pytest.mark.parametrize(
    ("phase", "kind", "word", "notes"),
    [
        ({}, NodeKind.OPEN, "handler", ()),
        ({"assigned_to": "human", "due": "2d"}, NodeKind.HUMAN, "person", ("due in 2 d",)),
        ({"assigned_to": "ai", "when": "{{ inputs.x }}"}, NodeKind.AGENTIC, "agent", ("when inputs.x",)),
        ({"assigned_to": "functional"}, NodeKind.FUNCTIONAL, "function", ()),
        ({"assigned_to": "functional", "command": ["x"]}, NodeKind.PROGRAM, "program", ()),
        ({"command": ["x"]}, NodeKind.PROGRAM, "program", ()),
        ({"assigned_to": "search", "compensate": "undo"}, NodeKind.CUSTOM, "search", ("can be undone",)),
        ({"assigned_to": "gate"}, NodeKind.CUSTOM, "gate", ()),
        ({"wait": "2d"}, NodeKind.TIMER, "timer", ("waits 2 d",)),
        ({"workflow": "payment"}, NodeKind.WORKFLOW, "workflow", ("payment",)),
        ({"transform": "merge"}, NodeKind.TRANSFORM, "transform", ("merge",)),
        ({"gate": {"of": ["b", "c", "d"], "require": 2}}, NodeKind.GATE, "gate", ("2 of 3",)),
        ({"gate": {"of": ["b", "c"]}, "assigned_to": "human"}, NodeKind.GATE, "gate", ("all of 2",)),
    ],
)
def test_a_node_says_what_carries_the_phase_out(
    phase: dict[str, Any], kind: NodeKind, word: str, notes: tuple[str, ...]
) -> None:
    assert drawn({"id": "a", **phase}).nodes == (Node("a", "a", kind, word, notes),)


@pytest.mark.parametrize(
    ("items", "note"),
    [
        ("{{ inputs.files }}", "for each of inputs.files"),
        ("inputs\n .files", "for each of inputs .files"),
        ("{{ a }}{{ b }}", "for each of {{ a }}{{ b }}"),
        ([1, 2], "for each item"),
    ],
)
def test_a_fan_out_is_one_node(items: object, note: str) -> None:
    node = drawn({"id": "a", "for_each": items}).nodes[0]
    assert (node.many, node.notes) == (True, (note,))


def test_a_sequence_goes_from_its_first_phase_to_its_last() -> None:
    picture = chain("a", "b", "c")
    assert picture.edges == (Edge("a", "b", FORWARD), Edge("b", "c", FORWARD))
    assert (picture.starts, picture.ends) == (("a",), ("c",))


def test_feedback_says_how_often_and_what_then() -> None:
    assert REVIEW.edges[2:] == (
        Edge("lint", "draft", FEEDBACK, "at most 3 times"),
        Edge("approve", "draft", FEEDBACK, "at most once, then a person decides"),
    )


def test_a_choice_is_labelled_where_its_name_is_not_that_of_the_target() -> None:
    picture = drawn(
        {"id": "sort", "next_classifications": ["invoice", "letter"]},
        {"id": "check", "target_classification": "invoice", "next_classifications": ["letter"]},
        {"id": "letter", "next_classifications": []},
    )
    assert picture.edges == (
        Edge("sort", "check", CHOICE, "invoice"),
        Edge("sort", "letter", CHOICE),
        Edge("check", "letter", FORWARD),
    )
    assert (picture.starts, picture.ends) == (("sort",), ("letter",))


def test_a_graph_begins_with_all_that_need_nothing_and_chooses_only_where_it_says_so() -> None:
    picture = drawn(
        {"id": "a", "depends_on": []},
        {"id": "b", "next_classifications": ["c", "d"]},
        {"id": "c", "depends_on": ["b"]},
        {"id": "d", "depends_on": ["b"]},
        {"id": "e", "depends_on": ["b"], "gate": {"of": ["a"]}},
    )
    assert (picture.starts, picture.ends) == (("a", "b"), ("c", "d", "e"))
    assert picture.edges == (
        Edge("a", "e", FORWARD),
        Edge("b", "c", CHOICE),
        Edge("b", "d", CHOICE),
        Edge("b", "e", FORWARD),
    )


def test_feedback_to_a_phase_that_is_not_there_is_left_out() -> None:
    assert drawn({"id": "a", "on_reject": {"target": "b"}}).edges == ()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.5, "0.5 s"),
        (59.9, "59.9 s"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (108_000, "1 d 6 h"),
        (90_061, "1 d 1 h"),
        (1_209_600, "14 d"),
    ],
)
def test_a_period_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert period(seconds) == words
