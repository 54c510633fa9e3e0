"""Suspicions: what can be run, and most likely does not mean what its author expects."""

from collections.abc import Iterator
from typing import Final

from workflow_engine.spec.model import TaskType, WorkflowSpec
from workflow_engine.spec.problems import Problem, did_you_mean

_TYPES: Final = (*(str(kind) for kind in TaskType), "ai", "agent", "llm", "person", "program")


def suspicions(spec: WorkflowSpec) -> Iterator[Problem]:
    """Return what is odd about *spec*."""
    for index, phase in enumerate(spec.phases):
        given = phase.assigned_to
        if given is not None and given not in _TYPES:
            near = did_you_mean(given, _TYPES)
            if near:  # else it is the name of somebody's own adapter
                fact = f"phase {phase.id!r} waits until an adapter for {given!r} is registered{near}"
                yield Problem(("phases", index, "assigned_to"), fact)
