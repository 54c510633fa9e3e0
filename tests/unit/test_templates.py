"""Templates and conditions: what they can read, what they make of it, and what they say when they cannot."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, Final

import pytest

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.templates import (
    Fault,
    check_expression,
    check_template,
    evaluate,
    is_template,
    references,
    render,
)


class Lazy(Mapping[str, Any]):
    """A mapping that makes its values when they are looked up, and is no dict."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values_by_key = values
        self.looked_up: list[str] = []

    def __getitem__(self, key: str) -> Any:
        value = self.values_by_key[key]
        self.looked_up.append(key)
        return Lazy(value) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownArgumentType] - JSON

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_key)

    def __len__(self) -> int:
        return len(self.values_by_key)


SCOPE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "inputs": {
            "name": "Ann",
            "items": [3, 1, 2],
            "people": [{"name": "Bo", "age": 3}, {"name": "al", "age": 5}],
            "enable": True,
            "none": None,
            "object": {"b": 2, "a-b": "ü"},
            "text": "one two",
        },
        "phases": {"draft": {"output": "d"}, "my-draft": {"output": {"text": "hi"}}, "2-b": {"output": 1}},
        "steps": {"a-1": {"x": 4}},
        "feedback": None,
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("100 % { } }} %}", "100 % { } }} %}"),
        ("Hi {{inputs.name}}\n", "Hi Ann\n"),
        ("{{ inputs.name }}", "Ann"),
        ("{{ inputs.items }}", [3, 1, 2]),
        ("{{ inputs['items'][0] }}", 3),
        ("{{ inputs.items.1 }}", 1),
        ("{{ inputs.enable }}", True),
        ("{{ inputs.none }}", None),
        ("{{ inputs.none.a.b }}", None),
        ("{{ 1.5 }}", 1.5),
        ("{{ (1, [2]) }}", [1, [2]]),
        ("{{ {'a': inputs.none} }}", {"a": None}),
        ("{{ inputs.items }} ", "[3, 1, 2] "),
        ("-{{ inputs.none.a }}-", "--"),
        ("{{ true }} {{ null }} {{ 1 }}", "true  1"),
        ("{{ inputs.object }}!", '{"b": 2, "a-b": "ü"}!'),
        ("<{{ '<&>' }}>", "<<&>>"),
        ("{{ inputs.object['a-b'] }}", "ü"),
        ("{{ phases.my-draft.output.text }}", "hi"),
        ("{{ phases['my-draft'].output.text }}", "hi"),
        ("{{ phases.2-b.output }}", 1),
        ("{{ steps.a-1.x - 1 }}", 3),
        ("{{ steps.a-1.x-1 }}", 3),
        ("{{- phases.draft.output -}} x", "dx"),
        ("{{ 'phases.my-draft' }}", "phases.my-draft"),
        ("{% if feedback %}Fix: {{ feedback }}{% endif %}", ""),
        ("{% if feedback %}a{% elif inputs.enable %}b{% else %}c{% endif %}", "b"),
        ("{% for i in feedback %}a{% else %}none{% endfor %}", "none"),
        ("{% for i in inputs.object %}{{ i }} {% endfor %}", "b a-b "),
        ("{% for k, v in inputs.object | items %}{{ k }}={{ v }} {% endfor %}", "b=2 a-b=ü "),
        ("{% for i in inputs.items if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %}", "1/2:3 2/2:2 "),
        ("{% for i in [1, 2] %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}", "1, 2"),
        ("{% set a = 2 %}{{ a * 3 }}", "6"),
        ("{# nothing #}", ""),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{{ inputs.zip | default('-') }}", "-"),
        ("{{ inputs.address.zip | d('-') }}", "-"),
        ("{{ inputs.none.zip | default('-') }}", "-"),
        ("{{ inputs.none | default('-') }}", "-"),
        ("{{ '' | default('-', true) }}", "-"),
        ("{{ inputs.zip is defined }}", False),
        ("{{ inputs.none is defined }}", True),
        ("{{ inputs.none.a is defined }}", False),
        ("{{ 'a' if inputs.none }}", None),
        ("{{ 'a' if inputs.none else 'b' }}", "b"),
        ("{{ 'a' ~ 1 ~ null ~ [true] }}", "a1[true]"),
        ("{{ 'a' + 'b' }}{{ [1] + [2] }}{{ '-' * 3 }}", "ab[1, 2]---"),
        ("{{ 7 // 2 }} {{ 7 / 2 }} {{ 7 % 2 }} {{ 2 ** 3 }} {{ -2 }}", "3 3.5 1 8 -2"),
        ("{{ inputs.text[:3] }} {{ inputs.items[1:] }} {{ inputs.text[-1] }}", "one [1, 2] o"),
    ],
)
def test_a_template_renders_to(text: str, expected: Any) -> None:
    rendered = render(text, SCOPE)
    assert (rendered, type(rendered)) == (expected, type(expected))
    assert check_template(text) is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("inputs.items | length", 3),
        ("inputs.none | count", 0),
        ("'aB c-d' | upper", "AB C-D"),
        ("'aB' | lower", "ab"),
        ("'aB c-d' | title", "Ab C-D"),
        ("'aB' | capitalize", "Ab"),
        ("' a ' | trim", "a"),
        ("'a.b.c' | replace('.', '')", "abc"),
        ("'a.b.c' | replace('.', '-', 1)", "a-b.c"),
        ("inputs.items | join(', ')", "3, 1, 2"),
        ("inputs.people | join('/', attribute='name')", "Bo/al"),
        ("inputs.items | first", 3),
        ("inputs.items | last", 2),
        ("[] | first", None),
        ("inputs.items | min", 1),
        ("inputs.items | max", 3),
        ("inputs.items | sum", 6),
        ("inputs.people | sum(attribute='age')", 8),
        ("inputs.items | sort", [1, 2, 3]),
        ("inputs.items | sort(reverse=true)", [3, 2, 1]),
        ("inputs.people | sort(attribute='name') | map(attribute='name')", ["al", "Bo"]),
        ("['B', 'a'] | sort(case_sensitive=true)", ["B", "a"]),
        ("['a', 'A', 'b'] | unique", ["a", "b"]),
        ("[1, true, 1, {'a': 1}, {'a': 1}] | unique", [1, True, {"a": 1}]),
        ("inputs.items | reverse", [2, 1, 3]),
        ("'abc' | reverse", "cba"),
        ("2.345 | round(2)", 2.35),
        ("2.1 | round(method='ceil')", 3.0),
        ("'12' | int", 12),
        ("'12.9' | int", 12),
        ("'x' | int(7)", 7),
        ("'ff' | int(base=16)", 255),
        ("'1.5' | float", 1.5),
        ("'nan' | float", 0.0),
        ("12 | string", "12"),
        ("-2 | abs", 2),
        ("'ab' | list", ["a", "b"]),
        ("[{'a': {'b': 1}}, {}] | map(attribute='a.b')", [1, None]),
        ("[{'a': {'b': 1}}, {}] | map(attribute='a.b', default=0)", [1, 0]),
        ("[[1, 2], [3, 4]] | map(attribute=1)", [2, 4]),
        ("[0, 1, '', 'a'] | select", [1, "a"]),
        ("[1, 2, 3] | reject('odd')", [2]),
        ("inputs.people | selectattr('age', 'gt', 4) | map(attribute='name')", ["al"]),
        ("inputs.people | rejectattr('zip') | length", 2),
        ("inputs.people | selectattr('age', 'in', [5]) | length", 1),
        ("{'a': 1} | items", [["a", 1]]),
        ("{'a': 1} | keys", ["a"]),
        ("{'a': 1} | values", [1]),
        ("{'a': '<ü>'} | tojson", '{"a": "<ü>"}'),
        ("[1] | tojson(indent=2)", "[\n  1\n]"),
        ("'one two three' | truncate(9, leeway=0)", "one..."),
        ("'a\nb\n\nc' | indent(2)", "a\n  b\n\n  c"),
        ("'a\nb' | indent('> ', first=true)", "> a\n> b"),
        ("'one, two' | wordcount", 2),
    ],
)
def test_a_filter_gives(expression: str, expected: Any) -> None:
    value = evaluate(expression, SCOPE)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("inputs.enable == true", True),
        ("{{ inputs.enable }}", True),
        ("  {{ inputs.enable == false }}\n", False),
        ("inputs.a", None),
        ("inputs.a.b.c", None),
        ("nothing.at.all", None),
        ("inputs.name.first", None),
        ("inputs.items[9]", None),
        ("[inputs.a, {'b': inputs.b}]", [None, {"b": None}]),
        ("inputs.a == null", True),
        ("inputs.a == inputs.b", True),
        ("inputs.a is none", True),
        ("inputs.a is defined", False),
        ("inputs.a | default(3) > 2", True),
        ("not inputs.a and (inputs.b or true)", True),
        ("1 in inputs.items and 9 not in inputs.items", True),
        ("'x' in inputs.tags", False),
        ("'name' in inputs", True),
        ("'two' in inputs.text", True),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("'a' < 'b'", True),
        ("1 == 1.0", True),
        ("1 == true", False),
        ("1 == '1'", False),
        ("(1, 2) == [1, 2]", True),
        ("inputs.object == {'a-b': 'ü', 'b': 2}", True),
        ("phases.my-draft.output.text != 'ho'", True),
        ("'a' is string and 1 is number and {} is mapping and [] is sequence", True),
        ("true is true and false is false and 4 is even and 3 is odd and 9 is divisibleby(3)", True),
        ("1 is eq(1) and 1 is lt(2) and 3 is ge(3) and 1 is in([1]) and 1 is not none", True),
        ("inputs.items | length > 2", True),
    ],
)
def test_a_condition_gives(expression: str, expected: Any) -> None:
    assert evaluate(expression, SCOPE) == expected
    assert check_expression(expression) is None


