"""Templates written to break out, to change what they read, or to never end: each is refused, and soon."""

import copy
from typing import Any, Final

import pytest

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.templates import check_expression, check_template, evaluate, references, render
from workflow_engine.spec.templating import run as template_run


def laughs(name: str) -> str:
    """Return a template that sets *name* and a number to lists of ten lists of ten lists, thirty deep."""
    first = f"{{% set {name}0 = [{', '.join('1' * 10)}] %}}"
    return first + "".join(f"{{% set {name}{n} = [{', '.join([f'{name}{n - 1}'] * 10)}] %}}" for n in range(1, 30))


ESCAPES: Final = (
    "{{ inputs.__class__ }}",
    "{{ inputs['__class__'] }}",
    "{{ inputs['__cl' ~ 'ass__'] }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ inputs.name.__class__ }}",
    "{{ inputs.name.format }}",
    "{{ '{0.__class__}'.format(inputs) }}",
    "{{ '{0.__class__}' | format(inputs) }}",
    "{{ '%s' % inputs }}",
    "{{ inputs | attr('__class__') }}",
    "{{ inputs | map(attribute='__class__') | list }}",
    "{{ [inputs] | map(attribute='__class__') | list }}",
    "{{ [inputs] | map('attr', '__class__') | list }}",
    "{{ [inputs] | sum(attribute='__class__.__init__') }}",
    "{{ [1] | groupby('__class__') }}",
    "{{ inputs | xmlattr }}",
    "{{ inputs | pprint }}",
    "{{ [inputs] | select('attr') }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ caller }}",
    "{{ super }}",
    "{{ context }}",
    "{{ environment }}",
    "{{ _undefined }}",
    "{{ lipsum }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner }}",
    "{{ namespace }}",
    "{{ range }}",
    "{{ dict }}",
    "{{ range(1000000000) }}",
    "{{ namespace(a=1) }}",
    "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
    "{% for x in [1] %}{{ loop }}{% endfor %}",
    "{% for x in [1] %}{{ loop | list }}{% endfor %}",
    "{% for x in [1] %}{{ [loop] }}{% endfor %}",
    "{% for x in [1] %}{% for y in loop %}{% endfor %}{% endfor %}",
    "{% for x in [1] %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'base' %}",
    "{% block a %}{% endblock %}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% call inputs() %}{% endcall %}",
    "{% filter upper %}a{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% set a %}b{% endset %}",
    "{% do inputs.update(x=1) %}",
    "{% print(inputs.update) %}",
    "{% debug %}",
    "{% trans %}a{% endtrans %}",
    "{{ inputs | default(*[1]) }}",
    "{{ inputs | default(**inputs) }}",
    "{{ inputs | default(run=1) }}",
    "{{ 1 | round(method='__class__') }}",
    "{{ 'a' | tojson(indent='x') }}",
    "{{ (1, 2) is sameas (1, 2) }}",
    "{{ inputs is callable }}",
    "{{ inputs is filter }}",
    "{{ x if }}",
    "{{ '\\ud800' }}",
    "{{ '\\ud800' }} b",
    "{{ {'\\ud800': 1} }}",
    "{{ {1: 2} }}",
    "{{ {[1]: 2} }}",
    "{{ inputs['name':'x'] }}",
    "{{ inputs[:] }}",
    "{{ inputs.list[::0] }}",
    "{{ inputs.list[1.5] }}",
    "{{ inputs.list[inputs] }}",
    "{{ inputs.list[true] }}",
)

CHANGES: Final = (
    "{{ inputs.update(x=1) }}",
    "{{ inputs.clear() }}",
    "{{ inputs.list.append(4) }}",
    "{{ inputs.list.sort() }}",
    "{{ inputs.list.pop }}",
    "{% set inputs.name = 2 %}",
    "{% set inputs['name'] = 2 %}",
    "{% for inputs.name in [1] %}{% endfor %}",
    "{% set loop = 1 %}",
    "{% set null = 1 %}{{ nothing }}",
)

