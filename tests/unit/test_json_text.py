"""JSON in texts: as it is, in a fence, between words."""

import re
from typing import Any

import pytest

from workflow_engine.adapters.json_text import json_within, whole_json

WHOLE: list[tuple[str, Any]] = [
    ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
    (" [1] \n", [1]),
    ("7", 7),
    ('"text"', "text"),
    ('```json\n{"a": 1}\n```', {"a": 1}),
    ('```JSON \r\n{"a": 1}\r\n```', {"a": 1}),
    ("```\n[1]\n```", [1]),
    ('Here it is:\n```json\n{"a": 1}\n```\nI hope it helps.', {"a": 1}),
    ('{"a": "```json\\n[1]\\n```"}', {"a": "```json\\n[1]\\n```".replace("\\n", "\n")}),
]


@pytest.mark.parametrize(("text", "value"), WHOLE)
def test_json_is_read_as_it_is_or_in_the_one_fence(text: str, value: Any) -> None:
    assert (whole_json(text), json_within(text)) == (value, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('The answer is {"a": {"b": [1]}}, as asked.', {"a": {"b": [1]}}),
        ("[see below] The list: [1, 2]", [1, 2]),
        ('I would {say} {"a": 1}', {"a": 1}),
    ],
)
def test_one_object_or_list_is_found_between_words_where_that_is_asked_for(text: str, value: Any) -> None:
    assert json_within(text) == value
    with pytest.raises(ValueError, match=r"at line 1, column"):
        whole_json(text)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "Expecting value at line 1, column 1"),
        ("just words", "Expecting value at line 1, column 1"),
        ('{"a": }', "Expecting value at line 1, column 7"),
        ('Words:\n {"a" 1}', "Expecting ':' delimiter at line 2, column 7"),
        ("Words:\n```json\n{'a': 1}\n```", "Expecting property name enclosed in double quotes at line 3, column 2"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a": 1} or {"a": 2}', "it holds several JSON values, and it is not clear which is meant"),
        ("```json\n[1]\n```\n```json\n[2]\n```", "it holds several JSON values, and it is not clear which is meant"),
    ],
    ids=lambda text: text[:40],
)
def test_a_text_without_json_is_refused_with_the_place(text: str, fact: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(fact)}$"):
        json_within(text)
