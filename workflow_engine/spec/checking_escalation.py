"""Escalation: whoever says that an overdue question goes to others says to whom, and the other way round."""

from collections.abc import Iterator

from workflow_engine.spec.model import Phase, TaskType, WorkflowSpec
from workflow_engine.spec.parts import HumanDefaults
from workflow_engine.spec.problems import Place, Problem

_NOBODY = "has on_due: escalate, and nobody to whom the question goes then; name them in escalate_to"
_NEVER = "has escalate_to, and its questions never go there; add on_due: escalate"


def escalation_problems(spec: WorkflowSpec) -> Iterator[Problem]:
    """Return what is wrong with where overdue questions of *spec* go."""
    given = spec.defaults.human or HumanDefaults()
    used = False
    for index, phase in enumerate(spec.phases):
        defaults = given if phase.carried_out_by == TaskType.HUMAN else HumanDefaults()
        used = used or _escalates(phase, defaults)
        yield from _phase(phase, defaults, ("phases", index))
    if given.escalate_to and given.on_due != "escalate" and not used:
        yield Problem(("defaults", "human", "escalate_to"), f"defaults.human {_NEVER}", at_key=True)


def _escalates(phase: Phase, defaults: HumanDefaults) -> bool:
    return (phase.on_due if "on_due" in phase.model_fields_set else defaults.on_due) == "escalate"


def _phase(phase: Phase, defaults: HumanDefaults, place: Place) -> Iterator[Problem]:
    own = "escalate_to" in phase.model_fields_set
    whom = phase.escalate_to if own else defaults.escalate_to
    if _escalates(phase, defaults) and not whom:
        where = (*place, "on_due") if "on_due" in phase.model_fields_set else ("defaults", "human", "on_due")
        yield Problem(where, f"phase {phase.id!r} {_NOBODY}")
    elif phase.escalate_to and not _escalates(phase, defaults):
        yield Problem((*place, "escalate_to"), f"phase {phase.id!r} {_NEVER}", at_key=True)
