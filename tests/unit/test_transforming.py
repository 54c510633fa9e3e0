"""Transforms: what phases make of their input without anybody's help."""

from typing import Any

import pytest

from workflow_engine.adapter import Output
from workflow_engine.adapters.transforming import TransformAdapter
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


async def transformed(transform: Any, given: Any, **options: Any) -> Any:
    phase = Phase(id="p", transform=transform, input=given, options=options)
    gave = await TransformAdapter().execute(Task({}, "p", "p"), phase)
    assert isinstance(gave, Output)
    return gave.value


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": {"x": 1, "y": 2}, "b": {"y": 3, "z": 4}}, {"x": 1, "y": 3, "z": 4}),
        ({"a": {"x": 1}, "b": None}, {"x": 1}),
        ({"a": {"x": 1}, "b": 2, "c": None}, {"a": {"x": 1}, "b": 2, "c": None}),
        ({"a": [1], "b": [2]}, {"a": [1], "b": [2]}),
        ({"a": None}, {"a": None}),
        ({}, {}),
        ([{"x": 1}, None, {"x": 2}], {"x": 2}),
        ([[1], None, [], [2, [3]]], [1, 2, [3]]),
        ([], []),
        ([None], []),
    ],
    ids=str,
)
async def test_merge_makes_one_object_or_one_list(given: Any, expected: Any) -> None:
    assert await transformed("merge", given) == expected


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        (["a", "b"], {}, "a\nb"),
        (["a", "b"], {"separator": ", "}, "a, b"),
        ({"x": "a", "y": None, "z": "b"}, {"separator": ""}, "ab"),
        (["a", 1, True, {"k": "ü"}, [1]], {"separator": " "}, 'a 1 true {"k": "ü"} [1]'),
        ([[1], [2, 3], None], {}, [1, 2, 3]),
        ({"x": [1], "y": [2]}, {}, [1, 2]),
        ([], {}, ""),
        ([None], {}, ""),
    ],
    ids=str,
)
async def test_concat_joins_texts_or_lists(given: Any, options: dict[str, Any], expected: Any) -> None:
    assert await transformed("concat", given, **options) == expected


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        ([0, None, "", "a", [], [1], {}, {"b": 2}, False], {}, [0, "a", [1], {"b": 2}, False]),
        ({"items": [None, 1], "more": 2}, {}, [1]),
        ([{"n": 1}, {"n": 5}], {"where": "item.n > 3"}, [{"n": 5}]),
        (["a", "b", "c"], {"where": "index != 1"}, ["a", "c"]),
    ],
    ids=str,
)
async def test_filter_keeps_what_the_expression_is_true_for(given: Any, options: dict[str, Any], expected: Any) -> None:
    assert await transformed("filter", given, **options) == expected


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        ({"a": {"b": [7]}}, {"path": "$.a.b[0]"}, 7),
        ([1, 2], {"path": 1}, 2),
        ({"a": 1, "b": None, "c": 3}, {"keys": ["b", "a", "z"]}, {"b": None, "a": 1}),
        ([{"a": 1, "b": 2}, {"b": 3}], {"keys": ["a"]}, [{"a": 1}, {}]),
    ],
    ids=str,
)
async def test_select_takes_a_part(given: Any, options: dict[str, Any], expected: Any) -> None:
    assert await transformed("select", given, **options) == expected


async def test_json_reads_a_text() -> None:
    assert await transformed("json", 'It is:\n```json\n{"a": [1]}\n```') == {"a": [1]}


async def test_template_gives_the_rendered_prompt() -> None:
    phase = Phase(id="p", transform="template", prompt="Hello Ann", input={"name": "Ann"})
    assert await TransformAdapter().execute(Task({}, "p", "p"), phase) == Output("Hello Ann")


@pytest.mark.parametrize(
    ("transform", "given", "options", "fact"),
    [
        ("merge", "a", {}, "merge its input: it is a text; give a list, or an object of named values"),
        ("merge", [{"a": 1}, 2], {}, "the list holds an object and a number; give objects alone, or lists alone"),
        ("concat", 1, {}, "it is a number; give a list, or an object of named values"),
        ("concat", [], {"separator": 1}, "options.separator is a number; give a text"),
        ("filter", None, {}, 'it is null without a list of items; give a list, or {"items": [...]}'),
        ("filter", {"items": "a"}, {}, "it is an object without a list of items"),
        ("filter", [], {"where": True}, "options.where is a boolean; give an expression such as item.score > 3"),
        ("select", {"a": 1}, {"path": "b"}, "there is no b: $ has the keys a"),
        ("select", {"a": 1}, {"path": "b["}, "path 'b[' cannot be read from '[' on; write it like $.a.b[0]"),
        ("select", {}, {}, "it takes options.path, such as $.a.b[0], or options.keys, a list of keys"),
        ("select", {}, {"path": "a", "keys": []}, "give one of them"),
        ("select", {}, {"keys": "a"}, "options.keys is a text; give a list of keys"),
        ("select", [1], {"keys": ["a"]}, "it is a number, which has no keys; give an object, or a list of objects"),
        ("json", {"a": 1}, {}, "it is an object, not a text; give a text that holds JSON"),
        ("json", '{"a": }', {}, "the text is no JSON: Expecting value at line 1, column 7; give a text that holds one"),
    ],
    ids=str,
)
async def test_an_input_that_does_not_fit_fails_the_phase_for_good_and_says_why(
    transform: str, given: Any, options: dict[str, Any], fact: str
) -> None:
    with pytest.raises(PermanentFailure) as refusal:
        await transformed(transform, given, **options)
    assert str(refusal.value).startswith(f"phase 'p' cannot {transform} its input: ")
    assert fact in str(refusal.value)


async def test_a_phase_without_a_transform_is_refused() -> None:
    with pytest.raises(PermanentFailure, match="phase 'p' has no transform; name one of merge, filter, concat"):
        await TransformAdapter().execute(Task({}, "p", "p"), Phase(id="p"))
