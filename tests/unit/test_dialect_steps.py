"""Step files: what each way to write one means in the native form."""

from pathlib import Path
from typing import Any

import pytest

from workflow_engine.errors import SpecError
from workflow_engine.spec.dialects.inputs import TYPES
from workflow_engine.spec.loading import Loaded, load_text, load_workflow

FIXTURES = Path(__file__).parents[1] / "fixtures" / "dialects"

TWO = """\
name: two
version: "1.0"
steps:
  - id: summarize
    type: llm
    provider: anthropic
    model: claude-3-haiku
    system: "You are brief."
    prompt: "Summarize for {{inputs.name}}"
    timeout_seconds: 20
    retry: {max_attempts: 4, strategy: exponential, initial_delay: 500, max_delay: 30000, backoff_multiplier: 3, jitter: false}
    output:
      - summary
  - id: translate
    type: llm
    depends_on: [summarize]
    condition: "inputs.enable == true"
    prompt: "Translate: {{steps.summarize.summary}}"
    output: translation
  - id: both
    type: transform
    function: merge
    inputs: [summary, translation]
    output: [merged]
"""  # noqa: E501 - as people write it


def step(*lines: str, before: str = "") -> str:
    """Return a file whose last step has these lines; they begin in line 4, or behind those of *before*."""
    return f"name: w\nsteps:\n{before}  - id: a\n" + "".join(f"    {line}\n" for line in lines)


GIVING = "  - {id: one, prompt: x, output: [text]}\n  - {id: two, prompt: y, output: [text, mark]}\n"


def phases(text: str) -> list[dict[str, Any]]:
    """Return the phases of a file as data without what is as by default."""
    loaded = load_text(text, "w.yaml")
    assert loaded.dialect == "steps"
    found = [phase.model_dump(mode="json", exclude_defaults=True) for phase in loaded.spec.phases]
    for phase in found:
        assert phase.pop("target_classification") == phase["id"]
    return found


def last(text: str) -> dict[str, Any]:
    """Return the last phase of a file."""
    return phases(text)[-1]


def refused(text: str) -> list[tuple[int, int, str]]:
    """Return line, column (both from 1) and fact of all that is wrong with *text*."""
    with pytest.raises(SpecError) as refusal:
        load_text(text, "w.yaml")
    return [(said.line, said.column, said.fact) for said in refusal.value.problems]


def warned(loaded: Loaded) -> list[tuple[int, str]]:
    """Return line (from 1) and fact of each warning."""
    return [(said.line, said.fact) for said in loaded.warnings]


def test_steps_are_a_graph_of_phases() -> None:
    assert phases(TWO) == [
        {
            "id": "summarize",
            "depends_on": [],
            "assigned_to": "agentic",
            "provider": "anthropic",
            "model": "claude-3-haiku",
            "system": "You are brief.",
            "prompt": "Summarize for {{inputs.name}}",
            "timeout": 20.0,
            "retry": {"max_attempts": 4, "initial": 0.5, "max": 30.0, "multiplier": 3.0, "jitter": False},
            "outputs": ["summary"],
        },
        {
            "id": "translate",
            "depends_on": ["summarize"],
            "assigned_to": "agentic",
            "when": "inputs.enable == true",
            "prompt": "Translate: {{steps.summarize.summary}}",
            "outputs": ["translation"],
        },
        {
            "id": "both",
            "depends_on": ["summarize", "translate"],
            "transform": "merge",
            "input": {
                "summary": "{{ steps.summarize.summary }}",
                "translation": "{{ steps.translate.translation }}",
            },
            "outputs": ["merged"],
        },
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{{inputs.name}}", "{{inputs.name}}"),
        ("{{ steps.one.text }}", "{{ steps.one.text }}"),
        ("{{mark}} {{ outputs.mark }}", "{{steps.two.mark}} {{ steps.two.mark }}"),
        ("{{ steps.one.output }}", "{{ steps.one.text }}"),
        ("{{ steps.two.output.mark }}", "{{ steps.two.mark }}"),
        ("{{ steps.two.outputs.mark }}", "{{ steps.two.mark }}"),
        ("{{ steps.two.output }}", "{{ steps.two }}"),
        ("{{ one.text | title }}", "{{ steps.one.text | title }}"),
        ("{{ input.x }}", "{{ inputs.x }}"),
        ("{{ 'mark' ~ mark }}", "{{ 'mark' ~ steps.two.mark }}"),
        (
            "{% for mark in inputs.marks %}{{ mark }}{% endfor %}",
            "{% for mark in inputs.marks %}{{ mark }}{% endfor %}",
        ),
        ("{{ inputs.x | default(default_value=mark) }}", "{{ inputs.x | default(default_value=steps.two.mark) }}"),
        ("mark {# mark #}", "mark {# mark #}"),
    ],
)
def test_paths_in_templates_are_those_of_the_native_form(written: str, meant: str) -> None:
    assert last(step(f'prompt: "{written}"', before=GIVING))["prompt"] == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("inputs.a === 1 && inputs.b !== 2", "inputs.a == 1 and inputs.b != 2"),
        ("inputs.a||inputs.b", "inputs.a or inputs.b"),
        ("!inputs.a == true", "(not inputs.a) == true"),
        ("!(inputs.a && !inputs.b)", "(not (inputs.a and (not inputs.b)))"),
        ("inputs.a == '&& !x ==='", "inputs.a == '&& !x ==='"),
        ("{{ inputs.a }}", "(inputs.a)"),
        ("'{{ inputs.a }}' == 'b'", "(inputs.a) == 'b'"),
        ("${{ inputs.a }} != undefined", "(inputs.a) != null"),
        ("mark == 'good' and one.text.length > 3", "steps.two.mark == 'good' and (steps.one.text | length) > 3"),
    ],
)
def test_conditions_of_other_languages_are_expressions(written: str, meant: str) -> None:
    assert last(step("prompt: x", f'condition: "{written}"', before=GIVING))["when"] == meant


