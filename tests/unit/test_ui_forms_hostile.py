"""Forms: hostile schemas, values and posts cost a bounded time and never leave their place in the page."""

import time
from typing import Final

import pytest

from tests.unit.ui_forms_given import Page, drawn
from workflow_engine.ui.forms.checking import pattern_ends_soon
from workflow_engine.ui.forms.form import fields_of, read
from workflow_engine.ui.forms.json_values import Json, Schema

EVIL: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "</textarea><script>alert(1)</script>",
    "</template><script>alert(1)</script>",
    "</title></style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&#x3c;",
    "\u202eevil\u2066",
    "__proto__",
    "constructor",
    "a\nb\r\nc",
    "]]><!--",
)


@pytest.mark.parametrize("evil", EVIL)
def test_a_hostile_text_is_only_ever_text(evil: str) -> None:
    item: Json = {"title": evil, "description": evil, "examples": [evil], "type": "string", "pattern": evil}
    schema: Json = {
        "title": evil,
        "description": evil,
        "type": "object",
        "required": [evil, "decision"],
        "properties": {
            evil: item,
            "pick": {"title": evil, "enum": [evil, "b"]},
            "titled": {"oneOf": [{"const": 1, "title": evil, "description": evil}, {"const": 2}]},
            "many": {"enum": [evil, *"abcdefg"]},
            "checks": {"type": "array", "items": {"enum": [evil, "b"]}},
            "rows": {"type": "array", "items": {"type": "object", "properties": {evil: item}}},
            "map": {"type": "object", "additionalProperties": item},
            "union": {"anyOf": [{"title": evil, "type": "string"}, {"type": "integer"}]},
            "fixed": {"const": evil},
            "read": {"type": "string", "readOnly": True},
            "file": {"type": "string", "format": "artifact", "contentMediaType": evil},
            "raw": {"title": evil},
            "decision": {"title": evil, "enum": [evil, "approve"]},
        },
    }
    value: Json = {"read": evil, "rows": [{evil: evil}], "map": {"k": evil}, "union": evil, "raw": evil, evil: evil}
    form = fields_of(schema, value, [("/pick", evil), ("", evil)])
    page = Page(drawn(form, draft=evil, message=evil))
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "img", "svg", "style", "iframe", "b"})
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert not [given["href"] for tag, given in page.elements if tag == "a" and not given["href"].startswith("#")]


def test_a_page_holds_no_script_and_no_style() -> None:
    html = drawn(fields_of({"type": "object", "properties": {"a": {"type": "string"}}}), draft="/draft")
    assert "<script" not in html
    assert "style=" not in html


def deep(depth: int) -> Json:
    """Return the schema of groups inside of each other."""
    schema: Json = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"in": schema}, "required": ["in"]}
    return schema


def doubling() -> Schema:
    """Return a schema with two ways at each of 40 places: a trillion in all."""
    defs: Schema = {"d40": {"type": "integer"}}
    for n in range(40):
        way: Json = {"$ref": f"#/$defs/d{n + 1}"}
        defs[f"d{n}"] = {"anyOf": [way, way]}
    return {"$defs": defs, "$ref": "#/$defs/d0"}


def wide(depth: int) -> Json:
    """Return the schema of groups of a hundred groups each."""
    inner: Json = {"type": "string"} if depth == 0 else {"$ref": f"#/$defs/w{depth - 1}"}
    return {
        "type": "object",
        "required": [f"p{n}" for n in range(100)],
        "properties": {f"p{n}": inner for n in range(100)},
    }