def test_a_missing_key_is_refused_with_the_keys_that_exist() -> None:
    with pytest.raises(TemplateFailed) as failure:
        render("Dear {{ inputs.person.nmae }}", {"inputs": {"person": {"name": "Ann", "age": 3}}})
    assert str(failure.value) == (
        "template 'Dear {{ inputs.person.nmae }}': inputs.person has no 'nmae', only name, age; did you mean 'name'? "
        "Where it may be missing, write `| default(...)`."
    )


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{{ input.name }}", "there is no 'input', only inputs, phases, steps, feedback; did you mean 'inputs'?"),
        ("{% if inputs.nmae %}{% endif %}", "inputs has no 'nmae', only"),
        ("{% for x in inputs.nmae %}{% endfor %}", "inputs has no 'nmae', only"),
        ("{% for x in inputs.people %}{{ x.nam }}{% endfor %}", "x has no 'nam', only name, age; did you mean 'name'?"),
        ("{{ inputs.nmae.first }}", "inputs has no 'nmae', only"),
        ("{{ inputs.nmae == 1 }}", "inputs has no 'nmae', only"),
        ("{{ inputs.nmae ~ 'a' }}", "inputs has no 'nmae', only"),
        ("{{ 1 + inputs.nmae }}", "inputs has no 'nmae', only"),
        ("{{ [inputs.nmae] }}", "inputs has no 'nmae', only"),
        ("{{ inputs.people | map(attribute='nam') }}", "an item has no 'nam', only name, age; did you mean 'name'?"),
        ("{{ inputs.name.upper }}", "inputs.name is a text and has no 'upper'; filters are written with a bar"),
        ("{{ inputs.items[7] }}", "inputs.items is a list of 3 and has no 7"),
        ("{{ 1 < null }}", "only two numbers or two texts have an order, not a number and null; `| int`"),
        ("{{ 'a' + 1 }}", "a text + a number is not defined; write `~` to join texts"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ inputs | length | first }}", "a number is not a list"),
        ("{{ {1: 2} }}", "a key of an object is a number; keys are texts"),
        ("{{ [1, 'a'] | sort }}", "only numbers or only texts have an order, not a number, a text"),
        ("{{ inputs.items | select('od') }}", "unknown test 'od'; did you mean 'odd'?"),
        ("{{ inputs.name | uper }}", "did you mean 'upper'?"),
    ],
)
def test_a_template_that_cannot_be_rendered_says_why(text: str, fact: str) -> None:
    with pytest.raises(TemplateFailed) as failure:
        render(text, SCOPE)
    assert str(failure.value).startswith(f"template {text!r}: ")
    assert fact in str(failure.value)


