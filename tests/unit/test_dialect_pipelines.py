"""Pipeline files: what each way to write one means in the native form."""

import sys
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.errors import SpecError
from workflow_engine.spec.loading import load_text, load_workflow

FIXTURES = Path(__file__).parents[1] / "fixtures" / "dialects"

REVIEWED = """\
name: reviewed
version: "0.1.0"
defaults: {model: m, max_tokens: 1024, retry: {max_attempts: 3, backoff_ms: 500}}
tools:
  - {id: filesystem, type: builtin}
  - {id: mine, type: plugin, plugin: "my_crate::tools::MyTool", config: {key: K}}
state_machine:
  initial: new
  terminal: [complete, failed]
  states: [{id: new}, {id: running}, {id: complete}, {id: failed}]
agents:
  - id: producer
    prompt: prompts/writer.md
    tools: [filesystem]
    transitions: {on_start: running, on_complete: running}
    dispatch: {strategy: sequential, target: reviewer}
  - id: reviewer
    prompt: Check it.
    retry: {max_attempts: 2}
    on_fail: {action: feedback_and_retry, target: producer, feedback_path: "$.issues"}
    transitions: {on_pass: complete, on_fail: running, on_abort: failed}
aggregation:
  strategy: all_pass
  gates: [reviewer]
  on_complete: {transition: complete}
  on_any_abort: {transition: failed}
"""


def agents(*lines: str, after: str = "") -> str:
    """Return a file with these lines for agents, in flow style; they begin in line 3."""
    return "name: w\nagents:\n" + "".join(f"  - {{{line}}}\n" for line in lines) + after