FLOODS: Final = (
    "{{ 'a' * 2000000000 }}",
    "{{ 2000000000 * 'a' }}",
    "{{ [0] * 2000000000 }}",
    "{{ 'a' * 10 ** 18 }}",
    "{{ '%1000000000d' % 5 }}",
    "{{ '%*d' % (1000000000, 5) }}",
    "{{ 'a'.center(10**9) }}",
    "{{ 'a' | center(10**9) }}",
    "{{ 'a' | indent(10**9, true) }}",
    "{{ ('a\n' * 100000) | indent('b' * 100000) }}",
    "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "{{ 'abc' | replace('', 'b' * 1000000) }}",
    "{{ inputs.list | join('b' * 1000000) }}",
    "{{ inputs.big | join('b' * 1000) }}",
    "{{ 'abc' | format(1) }}",
    "{{ inputs.list | batch(10**9, 0) | list }}",
    "{{ inputs.list | slice(10**9) | list }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 9 ** 999999999 }}",
    "{{ 2 ** 64 }}",
    "{{ 9223372036854775807 * 9223372036854775807 }}",
    "{{ 10.0 ** 400 }}",
    "{{ 1e400 }}",
    "{{ 1e308 * 10 }}",
    "{{ (1e400 - 1e400) }}",
    "{{ (-8) ** 0.5 }}",
    "{{ 0 ** -1 }}",
    "{{ 1 / 0 }}",
    "{{ 1 // 0 }}",
    "{{ 1 % 0 }}",
    "{{ 5 is divisibleby 0 }}",
    "{{ 1 | round(10**9) }}",
    "{{ 1 | round(-10**9) }}",
    "{{ ('9' * 100000) | int }}",
    "{{ ('9' * 100000) | float }}",
    "{{ '99999999999999999999' | int }}",
    "{{ " + "9" * 5000 + " }}",
    "{{ 0x" + "f" * 60000 + " }}",
    "{{ 1 << 1000000000 }}",
    "{{ inputs.list | tojson(indent=10**9) }}",
    "{% set a = 'a' * 1000000 %}{{ a ~ a }}",
    "{% set a = 'a' * 1000000 %}{% for x in inputs.big %}{{ a }}{% endfor %}",
    "{% set a = 'a' * 1000 %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "{% set a = 'a' * 1000000 %}{{ [" + "a, " * 1000 + "] }}",
    "{% for x in inputs.big %}{{ inputs.big }}{% endfor %}",
    laughs("a") + "{{ a29 }}",
    laughs("a") + "b {{ a29 }}",
    laughs("a") + "{{ a29 | tojson }}",
    laughs("a") + "{{ a29 | unique }}",
    laughs("a") + "{{ a29 | string | length }}",
    laughs("a") + laughs("b") + "{{ a29 == b29 }}",
    laughs("a") + "{% if a29 in [[a29, 1], a28] %}{% endif %}",
    "{% for x in inputs.big %}{% for y in inputs.big %}{% endfor %}{% endfor %}",
    "{% for x in inputs.big %}{% for y in inputs.big if false %}{% endfor %}{% endfor %}",
    "{% for x in inputs.big if inputs.big | sort == inputs.big | sort %}{% endfor %}",
    "{% for x in inputs.big %}{% if inputs.big == inputs.big | reverse %}{% endif %}{% endfor %}",
    "{% for x in inputs.big %}{% set y = inputs.big[1:] %}{% endfor %}",
    "{% for x in inputs.big %}{% set y = inputs.big | list %}{% endfor %}",
    "{% for x in inputs.big %}{% set y = -1 in inputs.big %}{% endfor %}",
    "{% for x in inputs.big %}{% set y = inputs.text | upper %}{% endfor %}",
    "{% for x in inputs.big %}{% set y = inputs.text | wordcount %}{% endfor %}",
    "{% for x in inputs.big %}{% set y = inputs.text == inputs.text ~ 'b' %}{% endfor %}",
    "{% for x in inputs.big %}{% set y = 'b' in inputs.text %}{% endfor %}",
    "{% for x in inputs.big %}{% for y in inputs.list %}{% for z in inputs.list %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for x in inputs.big %}{% for y in inputs.list %}" + "{% set y = 1 %}" * 3000 + "{% endfor %}{% endfor %}",
)

