"""Escalation in a workflow: on_due and escalate_to belong together, wherever each of them is written."""

from typing import Any

import pytest

from workflow_engine.core.plan import Plan
from workflow_engine.errors import SpecError
from workflow_engine.spec.loading import load_text
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.writing import to_yaml

HUMAN: dict[str, Any] = {"id": "a", "assigned_to": "human", "due": "2d"}


def made(*phases: dict[str, Any], **human: Any) -> WorkflowSpec:
    """Return a workflow of these phases, with defaults for human ones."""
    return WorkflowSpec.model_validate({"name": "w", "phases": phases, "defaults": {"human": human or None}})


def facts(*phases: dict[str, Any], **human: Any) -> list[str]:
    """Return what is wrong with a workflow."""
    with pytest.raises(SpecError) as refusal:
        made(*phases, **human)
    return [problem.fact for problem in refusal.value.problems]


def of_phase(spec: WorkflowSpec) -> tuple[str, tuple[str, ...]]:
    """Return what holds for the first phase."""
    phase = Plan(spec).phases["a"].spec
    return phase.on_due, phase.escalate_to


NOBODY = "phase 'a' has on_due: escalate, and nobody to whom the question goes then; name them in escalate_to"
NEVER = "phase 'a' has escalate_to, and its questions never go there; add on_due: escalate"


def test_a_phase_says_both() -> None:
    spec = made({**HUMAN, "on_due": "escalate", "escalate_to": ["bob", "eve"]})
    assert of_phase(spec) == ("escalate", ("bob", "eve"))


@pytest.mark.parametrize("more", [{}, {"escalate_to": []}])
def test_a_phase_that_escalates_to_nobody_is_refused(more: dict[str, Any]) -> None:
    assert facts({**HUMAN, "on_due": "escalate", **more}) == [NOBODY]


@pytest.mark.parametrize("more", [{}, {"on_due": "notify"}, {"on_due": "fail"}])
def test_a_phase_that_names_others_and_does_not_escalate_is_refused(more: dict[str, Any]) -> None:
    assert facts({**HUMAN, "escalate_to": ["bob"], **more}) == [NEVER]


def test_defaults_hold_for_phases_that_do_not_say_otherwise() -> None:
    assert of_phase(made(HUMAN, on_due="escalate", escalate_to=["bob"])) == ("escalate", ("bob",))
    assert of_phase(made({**HUMAN, "on_due": "escalate"}, escalate_to=["bob"])) == ("escalate", ("bob",))
    assert of_phase(made({**HUMAN, "escalate_to": ["eve"]}, on_due="escalate")) == ("escalate", ("eve",))
    assert of_phase(made({**HUMAN, "on_due": "notify"}, on_due="escalate", escalate_to=["bob"])) == ("notify", ("bob",))


def test_defaults_of_which_one_is_missing_are_refused() -> None:
    assert facts(HUMAN, on_due="escalate") == [NOBODY]
    assert facts(HUMAN, escalate_to=["bob"]) == [
        "defaults.human has escalate_to, and its questions never go there; add on_due: escalate"
    ]


def test_defaults_for_people_are_none_for_models() -> None:
    agentic = {"id": "a", "assigned_to": "agentic", "prompt": "?", "on_due": "escalate"}
    assert facts(agentic, on_due="escalate", escalate_to=["bob"]) == [NOBODY]


def test_a_file_that_has_both_loads_and_is_written_as_it_was() -> None:
    text = "name: w\nphases:\n  - {id: a, assigned_to: human, due: 2d, on_due: escalate, escalate_to: [bob]}\n"
    spec = load_text(text, "w.yaml").spec
    assert of_phase(spec) == ("escalate", ("bob",))
    assert load_text(to_yaml(spec), "again.yaml").spec == spec


def test_a_file_that_has_one_only_is_refused_at_its_place() -> None:
    with pytest.raises(SpecError) as refusal:
        load_text("name: w\nphases:\n  - id: a\n    assigned_to: human\n    on_due: escalate\n", "w.yaml")
    assert "w.yaml:5:13" in str(refusal.value)
    assert NOBODY in str(refusal.value)
