"""What people write: accepted as it is meant, or refused with the place, the fact and the remedy."""

from typing import Any

import pytest
from pydantic import BaseModel

from workflow_engine.errors import SpecError
from workflow_engine.spec.durations import seconds
from workflow_engine.spec.model import Phase, TaskType, WorkflowSpec, task_type
from workflow_engine.spec.parts import RetryPolicy


class Decision(BaseModel):
    """A form."""

    approved: bool
    comment: str = ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [("30s", 30.0), ("1h30m", 5_400.0), ("2d", 172_800.0), ("500ms", 0.5), ("1w", 604_800.0), ("1.5 h", 5_400.0)],
)
def test_a_duration_is_read_as_seconds(written: str, meant: float) -> None:
    assert seconds(written) == meant
    assert Phase(id="a", timeout=written).timeout == meant


@pytest.mark.parametrize("number", [0, 30, 0.25])
def test_a_number_is_seconds_already(number: float) -> None:
    assert Phase(id="a", due=number).due == number


@pytest.mark.parametrize("written", ["", "soon", "30", "-5s", "5 x", "1h 30", "s", "5sm"])
def test_what_is_no_duration_is_refused_with_examples(written: str) -> None:
    with pytest.raises(SpecError) as refusal:
        Phase.model_validate({"id": "a", "timeout": written})
    fact = f"{written!r} is not a duration; write for example 30s, 1h30m, 2d or a number of seconds"
    assert str(refusal.value) == f"Phase: timeout: {fact}"


@pytest.mark.parametrize("name", ["ai", "AI", "agent", "llm", "agentic", TaskType.AGENTIC])
def test_ai_means_agentic(name: str) -> None:
    assert task_type(name) == "agentic"
    assert Phase(id="a", assigned_to=name).assigned_to == "agentic"


def test_other_task_types_mean_themselves() -> None:
    assert [task_type(name) for name in ("human", "person", "program", "Mine")] == [
        "human",
        "human",
        "functional",
        "Mine",
    ]


def test_a_phase_is_named_by_its_id_or_its_classification() -> None:
    by_id, by_classification, both = (
        Phase(id="a"),
        Phase(target_classification="x"),
        Phase(id="a", target_classification="x"),
    )
    named = [(phase.id, phase.target_classification) for phase in (by_id, by_classification, both)]
    assert named == [("a", "a"), ("x", "x"), ("a", "x")]


def test_a_pydantic_class_is_a_form() -> None:
    phase = Phase.model_validate({"id": "a", "form": Decision})
    assert phase.form == Decision.model_json_schema()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({}, "Phase: a phase needs an id or a target_classification"),
    "a shell line": (
        {"id": "a", "command": "rm -rf ."},
        'Phase: command: a command is a list of arguments, never a shell line; write ["program", "argument"]',
    ),
    "no program": ({"id": "a", "command": []}, "Phase: command: a command is not empty; name a program"),
    "unknown key": ({"id": "a", "promt": "?"}, "Phase: promt: is not known here; remove it or mend its spelling"),
    "a slash": ({"id": "a/b"}, "Phase: id: String should match pattern"),
    "a hash": ({"id": "#a"}, "Phase: id: String should match pattern"),
    "too long": ({"id": "a" * 201}, "Phase: id: String should match pattern"),
    "a string for a list": (
        {"id": "a", "next_classifications": "b"},
        "Phase: next_classifications: Input should be a valid tuple",
    ),
    "no attempts": ({"id": "a", "retry": {"max_attempts": 0}}, "RetryPolicy: max_attempts: Input should be greater"),
    "endless": ({"id": "a", "timeout": float("inf")}, "Phase: timeout: Input should be a finite number"),
    "negative": ({"id": "a", "due": -1}, "Phase: due: Input should be greater than or equal to 0"),
    "no place": ({"id": "a", "concurrency": 0}, "Phase: concurrency: Input should be greater than or equal to 1"),
    "a word too many": (
        {"id": "a", "on_due": "panic"},
        "Phase: on_due: Input should be 'notify', 'fail' or 'escalate'",
    ),
}


@pytest.mark.parametrize(("given", "fact"), REFUSED.values(), ids=list(REFUSED))
def test_a_wrong_phase_is_refused_with_place_and_fact(given: dict[str, Any], fact: str) -> None:
    with pytest.raises(SpecError) as refusal:
        Phase.model_validate(given)
    assert str(refusal.value).startswith(fact)


@pytest.mark.parametrize("given", [None, 5, "a", ["a"], [{"id": "a"}, 5]])
def test_phases_that_are_no_phases_are_refused(given: Any) -> None:
    with pytest.raises(SpecError):
        WorkflowSpec.model_validate({"name": "w", "phases": given})


def test_a_workflow_without_phases_is_refused() -> None:
    with pytest.raises(SpecError, match="WorkflowSpec: phases: Tuple should have at least 1 item"):
        WorkflowSpec(name="w", phases=())


@pytest.mark.parametrize("name", ["options", "form"])
@pytest.mark.parametrize("value", [object(), {1, "x"}, float("nan"), b"\xff"], ids=["object", "set", "nan", "bytes"])
def test_what_cannot_be_journaled_is_refused_when_the_workflow_is_made(name: str, value: object) -> None:
    phase = Phase.model_validate({"id": "a", name: {"default": value}})
    with pytest.raises(SpecError, match=r"WorkflowSpec: .*'a'.* JSON"):
        WorkflowSpec(name="w", phases=(phase,))


def test_text_that_cannot_be_journaled_is_refused_when_the_workflow_is_made() -> None:
    with pytest.raises(SpecError, match=r"WorkflowSpec: .*surrogates"):
        WorkflowSpec(name="w", phases=(Phase(id="a", prompt="\ud800"),))


def test_a_second_mistake_is_named_with_the_first() -> None:
    with pytest.raises(SpecError) as refusal:
        Phase.model_validate({"id": "a", "promt": "?", "max_visits": 0})
    assert "promt: " in str(refusal.value)
    assert "max_visits: " in str(refusal.value)


def test_the_same_definition_has_the_same_hash_and_another_has_another() -> None:
    def digest(**given: Any) -> str:
        return WorkflowSpec(name="w", phases=(Phase(id="a", **given),)).digest()

    assert digest() == digest(timeout=None, retry=None) == "27a0f71c1d1fde2e"
    assert len({digest(), digest(timeout=1), digest(prompt="?"), digest(retry=RetryPolicy())}) == 4


def test_a_spec_comes_back_from_its_stored_form() -> None:
    spec = WorkflowSpec.model_validate(
        {
            "name": "w",
            "version": "2",
            "defaults": {"retry": {"max_attempts": 5, "initial": "100ms"}},
            "phases": [
                {"id": "a", "next_classifications": ["b", "a"], "assigned_to": "ai", "candidates": ["x"], "due": "1h"},
                {"id": "b", "command": ["true"], "environment": ["HOME"], "form": Decision, "retry": {}},
            ],
        }
    )
    assert WorkflowSpec.from_stored(spec.stored()) == spec


def test_a_spec_of_the_first_format_comes_back_with_its_policy_as_the_default() -> None:
    stored = b'{"name": "w", "retry": {"max_attempts": 5}, "phases": [{"id": "a"}]}'
    assert WorkflowSpec.from_stored(stored) == WorkflowSpec(
        name="w", phases=(Phase(id="a"),), defaults={"retry": {"max_attempts": 5}}
    )


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Phase(id="a").timeout = 5.0