def phases(text: str, folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the phases of a file by id, as data without what is as by default."""
    loaded = load_text(text, "w.yaml", folder)
    assert loaded.dialect == "pipeline"
    found = [phase.model_dump(mode="json", exclude_defaults=True) for phase in loaded.spec.phases]
    return {
        phase["id"]: {k: v for k, v in phase.items() if k not in ("id", "target_classification")} for phase in found
    }


def needed(*lines: str, after: str = "") -> dict[str, list[str]]:
    """Return what each phase of a file depends on."""
    return {name: phase["depends_on"] for name, phase in phases(agents(*lines, after=after)).items()}


def refused(text: str, folder: Path | None = None) -> list[tuple[int, int, str]]:
    """Return line, column (both from 1) and fact of all that is wrong with *text*."""
    with pytest.raises(SpecError) as refusal:
        load_text(text, "w.yaml", folder)
    return [(said.line, said.column, said.fact) for said in refusal.value.problems]


def test_agents_are_a_graph_that_a_gate_closes() -> None:
    loaded = load_text(REVIEWED, "w.yaml", FIXTURES)
    found = phases(REVIEWED, FIXTURES)
    assert found == {
        "producer": {
            "depends_on": [],
            "assigned_to": "agentic",
            "system": "Write a short article on {{ inputs.topic }}.\n",
            "prompt": "Input:\n{{ inputs | tojson }}{% if feedback %}\n\nYour work so far:\n{{ steps.producer }}"
            "\n\nIssues to resolve:{% for issue in feedback %}\n- {{ issue.message }}{% endfor %}{% endif %}",
            "tools": ["filesystem"],
            "stages": {"start": "running", "complete": "running", "fail": "failed"},
        },
        "reviewer": {
            "depends_on": ["producer"],
            "assigned_to": "agentic",
            "system": "Check it.",
            "prompt": "Input:\n{{ inputs | tojson }}\n\nOutput of producer:\n{{ steps.producer }}",
            "retry": {"max_attempts": 2, "initial": 0.5},
            "on_reject": {"target": "producer", "max_attempts": 2, "issues": "output.issues"},
            "stages": {"reject": "running", "fail": "failed"},
        },
        "aggregation": {
            "depends_on": [],
            "gate": {"of": ["reviewer"]},
            "stages": {"complete": "complete", "fail": "failed"},
        },
    }
    rest = loaded.spec.model_dump(mode="json", exclude_defaults=True, exclude={"phases"})
    assert rest == {
        "name": "reviewed",
        "version": "0.1.0",
        "defaults": {"retry": {"initial": 0.5}, "agentic": {"model": "m", "max_tokens": 1024}},
        "states": {
            "initial": "new",
            "terminal": ["complete", "failed"],
            "stages": ["new", "running", "complete", "failed"],
        },
        "tools": [
            {"id": "filesystem"},
            {"id": "mine", "type": "plugin", "plugin": "my_crate::tools::MyTool", "config": {"key": "K"}},
        ],
    }
    fact = "tool 'mine' (my_crate::tools::MyTool) cannot be imported, and nothing uses it"
    assert [(said.line, said.column, said.fact) for said in loaded.warnings] == [(6, 38, fact)]


A, B, C = "id: a, prompt: x", "id: b, prompt: y", "id: c, prompt: z"


@pytest.mark.parametrize(
    ("lines", "meant"),
    [
        ((A, B, C), {"a": [], "b": ["a"], "c": ["b"]}),
        ((f"{A}, dispatch: {{strategy: sequential, target: c}}", B, C), {"a": [], "b": [], "c": ["a"]}),
        (
            (f"{A}, dispatch: {{strategy: parallel_broadcast, targets: [b, c]}}", B, C),
            {"a": [], "b": ["a"], "c": ["a"]},
        ),
        ((f"{A}, dispatch: {{strategy: parallel-fan-out, targets: [b, c]}}", B, C), {"a": [], "b": ["a"], "c": ["a"]}),
        ((f"{A}, dispatch: {{target: c}}", f"{B}, dispatch: {{target: c}}", C), {"a": [], "b": [], "c": ["a", "b"]}),
        ((f"{A}, dispatch: {{strategy: sequential}}", B, f"{C}, depends_on: [b]"), {"a": [], "b": ["a"], "c": ["b"]}),
        ((f"{A}, dispatch: {{strategy: sequential, targets: [b, c]}}", B, C), {"a": [], "b": ["a"], "c": ["b"]}),
        ((f"{A}, dispatch: c", B, C), {"a": [], "b": [], "c": ["a"]}),
        ((f"{A}, dispatch: sequential", B), {"a": [], "b": ["a"]}),
        ((f"{A}, dispatch: none", B), {"a": [], "b": []}),
    ],
)
def test_an_agent_works_after_those_that_dispatch_to_it(lines: tuple[str, ...], meant: dict[str, list[str]]) -> None:
    assert needed(*lines) == meant


def test_one_target_of_a_fan_out_works_on_each_item() -> None:
    found = phases(agents(f"{A}, dispatch: {{strategy: parallel_fan_out, target: b}}", B))
    given = "steps.a.items"
    is_list = f"{given} is sequence and {given} is not string and {given} is not mapping"
    assert found["a"]["outputs"] == ["items"]
    assert found["b"]["for_each"] == {
        "items": f"{given} if {is_list} else {given}.items | default({given}.tasks) | default([{given}])"
    }
    assert found["b"]["prompt"] == "Input:\n{{ inputs | tojson }}\n\nItem {{ index + 1 }}:\n{{ item }}"


def test_a_reviewer_is_not_given_items_one_by_one() -> None:
    text = agents(
        f"{A}, dispatch: {{strategy: parallel_fan_out, target: b}}", f"{B}, on_fail: {{action: retry, target: a}}"
    )
    loaded = load_text(text, "w.yaml")
    assert loaded.spec.phases[1].for_each is None
    fact = "agent 'b' gives a verdict on the whole, so the items are not shared out to it one by one"
    assert [(said.line, said.fact) for said in loaded.warnings] == [(3, fact)]


def test_with_a_verdict_goes_what_it_is_about() -> None:
    found = phases(agents(A, f"{B}, on_fail: {{action: feedback_and_retry}}", C))
    prompt = "Input:\n{{ inputs | tojson }}\n\nOutput of a:\n{{ steps.a }}\n\nOutput of b:\n{{ steps.b }}"
    assert found["c"]["prompt"] == prompt


@pytest.mark.parametrize(
    ("on_fail", "meant"),
    [
        ("{action: feedback_and_retry}", {"target": "a"}),
        ("feedback_and_retry", {"target": "a"}),
        ("retry", {"target": "b"}),
        ("{action: retry, target: a, max_attempts: 5}", {"target": "a", "max_attempts": 5}),
        ("{target: a, feedback_path: '$'}", {"target": "a", "issues": "output"}),
        ("{target: a, feedback_path: review.notes}", {"target": "a", "issues": "output.review.notes"}),
        (
            "{target: a, feedback_path: '$.re-view[0][\"a b\"]'}",
            {"target": "a", "issues": "output['re-view'][0]['a b']"},
        ),
        ("{target: a, feedback_path: '$.issues[*]'}", {"target": "a", "issues": "output.issues"}),
        ("escalate", {"target": "a", "max_attempts": 1, "then": "human"}),
        ("{action: human, target: a, max_attempts: 2}", {"target": "a", "max_attempts": 2, "then": "human"}),
        ("continue", None),
    ],
)
def test_rejected_work_goes_back(on_fail: str, meant: dict[str, Any] | None) -> None:
    assert phases(agents(A, f"{B}, on_fail: {on_fail}"))["b"].get("on_reject") == meant


def test_a_task_fails_at_once_where_rejecting_aborts() -> None:
    found = phases(agents(A, f"{B}, on_fail: abort", C))
    assert {name: found[name]["depends_on"] for name in found} == {
        "a": [],
        "b": ["a"],
        "b-verdict": [],
        "c": ["b", "b-verdict"],
    }
    assert found["b-verdict"]["gate"] == {"of": ["b"]}
    assert "on_reject" not in found["b"]


def test_an_aggregation_of_all_needs_no_other_gate_behind_the_last_agent() -> None:
    found = phases(agents(A, f"{B}, on_fail: abort", after="aggregation: {strategy: all_pass, gates: [b]}\n"))
    assert list(found) == ["a", "b", "aggregation"]


@pytest.mark.parametrize(
    ("written", "require"),
    [
        ("strategy: all_pass", "all"),
        ("strategy: any_pass", "any"),
        ("strategy: majority", 2),
        ("strategy: threshold, threshold: 2", 2),
        ("strategy: threshold, threshold: 0.5", 2),
    ],
)
def test_an_aggregation_is_a_gate(written: str, require: str | int) -> None:
    text = agents(A, B, C, after=f"aggregation: {{{written}, gates: [a, b, c]}}\n")
    gate = load_text(text, "w.yaml").spec.phases[-1].gate
    assert gate is not None
    assert (gate.of, gate.require) == (("a", "b", "c"), require)


def test_where_not_all_have_to_pass_the_gate_hands_work_back() -> None:
    on_fail = "on_fail: {action: feedback_and_retry, target: a"
    text = agents(
        f"{A}, dispatch: {{targets: [b, c]}}",
        f"{B}, {on_fail}, max_attempts: 2}}",
        f"{C}, {on_fail}, max_attempts: 4}}",
        after="aggregation: {strategy: any_pass}\n",
    )
    found = phases(text)
    assert found["aggregation"]["gate"] == {"of": ["b", "c"], "require": "any"}
    assert found["aggregation"]["on_reject"] == {"target": "a", "max_attempts": 4}
    assert (found["b"].get("on_reject"), found["b"]["output"]) == (None, {})


def test_a_gate_whose_name_is_taken_gets_another() -> None:
    text = agents("id: aggregation, prompt: x", after="aggregation: {strategy: all_pass}\n")
    assert list(phases(text)) == ["aggregation", "aggregation-2"]


@pytest.mark.parametrize(
    ("machine", "meant"),
    [
        ("{initial: n, terminal: d, states: [n, d]}", {"initial": "n", "terminal": ["d"], "stages": ["n", "d"]}),
        ("{states: [{id: n}, {id: d, type: final}]}", {"initial": "n", "terminal": ["d"], "stages": ["n", "d"]}),
        (
            "{initial: n, states: [n, d], transitions: [{from: n, to: d, on: done}]}",
            {"initial": "n", "stages": ["n", "d"], "transitions": {"n": ["d"]}},
        ),
        (
            "{initial: n, states: [{id: n, transitions: [{to: d}]}, d], transitions: {d: [n]}}",
            {"initial": "n", "stages": ["n", "d"], "transitions": {"n": ["d"], "d": ["n"]}},
        ),
    ],
)
def test_a_state_machine_is_stages(machine: str, meant: dict[str, Any]) -> None:
    states = load_text(agents(A, after=f"state_machine: {machine}\n"), "w.yaml").spec.states
    assert states is not None
    assert states.model_dump(mode="json", exclude_defaults=True) == meant


def test_without_a_state_machine_tasks_begin_at_the_first_stage_that_is_named() -> None:
    gate = "aggregation: {on_complete: {transition: over}}\n"
    loaded = load_text(agents(f"{A}, transitions: {{on_start: busy, on_complete: done}}", after=gate), "w.yaml")
    assert loaded.spec.states is not None
    assert loaded.spec.states.initial == "busy"
    fact = "there is no state_machine, so tasks begin at the first stage that is named, 'busy'"
    assert [(said.line, said.column, said.fact) for said in loaded.warnings] == [(3, 48, fact)]


def test_a_prompt_is_a_text_or_a_file_beside_the_pipeline(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("From the file", encoding="utf-8")
    found = phases(agents("id: a, prompt: p.md", "id: b, prompt: Either this/that or so"), tmp_path)
    assert [found["a"]["system"], found["b"]["system"]] == ["From the file", "Either this/that or so"]


@pytest.mark.parametrize("written", ["prompts/x.md", "x.txt", "./x", "../a/b"])
def test_a_prompt_that_looks_like_a_file_has_to_be_one(written: str, tmp_path: Path) -> None:
    fact = f"{written} is no file beside this one; mend the path, or write the prompt itself"
    assert refused(agents(f"id: a, prompt: {written}"), tmp_path) == [(3, 21, fact)]
    fact = f"{written} cannot be read, since the folder of this file is not known; write the text"
    assert refused(agents(f"id: a, prompt: {written}")) == [(3, 21, fact)]


def test_braces_that_are_no_templates_are_told_word_for_word(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("Use {{#if}} and {{ topic }} as {% they %} are.", encoding="utf-8")
    loaded = load_text(agents("id: a, prompt: p.md"), "w.yaml", tmp_path)
    written = "Use {{ '{' }}{#if}} and {{ '{' }}{ topic }} as {{ '{' }}% they %} are."
    assert loaded.spec.phases[0].system == written.replace("}{#if", "}{{ '{' }}#if")
    [warning] = loaded.warnings
    assert warning.fact.startswith("the braces in this prompt are told word for word: ")


def test_a_plugin_that_can_be_imported_may_be_used_and_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package_of_tools").mkdir()
    for name in ("__init__", "tools"):
        (tmp_path / "package_of_tools" / f"{name}.py").write_text("raise AssertionError('imported')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    plugin = 'tools: [{id: t, type: plugin, plugin: "package_of_tools.tools:Tool"}]\n'
    loaded = load_text(agents(f"{A}, tools: [t]", after=plugin), "w.yaml")
    assert loaded.warnings == ()


@pytest.mark.parametrize("plugin", ["my_crate::tools::MyTool", "no_such_module:Tool", "json.none:Tool", "json"])
def test_a_plugin_that_cannot_be_imported_is_refused_where_it_is_used(plugin: str) -> None:
    text = agents(f"{A}, tools: [t]", after=f'tools: [{{id: t, type: plugin, plugin: "{plugin}"}}]\n')
    fact = f"tool 't' ({plugin}) cannot be imported; write plugin: package.module:Name of something that is installed"
    assert refused(text) == [(4, 39, fact)]


STATES = "state_machine: {initial: n, states: [n, done]}\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "fact"),
    [
        (agents("id: a, promt: x, prompt: y"), 3, 13, "'promt' is not known in agent 'a'; did you mean 'prompt'?"),
        (agents("id: a"), 3, 5, "agent 'a' has no prompt; write it, or the path of a file with it"),
        (agents("prompt: x"), 3, 5, "agent 1 has no id; give it one"),
        (agents(A, "id: a, prompt: z"), 4, 10, "two agents have the id 'a'; give each its own"),
        (
            agents(f"{A}, dispatch: {{target: bb}}", B),
            3,
            43,
            "there is no agent 'bb'; did you mean 'b'?; the agents are a, b",
        ),
        (
            agents(f"{A}, dispatch: {{strategy: seq, target: b}}", B),
            3,
            45,
            "strategy 'seq' is not known; known are sequential, parallel_fan_out, parallel_broadcast",
        ),
        (
            agents(f"{A}, dispatch: {{strategy: parallel_broadcast}}", B),
            3,
            34,
            "agent 'a' dispatches in parallel to nobody; name its targets",
        ),
        (agents(f"{A}, dispatch: {{target: a}}"), 3, 43, "agent 'a' dispatches to itself; remove that"),
        (
            agents(f"{A}, on_fail: {{action: explode, target: a}}"),
            3,
            42,
            "action 'explode' is not known; known are feedback_and_retry, retry, abort, escalate",
        ),
        (
            agents(f"{A}, on_fail: {{action: feedback_and_retry}}"),
            3,
            42,
            "on_fail of agent 'a' does not say whose work goes back; name a target",
        ),
        (
            agents(f"{A}, on_fail: {{target: a, feedback_path: '$..x'}}"),
            3,
            60,
            "the path '$..x' cannot be read; write it like $.issues",
        ),
        (
            agents(f"{A}, transitions: {{on_pass: don}}", after=STATES),
            3,
            47,
            "there is no state 'don'; did you mean 'done'?; the states are n, done",
        ),
        (
            agents(A, after="state_machine: {initial: m, states: [n]}\n"),
            4,
            26,
            "there is no state 'm'; the states are n",
        ),
        (agents(A, after="aggregation: {gates: [b]}\n"), 4, 23, "there is no agent 'b'; the agents are a"),
        (
            agents(A, after="aggregation: {strategy: most, gates: [a]}\n"),
            4,
            25,
            "strategy 'most' is not known; known are all_pass, any_pass, threshold",
        ),
        (
            agents(A, after="aggregation: {strategy: threshold, gates: [a]}\n"),
            4,
            25,
            "a threshold says how many have to pass; write threshold: 2",
        ),
        (
            agents(A, after="aggregation: {strategy: threshold, threshold: 3, gates: [a]}\n"),
            4,
            47,
            "gate 'aggregation' requires 3 of 1 phases, which never happens; require at most 1",
        ),
        (
            agents(A, after="aggregaton: {}\n"),
            4,
            1,
            "'aggregaton' is not known in a pipeline file; did you mean 'aggregation'?",
        ),
    ],
)
def test_what_has_no_meaning_is_refused_at_its_place(text: str, line: int, column: int, fact: str) -> None:
    assert refused(text) == [(line, column, fact)]


def test_reviewers_of_whom_not_all_have_to_pass_agree_on_a_target() -> None:
    text = agents(
        f"{A}, dispatch: {{targets: [b, c]}}",
        f"{B}, on_fail: {{action: retry, target: a}}",
        f"{C}, on_fail: {{action: retry, target: b}}",
        after="aggregation: {strategy: any_pass, gates: [b, c]}\n",
    )
    fact = "agents of which not all have to pass send back the work of a, b; name one target"
    assert refused(text) == [(5, 57, fact)]


@pytest.mark.parametrize("name", ["newsroom.yaml", "research.yaml", "gatekeeper.yaml", "either.yaml"])
def test_files_of_many_ways_load(name: str) -> None:
    assert load_workflow(FIXTURES / name).dialect == "pipeline"


def test_several_reviewers_at_the_end_share_a_gate_that_enters_the_last_stage() -> None:
    review = "on_fail: {action: feedback_and_retry, target: a}, transitions: {on_pass: done, on_fail: n}"
    machine = "state_machine: {initial: n, terminal: [done], states: [n, done]}\n"
    found = phases(agents(f"{A}, dispatch: {{targets: [b, c]}}", f"{B}, {review}", f"{C}, {review}", after=machine))
    assert found["aggregation"]["gate"] == {"of": ["b", "c"]}
    assert [found[name]["stages"] for name in ("b", "c", "aggregation")] == [
        {"reject": "n"},
        {"reject": "n"},
        {"complete": "done"},
    ]


def test_a_system_text_stands_above_the_prompt() -> None:
    assert (
        phases(agents("id: a, system: You are brief., prompt: Say it."))["a"]["system"] == "You are brief.\n\nSay it."
    )


def test_issues_under_another_name_are_warned_of_where_a_gate_hands_back() -> None:
    review = "on_fail: {action: feedback_and_retry, target: a, feedback_path: $.findings}"
    loaded = load_text(agents(A, f"{B}, {review}", after="aggregation: {strategy: any_pass}\n"), "w.yaml")
    fact = "where not all have to pass, issues are looked for under issues, errors and problems only"
    assert [(said.line, said.fact) for said in loaded.warnings] == [(4, fact)]
