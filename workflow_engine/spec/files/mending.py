"""Mending: what is left of a wrong workflow without its wrong values, so that the rest of it can be checked as well."""

from typing import Any, Final

from pydantic import ValidationError

from workflow_engine.spec.checking import problems
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.problems import Place, Problem
from workflow_engine.spec.strict import COLLECT

SHAPE: Final = frozenset(("phases", "id", "target_classification", "depends_on", "next_classifications", "gate"))
"""Keys without which a workflow has another shape, so that what is said of it would mislead."""


def other_problems(data: dict[str, Any], error: ValidationError) -> list[Problem]:
    """Return what else is wrong with a workflow in which *error* is: none where that cannot be told yet.

    Args:
        data: the workflow; what is wrong is taken out of it.
        error: what pydantic says of it.
    """
    # pydantic says that a list is too short when it has left out the values in it that are wrong.
    wrong = [detail["loc"] for detail in error.errors(include_url=False) if detail["type"] != "too_short"]
    removed = [_remove(data, place) for place in wrong]
    if any(place is None or SHAPE.intersection(place) - {"phases"} or place == ("phases",) for place in removed):
        return []
    try:
        spec = WorkflowSpec.model_validate(data, context={COLLECT: True})
    except ValidationError:
        return []
    return list(problems(spec))


def _remove(data: dict[str, Any], place: Place) -> Place | None:
    """Take the innermost value of a mapping that leads to *place* out of *data*; return where it was, or None."""
    found: tuple[Any, str, Place] | None = None
    value: Any = data
    for depth, key in enumerate(place):
        if not _holds(value, key):
            break
        if isinstance(key, str):
            found = (value, key, place[: depth + 1])
        value = value[key]
    if found is None:
        return None
    del found[0][found[1]]
    return found[2]


def _holds(value: Any, key: str | int) -> bool:
    """Return whether a mapping has this key, or a list this position."""
    try:
        value[key]
    except (KeyError, IndexError, TypeError):
        return False
    return not isinstance(value, str)
