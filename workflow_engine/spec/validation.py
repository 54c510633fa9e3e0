"""Validation: what pydantic finds wrong with a file, in our words and at places that the file has."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from workflow_engine.spec import wanted
from workflow_engine.spec.nodes import ListNode, Node, ScalarNode, plain, reached
from workflow_engine.spec.problems import Place, Problem, did_you_mean, listed


def problems(error: ValidationError, root: Node) -> Iterator[Problem]:
    """Yield what *error* says about the native form under *root*; a value that no choice of a union fits, once."""
    said: set[Place] = set()
    for detail in error.errors(include_url=False):
        for problem in _translated(detail, root):
            if problem.place not in said or problem.at_key:
                yield problem
            if not problem.at_key and detail["type"] != "missing":
                said.add(problem.place)


def _translated(detail: ErrorDetails, root: Node) -> Iterator[Problem]:
    loc, kind = detail["loc"], detail["type"]
    place, node = reached(root, loc)
    if kind == "extra_forbidden":
        yield Problem(loc, _unknown(loc), at_key=True)
    elif kind == "missing":
        yield Problem(place, f"the key {loc[-1]!r} is missing here; it is {wanted.wanted(loc)}")
    elif kind == "value_error":
        yield Problem(place, detail["msg"].removeprefix("Value error, "))
    elif loc[-1:] == ("[key]",):
        yield Problem(place, f"expected {wanted.NAME}, got {wanted.got(loc[-2])}", at_key=True)
    elif not (kind == "too_short" and _has_values(node)):  # pydantic counts those of a list that are right
        yield Problem(place, _other(loc, node))


def _has_values(node: Node) -> bool:
    return isinstance(node, ListNode) and bool(node.items)


def _unknown(place: Place) -> str:
    key, known = str(place[-1]), wanted.known_keys(place[:-1])
    return f"{key!r} is not known here{did_you_mean(key, known) or f'; known are {listed(known, most=60)}'}"


def _other(loc: Place, node: Node) -> str:
    """Return that another value is expected at *loc*."""
    expected, value = wanted.wanted(loc), plain(node)
    return f"expected {expected}, got {wanted.got(value)}{_remedy(loc, expected, node, value)}"


def _remedy(loc: Place, expected: str, node: Node, value: Any) -> str:
    if isinstance(value, str):
        return did_you_mean(value, wanted.choices(loc))
    if expected in ("a text", wanted.NAME) and isinstance(node, ScalarNode) and value is not None:
        return f'; write it in quotes: "{node.text}"'
    return ""