def test_a_condition_may_be_a_boolean() -> None:
    assert last(step("prompt: x", "condition: false"))["when"] == "false"


def test_what_a_step_reads_it_waits_for() -> None:
    text = step('prompt: "{{ mark }}"', "condition: steps.one.text != ''", before=GIVING)
    assert last(text)["depends_on"] == ["two", "one"]


def test_what_is_waited_for_by_way_of_another_is_not_named_again() -> None:
    before = "  - {id: one, prompt: x, output: [text]}\n  - {id: mid, prompt: y, depends_on: one}\n"
    assert last(step('prompt: "{{ text }}"', "depends_on: mid", before=before))["depends_on"] == ["mid"]


def test_an_output_of_two_steps_is_that_of_the_one_before() -> None:
    text = step("function: merge", "depends_on: [two]", "inputs: [text, mark]", before=GIVING)
    assert last(text)["input"] == {"text": "{{ steps.two.text }}", "mark": "{{ steps.two.mark }}"}


def test_an_output_of_two_steps_is_refused_where_it_is_not_clear() -> None:
    fact = "'text' may be steps.one.text, steps.two.text; write which"
    assert refused(step("function: merge", "inputs: [text]", before=GIVING)) == [(7, 14, fact)]
    assert refused(step('prompt: "{{ text }}"', before=GIVING)) == [(6, 13, fact)]


def test_equal_names_of_inputs_are_told_apart() -> None:
    text = step("function: concat", "inputs: [one.text, steps.two.text, inputs.x]", before=GIVING)
    assert last(text)["input"] == {
        "one.text": "{{ steps.one.text }}",
        "two.text": "{{ steps.two.text }}",
        "x": "{{ inputs.x }}",
    }


@pytest.mark.parametrize(
    ("lines", "meant"),
    [
        (
            ("function: filter", "inputs: [mark]", 'options: {where: "x => x.score > 3"}'),
            {"transform": "filter", "input": "{{ steps.two.mark }}", "options": {"where": "item.score > 3"}},
        ),
        (
            ("function: filter", "inputs: mark", 'condition: "true"', "predicate: score > 3 && !done"),
            {
                "transform": "filter",
                "input": "{{ steps.two.mark }}",
                "when": "true",
                "options": {"where": "item.score > 3 and (not item.done)"},
            },
        ),
        (
            ("function: filter", "inputs: mark", "condition: item.score > 3"),
            {"transform": "filter", "input": "{{ steps.two.mark }}", "options": {"where": "item.score > 3"}},
        ),
        (
            ("function: concat", "inputs: [mark, one]", 'config: {delimiter: ", "}'),
            {
                "transform": "concat",
                "input": {"mark": "{{ steps.two.mark }}", "text": "{{ steps.one.text }}"},
                "options": {"separator": ", "},
            },
        ),
        (
            ("function: select", "inputs: [mark]", 'path: "$.a[0]"'),
            {"transform": "select", "input": "{{ steps.two.mark }}", "options": {"path": "$.a[0]"}},
        ),
        (
            ("function: extract", "inputs: [mark]", "params: {path: mark.a}"),
            {"transform": "select", "input": {"mark": "{{ steps.two.mark }}"}, "options": {"path": "mark.a"}},
        ),
        (
            ("function: pick", "inputs: [two]", "options: {keys: mark}"),
            {"transform": "select", "input": "{{ steps.two }}", "options": {"keys": ["mark"]}},
        ),
        (
            ("function: select", "inputs: [mark, one.text]"),
            {
                "transform": "select",
                "input": {"mark": "{{ steps.two.mark }}", "text": "{{ steps.one.text }}"},
                "options": {"keys": ["mark", "text"]},
            },
        ),
        (
            ("function: template", "inputs: {m: mark}", 'template: "{{ m }} of {{ inputs.m }} and {{ inputs.n }}"'),
            {
                "transform": "template",
                "input": {"m": "{{ steps.two.mark }}"},
                "prompt": "{{ input.m }} of {{ input.m }} and {{ inputs.n }}",
            },
        ),
        (
            ("function: json_parse", "inputs: [mark]"),
            {
                "transform": "json",
                "input": "{{ steps.two.mark if steps.two.mark is string else steps.two.mark | tojson }}",
            },
        ),
        (
            ("type: transform", "function: merge", "inputs: {kind: letter, body: two.mark, extra: [mark]}"),
            {
                "transform": "merge",
                "input": {"kind": "letter", "body": "{{ steps.two.mark }}", "extra": ["{{ steps.two.mark }}"]},
            },
        ),
        (
            ("function: merge", "depends_on: [one, two]"),
            {"transform": "merge", "input": {"one": "{{ steps.one }}", "two": "{{ steps.two }}"}},
        ),
    ],
)
def test_transforms_work_on_what_they_name(lines: tuple[str, ...], meant: dict[str, Any]) -> None:
    found = last(step(*lines, before=GIVING))
    del found["id"], found["depends_on"]
    assert found == meant