DEPTHS: Final = (
    "{{ " + "[" * 10_000 + "]" * 10_000 + " }}",
    "{{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}",
    "{{ " + "{'a':" * 5_000 + "1" + "}" * 5_000 + " }}",
    "{{ " + "-" * 20_000 + "1 }}",
    "{{ " + "not " * 10_000 + "1 }}",
    "{{ 1" + " + 1" * 10_000 + " }}",
    "{{ 1" + " ** 1" * 10_000 + " }}",
    "{{ 1" + " and 1" * 8_000 + " }}",
    "{{ 1" + " if 1 else 1" * 5_000 + " }}",
    "{{ inputs" + ".a" * 10_000 + " }}",
    "{{ inputs" + "[0]" * 10_000 + " }}",
    "{{ inputs" + "[inputs" * 5_000 + "]" * 5_000 + " }}",
    "{{ 1" + " | abs" * 9_000 + " }}",
    "{{ 1" + " is true" * 5_000 + " }}",
    "{% if 1 %}" * 3_000 + "{% endif %}" * 3_000,
    "{% for x in [1] %}" * 2_000 + "{% endfor %}" * 2_000,
    "{% if 1 %}" + "{% for x in [] %}" * 3 + "{% endfor %}" * 3 + "{% endif %}",
    "{{ 1 }}" + "{{ 1 }" * 9_000,
    "{{ '" + "a" * 70_000 + "' }}",
    "{{" * 30_000,
    "{%" * 30_000,
    "{#" * 30_000,
    "{{ '" + "\\" * 60_000,
    "{{ " + " " * 65_000,
    "{% raw %}" * 7_000,
    "{{ phases." + "a-" * 30_000 + " }}",
)


@pytest.fixture(autouse=True)
def a_tenth_of_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have them end ten times as soon: what is shown is that they end."""
    monkeypatch.setattr(template_run, "STEPS_MAX", template_run.STEPS_MAX // 10)


def scope() -> dict[str, Any]:
    """Return what the templates may read."""
    return {
        "inputs": {"name": "Ann", "list": [3, 1, 2], "big": list(range(20_000)), "text": "a " * 100_000},
        "phases": {"draft": {"output": "{{ inputs.name }}"}},
    }


@pytest.mark.parametrize("text", [*ESCAPES, *CHANGES, *FLOODS, *DEPTHS], ids=lambda text: str(text)[:60])
def test_a_hostile_template_is_refused_and_changes_nothing(text: str) -> None:
    given = scope()
    before = copy.deepcopy(given)
    with pytest.raises(TemplateFailed) as failure:
        render(text, given)
    assert given == before
    assert len(str(failure.value)) < 2_000


@pytest.mark.parametrize("text", [*ESCAPES, *CHANGES, *FLOODS, *DEPTHS], ids=lambda text: str(text)[:60])
def test_checking_a_hostile_template_gives_a_fault_or_nothing(text: str) -> None:
    assert check_template(text) is None or references(text) == ()


@pytest.mark.parametrize("text", [*ESCAPES, *CHANGES, *FLOODS, *DEPTHS], ids=lambda text: str(text)[:60])
def test_a_hostile_condition_is_refused_or_gives_json(text: str) -> None:
    given = scope()
    before = copy.deepcopy(given)
    bare = text.removeprefix("{{").removesuffix("}}")
    try:
        value = evaluate(bare, given)
    except TemplateFailed:
        value = None
    check_expression(bare)
    assert value is None or type(value) in (bool, int, float, str, list, dict)
    assert given == before


@pytest.mark.parametrize(
    "text",
    [
        "inputs.__class__",
        "inputs['__class__'].__mro__",
        "inputs.name.__class__",
        "inputs.list.append",
        "inputs.items",
        "x",
    ],
)
def test_a_condition_finds_null_where_python_has_an_attribute(text: str) -> None:
    assert evaluate(text, scope()) is None


def test_what_came_out_of_a_template_is_not_rendered_again() -> None:
    assert render("{{ phases.draft.output }}", scope()) == "{{ inputs.name }}"
    assert render(["> {{ phases.draft.output }}"], scope()) == ["> {{ inputs.name }}"]


def test_a_value_that_holds_itself_is_refused() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    for text in ("{{ a }}", "-{{ a }}", "{{ a == b }}", "{{ a | tojson }}", "{{ a | string }}", "{{ [a] | unique }}"):
        with pytest.raises(TemplateFailed):
            render(text, {"a": value, "b": {"self": {"self": value}}})
    value["text"] = "{{ a }}"
    with pytest.raises(TemplateFailed):
        render(value, {"a": 1})


def test_a_loop_without_output_is_counted() -> None:
    with pytest.raises(TemplateFailed, match="100,000"):
        render("{% for x in a %}{% for y in a %}{% endfor %}{% endfor %}", {"a": [0] * 400})
    assert render("{% for x in a %}{% for y in a %}{% endfor %}{% endfor %}", {"a": [0] * 300}) == ""


def test_what_one_rendering_used_up_does_not_count_for_the_next() -> None:
    text = "{% for x in a %}{% for y in a %}{% endfor %}{% endfor %}"
    assert render([text, text, text], {"a": [0] * 300}) == ["", "", ""]
