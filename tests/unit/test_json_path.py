"""Paths into JSON values."""

from typing import Any

import pytest

from workflow_engine.adapters.json_path import at, parts

VALUE: Any = {"a": {"b": [10, {"c": None}]}, "x y": 1, "p.q": {"": 2}, "0": "zero"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", VALUE),
        ("$", VALUE),
        ("a.b[0]", 10),
        ("$.a.b[0]", 10),
        (" $.a.b.0 ", 10),
        ("a.b[-1].c", None),
        ("['a']['b'][1]", {"c": None}),
        ("x y", 1),
        ("$['p.q']['']", 2),
        ('["p.q"]', {"": 2}),
        ("0", "zero"),
        ("$[0]", "zero"),
    ],
)
def test_a_path_leads_to_a_part_of_a_value(path: str, value: Any) -> None:
    assert at(VALUE, path) == value


@pytest.mark.parametrize(
    ("path", "fact"),
    [
        ("$.b", "there is no $.b: $ has the keys a, x y, p.q, 0"),
        ("a.c.d", "there is no a.c.d: $.a has the keys b"),
        ("a.b[2]", "there is no a.b[2]: $.a.b is a list of 2"),
        ("a.b[-3]", "there is no a.b[-3]: $.a.b is a list of 2"),
        ("a.b.first", "there is no a.b.first: $.a.b is a list of 2"),
        ("a.b[1].c.d", "there is no a.b[1].c.d: $.a.b[1].c is null"),
        ("a.b[0].c", "there is no a.b[0].c: $.a.b[0] is a number"),
    ],
)
def test_a_path_to_nothing_is_refused_with_what_exists(path: str, fact: str) -> None:
    with pytest.raises(LookupError) as refusal:
        at(VALUE, path)
    assert refusal.value.args == (fact,)


def test_a_refusal_names_some_of_many_keys() -> None:
    with pytest.raises(LookupError) as refusal:
        at({str(number): None for number in range(100)}, "x")
    shown = ", ".join(str(number) for number in range(20))
    assert refusal.value.args == (f"there is no x: $ has the keys {shown} and 80 more",)


@pytest.mark.parametrize("path", ["a..b", "a[", "a[b]", "a.b]", "."])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read from .* on; write it like \$\.a\.b\[0\]"):
        parts(path)
