"""Outputs: whether what a phase gave is what it was to give, and what it says of the work of others."""

from collections.abc import Mapping
from typing import Any

import msgspec

from workflow_engine.core.components import Json
from workflow_engine.core.plan import PhasePlan
from workflow_engine.forms import misfits
from workflow_engine.spec.model import Phase
from workflow_engine.spec.naming import named
from workflow_engine.values import to_json
from workflow_engine.verdicts import passes, verdict

Issues = list[dict[str, Any]]
"""What is wrong with a piece of work: ``{"severity": ..., "message": ..., "path": ...}`` each."""


def fitted(value: Any, phase: Phase) -> tuple[Any, Issues]:
    """Return an output under the names that the phase gives it, and why it does not fit, where it does not."""
    try:
        value = named(value, phase.outputs) if phase.outputs else value
    except ValueError as error:
        return value, [_issue(str(error), None)]
    if phase.output is None:
        return value, []
    raw = to_json(value, f"the output of phase {phase.id!r}")
    return value, [_issue(message, place) for place, message in misfits(to_json(phase.output, "the schema"), raw)]


def misfit(phase: Phase, issues: Issues) -> str:
    """Return why an output does not fit, as a sentence."""
    reasons = "; ".join(
        f"{issue['path']}: {issue['message']}" if issue["path"] else issue["message"] for issue in issues
    )
    return f"the output of phase {phase.id!r} is not what it is to be: {reasons}"


def verdict_of(plan: PhasePlan, value: Any, scope: Mapping[str, Any]) -> Json:
    """Return why a reviewing phase rejects, a list of issues; absent where it passes.

    Args:
        plan: of the phase.
        value: what it gave.
        scope: what its expressions see.
    """
    policy = plan.spec.on_reject
    if policy is not None and (policy.when is not None or policy.issues is not None):
        found = _by_expression(policy.when, policy.issues, value, scope)
    else:
        found = verdict(value)
    return to_json(found, "the issues") if found else msgspec.UNSET


def _by_expression(when: str | None, issues: str | None, value: Any, scope: Mapping[str, Any]) -> Any:
    """Return the issues that the author's own expressions find, None where they find none."""
    from workflow_engine.spec.templates import evaluate

    given = evaluate(issues, scope) if issues is not None else None
    several: list[Any] = given if isinstance(given, list) else [given]  # pyright: ignore[reportUnknownVariableType] - JSON
    found: Any = {"issues": several} if given is not None else value
    if when is not None:
        rejects = bool(evaluate(when, scope))
    else:
        said = passes(value)
        rejects = not said if said is not None else verdict(found) is not None
    if not rejects:
        return None
    if given is None:
        return verdict(value) or [_issue("rejected without a reason", None)]
    return verdict({"issues": several, "passed": False})


def _issue(message: str, path: str | None) -> dict[str, Any]:
    return {"severity": "error", "message": message, "path": path}