def test_inputs_may_be_declared_by_name_with_type_and_default() -> None:
    inputs = "inputs:\n  who: {type: str, required: true, description: for whom}\n  tone: {default: warm}\n  n: int\n"
    text = step('prompt: "{{ who }} {{ inputs.tone }} {{ inputs.n }}"')
    loaded = load_text(text + inputs, "w.yaml")
    assert loaded.spec.inputs == {
        "type": "object",
        "properties": {
            "who": {"type": "string", "description": "for whom"},
            "tone": {"default": "warm"},
            "n": {"type": "integer"},
        },
        "required": ["who"],
    }
    assert loaded.spec.phases[0].prompt == '{{ inputs.who }} {{ (inputs.tone | default("warm")) }} {{ inputs.n }}'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[who, {name: n, type: number}]", {"type": "object", "properties": {"who": {}, "n": {"type": "number"}}}),
        ("{type: object, required: [who]}", {"type": "object", "required": ["who"]}),
        ("{n: 3}", {"type": "object", "properties": {"n": {"default": 3}}}),
    ],
)
def test_inputs_may_be_names_or_a_schema(written: str, meant: dict[str, Any]) -> None:
    assert load_text(step("prompt: x") + f"inputs: {written}\n", "w.yaml").spec.inputs == meant


def test_defaults_hold_for_all_steps() -> None:
    text = (
        step("prompt: x")
        + "model: m\nconfig: {temperature: 0.3, timeout_ms: 1500, retry: {max_retries: 1, delay: 2s}}\n"
    )
    assert load_text(text, "w.yaml").spec.defaults.model_dump(exclude_defaults=True) == {
        "retry": {"max_attempts": 2, "initial": 2.0},
        "agentic": {"model": "m", "temperature": 0.3, "timeout": 1.5},
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5", {"max_attempts": 5}),
        ("{strategy: fixed, delay_ms: 250}", {"initial": 0.25, "multiplier": 1.0}),
        ("{strategy: constant, max_retries: 4}", {"max_attempts": 5, "multiplier": 1.0}),
        ("{strategy: linear, max_attempts: 3}", {}),
    ],
)
def test_retries_are_policies(written: str, meant: dict[str, Any]) -> None:
    assert last(step("prompt: x", f"retry: {written}"))["retry"] == meant


def test_pauses_that_grow_in_equal_steps_are_warned_of() -> None:
    loaded = load_text(step("prompt: x", "retry: {strategy: linear, max_attempts: 5}"), "w.yaml")
    retry = loaded.spec.phases[0].retry
    assert retry is not None
    assert retry.multiplier == pytest.approx(4 ** (1 / 3), abs=1e-6)
    fact = "pauses grow by the factor 1.59 here, not in equal steps; the last of them is the same"
    assert warned(loaded) == [(5, fact)]


def test_a_word_that_is_nearly_a_type_is_a_default_with_a_warning() -> None:
    loaded = load_text(step("prompt: x") + "inputs: {a: strng}\n", "w.yaml")
    assert loaded.spec.inputs == {"type": "object", "properties": {"a": {"default": "strng"}}}
    assert warned(loaded) == [(5, "'strng' is no type, so it is the default; did you mean 'string'?")]


def test_a_name_that_nothing_gives_is_an_input_with_a_warning() -> None:
    loaded = load_text(step('prompt: "About {{ topic }}"'), "w.yaml")
    assert loaded.spec.phases[0].prompt == "About {{ inputs.topic }}"
    assert warned(loaded) == [(4, "step 'a' reads 'topic', which no step gives; it is taken for inputs.topic")]


