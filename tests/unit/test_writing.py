"""Writing: a workflow as a file that loads as what was written, whichever YAML its reader speaks."""

import random
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.unit.workflow_files import GOOD
from workflow_engine.spec.loading import load_text, load_workflow
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.schema import HINT
from workflow_engine.spec.writing import to_yaml

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "dialects"
FILES: Final = sorted(path.name for path in FIXTURES.iterdir() if path.suffix in (".yaml", ".json"))

TEXTS: Final = (
    *("yes", "No", "on", "y", "null", "~", "True", "", "1.0", "1_000", "0o14", "0x1f", "1e3", ".5", ".inf", "12:30:45"),
    *("2024-01-01", "30s", "<<", "=", "-", "- x", "? x", "a: b", "a:", "a #b", "#a", "a, b", "[a]", "{a}", "{{ x }}"),
    *("*a", "&a", "!a", "%a", "@a", "`a", "'a'", '"a"', "it's", "\\", "\\n", " a", "a ", "a  b", "---", "...", "a?b"),
    *(
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        "\n",
        "\n\na",
        " a\nb",
        "a \nb",
        "a\n \nb",
        "a\n  b",
        "a\n---\nb",
        "a\tb",
        "a\r\nb",
    ),
    *("\x00", "\x7f", "\x85", "a\u2028b", "\ufeff", "é", "\U0001f600", "\U0001f600\n:", "x" * 300),
)
ODD: Final = " \n\t\"'\\:#-[]{},&*!|>%@`abc019.é\U0001f600?=~_"


def loaded(spec: WorkflowSpec) -> WorkflowSpec:
    """Return what the written form of *spec* loads as."""
    return load_text(to_yaml(spec), "w.yaml").spec


def value(chance: random.Random, depth: int = 0) -> Any:
    """Return some JSON value."""
    kind = chance.random()
    if depth < 3 and kind < 0.2:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if depth < 3 and kind < 0.4:
        return {text(chance): value(chance, depth + 1) for _ in range(chance.randrange(4))}
    return chance.choice([None, True, 0, -7, 1.5, 2.0, 1e300, 1e-7, 2**63]) if kind < 0.5 else text(chance)


def text(chance: random.Random) -> str:
    """Return some text."""
    return chance.choice(TEXTS) if chance.random() < 0.6 else "".join(chance.choices(ODD, k=chance.randrange(12)))


def holding(given: Any) -> WorkflowSpec:
    """Return a workflow that holds any JSON value."""
    return WorkflowSpec(name="w", phases=[Phase(id="a", options={"given": given})])


def test_a_workflow_reads_as_people_write_it() -> None:
    spec = WorkflowSpec(
        name="review",
        version="1.0",
        inputs={"type": "object", "required": ["topic"], "properties": {"topic": {"type": "string"}}},
        defaults={"retry": {"max_attempts": 2, "initial": 0.5}, "agentic": {"model": "m-1"}},
        phases=[
            Phase(id="draft", depends_on=[], assigned_to="ai", prompt="Write on {{ inputs.topic }}.\nBe brief.\n"),
            Phase(id="wait", depends_on=["draft"], wait="1h30m"),
            Phase(
                id="approve",
                depends_on=["wait"],
                assigned_to="human",
                prompt="Publish this?",
                on_reject={"target": "draft", "max_attempts": 1},
                due="2d",
                timeout=0.1,
            ),
        ],
    )
    assert (
        to_yaml(spec)
        == f"""\
{HINT}
name: review
version: "1.0"
inputs:
  type: object
  required: [topic]
  properties:
    topic: {{type: string}}
defaults:
  retry: {{max_attempts: 2, initial: 500ms}}
  agentic: {{model: m-1}}
phases:
  - id: draft
    depends_on: []
    assigned_to: agentic
    prompt: |
      Write on {{{{ inputs.topic }}}}.
      Be brief.
  - id: wait
    depends_on: [draft]
    wait: 1h30m
  - id: approve
    depends_on: [wait]
    on_reject: {{target: draft, max_attempts: 1}}
    assigned_to: human
    timeout: 100ms
    prompt: "Publish this?"
    due: 2d
"""
    )


@pytest.mark.parametrize("name", GOOD)
def test_a_native_file_loads_again_as_what_it_was(name: str) -> None:
    spec = load_text(GOOD[name], "w.yaml").spec
    assert (loaded(spec), loaded(spec).digest()) == (spec, spec.digest())


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_dialect_loads_again_as_what_it_was(name: str) -> None:
    spec = load_workflow(FIXTURES / name).spec
    assert (loaded(spec), loaded(spec).digest()) == (spec, spec.digest())


@pytest.mark.parametrize("written", TEXTS)
def test_a_text_stays_what_it_is(written: str) -> None:
    spec = WorkflowSpec(
        name="w", description=written, phases=[Phase(id="a", options={"key": written, written: [written]})]
    )
    assert loaded(spec) == spec
    assert yaml.safe_load(to_yaml(spec))["phases"][0].get("options") == spec.phases[0].options


@pytest.mark.parametrize("seed", range(300))
def test_any_value_stays_what_it_is(seed: int) -> None:
    spec = holding(value(random.Random(seed)))
    assert loaded(spec).stored() == spec.stored()
    assert yaml.safe_load(to_yaml(spec))["phases"][0]["options"] == spec.phases[0].options


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (30.0, "30s"),
        (5_400.0, "1h30m"),
        (172_800.0, "2d"),
        (0.25, "250ms"),
        (90.5, "1m30s500ms"),
        (0.0001, "0.0001"),
        (0.0, "0.0"),
    ],
)
def test_durations_are_written_in_words_where_these_mean_the_same(seconds: float, written: str) -> None:
    spec = WorkflowSpec(name="w", phases=[Phase(id="a", wait=seconds)])
    assert f"\n    wait: {written}\n" in to_yaml(spec)
    assert loaded(spec) == spec


def test_a_classification_of_its_own_is_kept() -> None:
    spec = WorkflowSpec(name="w", phases=[Phase(id="a", target_classification="b")])
    assert to_yaml(spec) == f"{HINT}\nname: w\nphases:\n  - id: a\n    target_classification: b\n"
