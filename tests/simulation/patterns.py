"""Patterns: one small case of each way in which phases can hang together."""

from collections.abc import Mapping
from typing import Any, Final

from tests.simulation.random_workflows import ATTEMPTS, SHAPE, Act, Case
from workflow_engine.spec.model import Phase, WorkflowSpec

_RETRY: Final[dict[str, Any]] = {"retry": {"max_attempts": ATTEMPTS, "initial": 1, "jitter": False}}


def _case(
    *phases: dict[str, Any], acts: Mapping[str, Act], children: Mapping[str, WorkflowSpec] | None = None, **given: Any
) -> Case:
    known = children or {}
    every = [*(phase["id"] for phase in phases), *(phase.id for spec in known.values() for phase in spec.phases)]
    return Case(_spec("w", *phases, **given), known, {name: acts.get(name, Act()) for name in every})


def _spec(name: str, *phases: dict[str, Any], **given: Any) -> WorkflowSpec:
    return WorkflowSpec(name=name, phases=[Phase(**phase) for phase in phases], defaults=_RETRY, **given)


PATTERNS: Final[dict[str, Case]] = {
    "graph with a choice and little room": _case(
        {"id": "a", "depends_on": [], "next_classifications": ["b", "c"]},
        {"id": "b", "depends_on": ["a"]},
        {"id": "c", "depends_on": ["a"]},
        {"id": "d", "depends_on": ["a"], "when": "inputs.limit > 7"},
        {"id": "e", "depends_on": ["b", "c", "d"], "output": SHAPE},
        acts={"a": Act(number=1, options=("b", "c")), "e": Act(unfit=1)},
        max_concurrency=1,
    ),
    "gate that sends work back": _case(
        {"id": "draft", "depends_on": []},
        {"id": "one", "depends_on": ["draft"]},
        {"id": "two", "depends_on": ["draft"]},
        {"id": "gate", "gate": {"of": ["one", "two"]}, "on_reject": {"target": "draft", "then": "human"}},
        {"id": "publish", "depends_on": ["gate"]},
        acts={"one": Act(rounds="draft", rejects=1), "two": Act(rounds="draft"), "gate": Act(rounds="draft")},
    ),
    "gate that a person decides about": _case(
        {"id": "draft", "depends_on": []},
        {"id": "one", "depends_on": ["draft"]},
        {
            "id": "gate",
            "gate": {"of": ["one"]},
            "on_reject": {"target": "draft", "max_attempts": 1, "then": "human"},
        },
        {"id": "publish", "depends_on": ["gate"]},
        acts={"one": Act(rounds="draft", rejects=9), "gate": Act(rounds="draft", rejects=9, ruling="accept")},
    ),
    "fan-out": _case(
        {"id": "a", "for_each": {"items": "inputs.items", "max_concurrency": 2, "on_item_failure": "collect"}},
        {"id": "b"},
        acts={"a": Act(bad_items=frozenset({1}), slow_items=frozenset({2}))},
    ),
    "fork and sub-workflow": _case(
        {"id": "a", "depends_on": []},
        {"id": "b", "depends_on": ["a"], "workflow": "child"},
        acts={"a": Act(forks=(("x", 1), ("y", 2)))},
        children={"child": _spec("child", {"id": "child-a"}, {"id": "child-b", "wait": 5})},
    ),
    "compensation": _case(
        {"id": "a", "depends_on": [], "compensate": "a:compensate"},
        {"id": "b", "depends_on": ["a"], "compensate": "b:compensate"},
        {"id": "c", "depends_on": ["b"]},
        acts={"b": Act(undo_fails=True), "c": Act(permanent=True)},
    ),
    "sub-workflow that fails": _case(
        {"id": "a", "depends_on": [], "workflow": "child"},
        {"id": "b", "depends_on": [], "for_each": "inputs.items"},
        acts={"child-b": Act(permanent=True)},
        children={"child": _spec("child", {"id": "child-a", "compensate": "child-a:compensate"}, {"id": "child-b"})},
    ),
}
"""By name."""