def test_a_long_template_is_quoted_shortened() -> None:
    with pytest.raises(TemplateFailed) as failure:
        evaluate("1 + 'a'" + " + 1" * 30, SCOPE)
    assert str(failure.value).startswith("expression \"1 + 'a' + 1 + 1")
    assert len(str(failure.value).split(": ")[0]) < 100


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ a }}\n b {{ c | uper }}", ("unknown filter 'uper', known are abs,", 1, 10)),
        ("{% if a is defind %}{% endif %}", ("unknown test 'defind', known are", 0, 11)),
        ("a\n{{ b() }}", ("calls such as x() are not offered", 1, 0)),
        ("{{ a.b( }}", ("unexpected", 0, 0)),
        ("a {% for b in c %}", ("Unexpected end of template", 0, 2)),
        ("{% include 'a' %}", ("'include' is not offered; a template has if, for and set", 0, 0)),
        ("{{ a | map('upper') }}", ("filter 'map' does not take these arguments; map takes attribute='key'", 0, 7)),
        ("{{ a | default(1, 2, 3) }}", ("filter 'default' does not take these arguments", 0, 7)),
        ("{{ a is divisibleby }}", ("test 'divisibleby' does not take these arguments", 0, 8)),
        ("x\n {{#if a}}b{{/if}}", ("'{{#if ...' is Handlebars, and templates are Jinja; write {% if x %}", 1, 1)),
        (
            "{{#each a}}b{{/each}}",
            ("'{{#each ...' is Handlebars, and templates are Jinja; write {% for item in x %}", 0, 0),
        ),
        ("b{{/if}}", ("'{{/ ...' is Handlebars, and templates are Jinja; write {% endif %} or {% endfor %}", 0, 1)),
        ("{{{a}}}", ("'{{{ ...' is Handlebars, and templates are Jinja; write {{ x }}: nothing is escaped", 0, 0)),
        ("{{!-- a --}}", ("'{{! ...' is Handlebars, and templates are Jinja; write {# a comment #}", 0, 0)),
        ("{% for a in b %}" * 3 + "{% endfor %}" * 3, ("loops stand at most 2 deep", 0, 0)),
        ("{{ a }}" + "b" * 65_536, ("it has 65,543 characters, more than 65,536", 0, 0)),
        ("{{ " + "[" * 200 + "]" * 200 + " }}", ("it is nested too deeply", 0, 0)),
        ("{{ 18446744073709551616 }}", ("a number is too large for JSON", 0, 0)),
    ],
)
def test_a_template_with_a_fault_is_found_with_its_place(text: str, fault: tuple[str, int, int]) -> None:
    found = check_template(text)
    assert found is not None
    assert (found.fact[: len(fault[0])], found.line, found.column) == fault
    assert references(text) == ()


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "unexpected 'end of template'"),
        ("a b", "there is something after the expression"),
        ("a }} b", "there is something after the expression"),
        ("{{ a }} and {{ b }}", "an expression is written bare, or as one {{ ... }} with nothing around it"),
        ("{% if a %}{% endif %}", "an expression is written bare, or as one {{ ... }} with nothing around it"),
    ],
)
def test_what_is_not_one_expression_is_a_fault(text: str, fact: str) -> None:
    assert check_expression(text) == Fault(fact, 0, 0)


