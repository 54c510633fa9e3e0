"""Checking: what is wrong with a workflow that pydantic cannot see, each thing with its place."""

from collections.abc import Callable, Iterator
from typing import Final

from workflow_engine.spec.checking_data import data_problems
from workflow_engine.spec.checking_escalation import escalation_problems
from workflow_engine.spec.checking_shape import shape_problems
from workflow_engine.spec.checking_texts import text_problems
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.problems import Problem

_CHECKS: Final[tuple[Callable[[WorkflowSpec], Iterator[Problem]], ...]] = (
    data_problems,
    shape_problems,
    escalation_problems,
    text_problems,
)


def problems(spec: WorkflowSpec) -> tuple[Problem, ...]:
    """Return what is wrong with *spec*; empty where it can be run."""
    return tuple(problem for check in _CHECKS for problem in check(spec))
