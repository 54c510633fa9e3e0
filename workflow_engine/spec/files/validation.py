"""Validation: what pydantic finds wrong with a file, in our words and at places that the file has."""

from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from workflow_engine.spec.files import wanted
from workflow_engine.spec.files.nodes import ListNode, Node, ScalarNode, reached
from workflow_engine.spec.problems import Place, Problem, did_you_mean, listed


def problems(error: ValidationError, root: Node) -> list[Problem]:
    """Return what *error* says about the native form under *root*."""
    found: list[Problem] = []
    for detail in error.errors(include_url=False):
        problem = _translated(detail, root)
        if problem is not None and not _said(problem, found[-_NEAR:]):
            found.append(problem)
    return found


_NEAR: Final = 8  # pydantic reports the choices of a union, and the fields of a model, next to each other


def _said(problem: Problem, before: list[Problem]) -> bool:
    """Return whether one of *before* says the same of this value, or of one in it that others were filled in from."""
    return any(one.fact == problem.fact and one.place[: len(problem.place)] == problem.place for one in before)


def _translated(detail: ErrorDetails, root: Node) -> Problem | None:
    """Return *detail* in our words; None where pydantic only says that a list is short of values that are wrong."""
    loc, kind = detail["loc"], detail["type"]
    place, node = reached(root, loc)
    if kind == "extra_forbidden":
        return Problem(loc, _unknown(loc), at_key=True)
    if kind == "missing":
        return Problem(place, f"the key {loc[-1]!r} is missing here; it is {wanted.wanted(loc)}")
    if kind == "value_error":
        return Problem(place, detail["msg"].removeprefix("Value error, "))
    if loc[-1:] == ("[key]",):
        return Problem(place, f"expected {wanted.NAME}, got {wanted.got(loc[-2])}", at_key=True)
    if kind == "too_short" and _has_values(node):
        return None
    return Problem(place, _other(loc, node, detail["input"]))


def _has_values(node: Node) -> bool:
    return isinstance(node, ListNode) and bool(node.items)


def _unknown(place: Place) -> str:
    key, known = str(place[-1]), wanted.known_keys(place[:-1])
    return f"{key!r} is not known here{did_you_mean(key, known) or f'; known are {listed(known, most=60)}'}"


def _other(loc: Place, node: Node, value: Any) -> str:
    """Return that another value than *value*, which *node* stands for, is expected at *loc*."""
    expected = wanted.wanted(loc)
    return f"expected {expected}, got {wanted.got(value)}{_remedy(loc, expected, node, value)}"


def _remedy(loc: Place, expected: str, node: Node, value: Any) -> str:
    if isinstance(value, str):
        return did_you_mean(value, wanted.choices(loc))
    if expected in ("a text", wanted.NAME) and isinstance(node, ScalarNode) and value is not None:
        return f'; write it in quotes: "{node.text}"'
    return ""