def test_notes_settings_of_models_and_schemas_are_kept_or_passed_over() -> None:
    found = last(
        step(
            "description: d", "metadata: {x: 1}", "x-ui: 2", "prompt: x", "top_p: 0.5", "output: {properties: {a: {}}}"
        )
    )
    assert found == {
        "id": "a",
        "depends_on": [],
        "assigned_to": "agentic",
        "prompt": "x",
        "options": {"top_p": 0.5},
        "output": {"properties": {"a": {}}},
        "outputs": ["a"],
    }


def test_steps_may_be_a_mapping_and_have_dashes_in_their_names() -> None:
    text = (
        'name: w\nsteps:\n  first-one: {prompt: x, output: [my-text]}\n  b: {prompt: "{{ steps.first-one.my-text }}"}\n'
    )
    assert last(text)["prompt"] == "{{ steps['first-one']['my-text'] }}"
    assert last(text)["depends_on"] == ["first-one"]


@pytest.mark.parametrize(
    ("text", "line", "column", "fact"),
    [
        (step("prompt: x", "sytem: x"), 5, 5, "'sytem' is not known in step 'a'; did you mean 'system'?"),
        (step("type: http"), 4, 11, "the type 'http' of step 'a' is not known; known are llm, transform, human"),
        (step("type: llm"), 3, 5, "step 'a' asks nothing; give it a prompt"),
        (
            step("type: transform"),
            3,
            5,
            "a transform step needs a function; write one of merge, filter, concat, select, template, json",
        ),
        (
            step("function: mrge", "inputs: [inputs.x]"),
            4,
            15,
            "function 'mrge' is not known; did you mean 'merge'?; "
            "known are merge, filter, concat, select, template, json",
        ),
        (step("function: merge"), 4, 15, "a transform needs inputs; name the outputs that it works on"),
        (
            step("function: json", "inputs: [mark, one.text]", before=GIVING),
            6,
            15,
            "function 'json' works on one input, and 2 are given; name one",
        ),
        (
            step("function: merge", "inputs: [marc]", before=GIVING),
            7,
            14,
            "'marc' is no output of another step and no input; did you mean 'mark'?; write inputs.x for an input",
        ),
        (
            step("function: merge", "inputs: [[mark]]", before=GIVING),
            7,
            14,
            "an input is a list; write a name such as summary or steps.a.summary",
        ),
        (
            step("prompt: x", "condition: {a: 1}"),
            5,
            16,
            "a condition is an object; write an expression such as inputs.enable == true",
        ),
        (
            step("prompt: x", "retry: {strategy: cubic}"),
            5,
            23,
            "strategy 'cubic' is not known; known are exponential, linear, fixed, constant, none",
        ),
        (
            step("prompt: x", "depends_on: [b]"),
            5,
            18,
            "depends_on of phase 'a' names 'b', which is no phase of this workflow; its phases are a",
        ),
        (step("prompt: x", "timeout: 3", "timeout_ms: 4"), 6, 5, "there is 'timeout' already; remove one of the two"),
        (step("prompt: x", "when: a", "if: b"), 6, 5, "'if' means the same as 'when'; remove one of the two"),
        ("name: w\nsteps:\n  - {prompt: x}\n", 3, 5, "step 1 has no id; give it one"),
        ("name: w\nsteps: x\n", 2, 8, "steps is a text; write a list of steps"),
        (step("prompt: x") + "vrsion: 1\n", 5, 1, "'vrsion' is not known in a step file; did you mean 'version'?"),
        (
            step("prompt: x") + "inputs: {a: {type: strng}}\n",
            5,
            20,
            f"the type 'strng' is not known; did you mean 'string'?; known are any, {', '.join(TYPES)}",
        ),
    ],
)
def test_what_has_no_meaning_is_refused_at_its_place(text: str, line: int, column: int, fact: str) -> None:
    assert refused(text) == [(line, column, fact)]


def test_a_condition_of_a_filter_is_checked_when_the_file_is_read() -> None:
    [(line, column, fact)] = refused(step("function: filter", "inputs: [mark]", "where: item.x >", before=GIVING))
    assert (line, column) == (8, 12)
    assert fact.startswith("the condition of a filter: ")


def test_handlebars_are_refused_where_they_stand() -> None:
    [(line, column, fact)] = refused(step('prompt: "{{#if inputs.x}}y{{/if}}"'))
    assert (line, column) == (4, 14)
    assert "is Handlebars" in fact


@pytest.mark.parametrize("name", ["support-triage.yaml", "transforms.yaml", "checklist.json"])
def test_files_of_many_ways_load(name: str) -> None:
    assert load_workflow(FIXTURES / name).dialect == "steps"