SLOW: Final[dict[str, Json]] = {
    "10,000 properties": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(10_000)}},
    "100 by 100 by 100 by 100 properties": {
        "$defs": {f"w{n}": wide(n) for n in range(4)},
        "$ref": "#/$defs/w3",
    },
    "deep": deep(300),
    "many ways": doubling(),
    "a giant enum": {"type": "object", "properties": {"it": {"enum": [f"value {n}" for n in range(15_000)]}}},
    "a pattern that never ends": {"type": "string", "pattern": "^(a+)+$"},
    "another": {"type": "string", "pattern": "(a|a)*b"},
    "and another": {"type": "string", "pattern": "a?" * 60 + "a" * 60},
    "a pattern for names": {"type": "object", "patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
    "references in a circle": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "all of itself": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
    "any of itself": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    "a list of itself": {"type": "array", "items": {"$ref": "#"}, "minItems": 3},
    "a group of itself, required": {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
    "keywords of wrong types": {"type": 5, "properties": [], "enum": {}, "anyOf": "x", "required": 3, "$ref": 1},
    "more of those": {"type": "object", "properties": {"a": 7, "b": None}, "required": {"a": 1}, "minProperties": "x"},
    "wrong limits": {"type": "string", "minLength": "x", "maxLength": [], "pattern": "(", "format": 3, "title": 4},
    "a number as schema": 5,
    "a wrong list": {"type": "array", "items": 3, "minItems": {}},
    "wrong choices": {"oneOf": [1, None, "x"]},
}


@pytest.mark.parametrize("name", list(SLOW))
def test_a_hostile_schema_costs_a_bounded_time(name: str) -> None:
    schema = SLOW[name]
    began = time.process_time()
    for posted in ({}, {"~root": ["a" * 5000 + "b"]}, {"/it": ["a" * 5000]}, {"~rows": ["0", "1"], "/0": ["5"]},
                   {"~rows": ["0"], "/~row0~name": ["a" * 50 + "b"], "/~row0": ["1"]}):  # fmt: skip
        reading = read(schema, posted)
        Page(drawn(fields_of(schema, posted=reading.posted_back, problems=reading.problems)))
    Page(drawn(fields_of(schema)))
    Page(drawn(fields_of(schema, {"it": "value 3", "deep": [[[[[[[[[[[[1]]]]]]]]]]]]})))
    assert time.process_time() - began < 20


def test_a_hostile_post_costs_a_bounded_time_and_is_ignored() -> None:
    schema: Json = {"type": "object", "properties": {"a": {"type": "string"}, "l": {"type": "array"}}}
    posted = {f"/p{n}": ["x"] for n in range(20_000)} | {f"/l/{n}": ["x"] for n in range(1000)}
    posted |= {"/l~rows": ["-1", "x", "1e9", "99999999999", "٣", "0", "0"], "__proto__": ["x"], "/__proto__/a": ["x"]}
    posted |= {"/" * 5000: ["x"], "~as": ["9"], "~raw": [""], "csrf_token": ["t"]}
    assert read(schema, {"/a": ["b"]} | posted).value == {"a": "b"}


def test_names_that_scripts_treat_specially_are_names_like_others() -> None:
    names = ["__proto__", "constructor", "toString", "hasOwnProperty", ""]
    schema: Json = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    value: Json = dict.fromkeys(names, "x")
    assert read(schema, Page(drawn(fields_of(schema, value))).posted).value == value


@pytest.mark.parametrize(
    ("pattern", "length", "soon"),
    [
        ("^[a-z]+$", 1000, True),
        (r"^[\w.]+@[\w.]+\.\w{2,}$", 100, True),
        ("^(foo|bar)$", 1000, True),
        ("^[A-Z]{2}[0-9]{6}$", 100_000, True),
        (r"^\d{4}-\d{2}(-\d{2})?$", 1000, True),
        ("(a+)+", 10, False),
        ("(a|a)*", 10, False),
        ("(a?){20}", 10, False),
        ("((ab)*c)+", 10, False),
        ("(?:x*)*", 10, False),
        ("a*a*a*a*a*b", 1000, False),
        ("a?" * 30, 30, False),
    ],
)
def test_a_pattern_is_tried_only_where_it_ends_soon(pattern: str, length: int, soon: bool) -> None:
    assert pattern_ends_soon(pattern, length) is soon