def test_a_text_without_template_syntax_is_never_parsed() -> None:
    texts = ["", "a", "}} %} #}", "{ {", "100%"]
    assert [is_template(text) for text in texts] == [False] * 5
    assert [is_template(text) for text in ("{{ a }}", "{% if", "{#")] == [True] * 3
    assert render(texts, {}) == texts
    assert [check_template(text) for text in texts] == [None] * 5


def test_templates_anywhere_in_a_value_are_rendered_but_not_keys() -> None:
    value = {"{{ a }}": ["{{ inputs.items }}", {"b": "{{ inputs.name }}!"}], "c": 1, "d": None, "e": ("{{ 1 }}",)}
    assert render(value, SCOPE) == {"{{ a }}": [[3, 1, 2], {"b": "Ann!"}], "c": 1, "d": None, "e": [1]}


def test_what_is_rendered_is_a_copy() -> None:
    scope = {"a": {"b": [1]}}
    value = render("{{ a }}", scope)
    value["b"].append(2)
    assert scope == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ a.b.c }}", 1),
        ("{{ a }}", {"b": {"c": 1}, "items": [1]}),
        ("a {{ a.b }}", 'a {"c": 1}'),
        ("{{ a | tojson }}", '{"b": {"c": 1}, "items": [1]}'),
        ("{{ a.b == {'c': 1} }}", True),
        ("{{ a.items }}", [1]),
        ("{{ a is mapping and 'b' in a }}", True),
        ("{{ a | length }}", 2),
        ("{{ a | list }}", ["b", "items"]),
        ("{{ a | items | first | last }}", {"c": 1}),
        ("{% for key in a %}{{ key }} {% endfor %}", "b items "),
        ("{{ [a.b] | map(attribute='c') }}", [1]),
    ],
)
def test_a_mapping_that_is_no_dict_is_read_like_one(text: str, expected: Any) -> None:
    value = render(text, Lazy({"a": {"b": {"c": 1}, "items": [1]}}))
    assert (value, type(value)) == (expected, type(expected))


def test_what_a_template_does_not_name_is_not_looked_up() -> None:
    phases = Lazy({"a": {"output": 1}, "b": {"output": 2}})
    assert render("{{ phases.a.output }}", {"phases": phases}) == 1
    assert phases.looked_up == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", ()),
        ("{{ a }} {{ b.c }} {{ a }}", (("a",), ("b", "c"))),
        ("{{ phases.draft.output.text }}", (("phases", "draft", "output", "text"),)),
        ("{{ phases.my-draft.output }}", (("phases", "my-draft", "output"),)),
        ("{{ phases['my draft'].output[0].x }}", (("phases", "my draft", "output"),)),
        ("{{ phases[inputs.which].output }}", (("phases",), ("inputs", "which"))),
        (
            "{% for x in a.b if x.c %}{{ x.d }}{{ loop.index }}{{ e }}{% else %}{{ f }}{% endfor %}",
            (("a", "b"), ("e",), ("f",)),
        ),
        ("{% for x in x.y %}{{ x }}{% endfor %}{{ x.z }}", (("x", "y"), ("x", "z"))),
        ("{{ a.b }}{% set a = c %}{{ a.d }}", (("a", "b"), ("c",))),
        ("{% if a is divisibleby(b) %}{{ c | default(d.e) }}{% endif %}", (("a",), ("b",), ("c",), ("d", "e"))),
        ("{{ (a | first).b }} {{ null }} {{ true }}", (("a",),)),
    ],
)
def test_the_references_of_a_template_are(text: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert references(text) == expected


def test_the_references_of_an_expression_are_known_bare_and_in_braces() -> None:
    expected = (("inputs", "a"), ("phases", "b-c", "output"))
    assert references("inputs.a == phases.b-c.output", expression=True) == expected
    assert references("{{ inputs.a == phases.b-c.output }}", expression=True) == expected


def test_threads_share_templates() -> None:
    def renders(number: int) -> list[Any]:
        return [render(f"{{{{ a + {number % 7} }}}}", {"a": number}) for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(renders, range(40))) == [[number + number % 7] * 20 for number in range(40)]


def test_importing_templates_does_not_import_jinja() -> None:
    code = "import sys, workflow_engine.spec.templates as t; t.render('a', {}); sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
