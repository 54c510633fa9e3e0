"""The texts of a workflow: templates and expressions parse, and what they read exists."""

from collections.abc import Iterable, Iterator
from typing import Any

from workflow_engine.spec.graph import Graph, reachable
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.problems import Guesses, Place, Problem, did_you_mean, listed

_ROOTS = ("inputs", "phases", "steps", "context", "input", "item", "index", "feedback", "task")
"""What templates and expressions of a phase see."""

_JUDGING = ("output", "inputs", "phases", "steps", "context")
"""What the expressions of `OnReject` see."""


class _Text:
    """One text of a phase: where it is, whether it is an expression, and what it may read."""

    __slots__ = ("expression", "place", "roots", "text")

    def __init__(self, place: Place, text: str, *, expression: bool = False, roots: Iterable[str] = _ROOTS) -> None:
        self.place = place
        self.text = text
        self.expression = expression
        self.roots = tuple(roots)


def text_problems(spec: WorkflowSpec) -> Iterator[Problem]:
    """Return what is wrong with the templates and expressions of *spec*."""
    graph = Graph(spec)
    upstream = _Upstream(graph)
    for index, phase in enumerate(spec.phases):
        for text in _texts(phase, ("phases", index)):
            yield from _check(text, phase, spec, upstream)


class _Upstream:
    """The phases that may have been carried out before each phase."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._before: dict[str, frozenset[str]] = {}
        self.known = graph.edges
        self.guesses = Guesses(graph.edges)

    def precedes(self, earlier: str, phase: str) -> bool:
        """Return whether *earlier* is done, or may be, when *phase* is carried out."""
        if not self._graph.is_graph or earlier == phase or earlier in self._graph.needed[phase]:
            return True
        if phase not in self._before:
            self._before[phase] = frozenset(reachable(self._graph.needed, self._graph.needed[phase]))
        return earlier in self._before[phase]


def _texts(phase: Phase, place: Place) -> Iterator[_Text]:
    """Return the texts of *phase* that are templates or expressions."""
    if phase.when is not None:
        yield _Text((*place, "when"), phase.when, expression=True)
    if phase.for_each is not None and isinstance(phase.for_each.items, str):
        yield _Text((*place, "for_each", "items"), phase.for_each.items, expression=True)
    if phase.on_reject is not None:
        for name in ("when", "issues"):
            written = getattr(phase.on_reject, name)
            if written is not None:
                yield _Text((*place, "on_reject", name), written, expression=True, roots=_JUDGING)
    for name in ("prompt", "system", "show", "input", "command"):
        yield from _templates(getattr(phase, name), (*place, name))
    if phase.compensate is not None:
        for name in ("prompt", "command"):
            yield from _templates(getattr(phase.compensate, name), (*place, "compensate", name))


def _templates(value: Any, place: Place) -> Iterator[_Text]:
    """Return the templates in a JSON value."""
    if isinstance(value, str):
        if "{" in value:
            yield _Text(place, value)
    elif isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from _templates(inner, (*place, str(key)))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            yield from _templates(inner, (*place, position))


def _check(text: _Text, phase: Phase, spec: WorkflowSpec, upstream: _Upstream) -> Iterator[Problem]:
    from workflow_engine.spec.templates import check_expression, check_template, is_template, references

    if not text.expression and not is_template(text.text):
        return
    fault = check_expression(text.text) if text.expression else check_template(text.text)
    if fault is not None:
        fact = f"{text.place[2]} of phase {phase.id!r}: {fault.fact}"
        yield Problem(text.place, fact, within=(fault.line, fault.column))
        return
    for path in references(text.text, expression=text.expression):
        why = _unreadable(path, text, phase, spec, upstream)
        if why is not None:
            yield Problem(text.place, f"{text.place[2]} of phase {phase.id!r} reads {'.'.join(path)!r}: {why}")


def _unreadable(
    path: tuple[str, ...], text: _Text, phase: Phase, spec: WorkflowSpec, upstream: _Upstream
) -> str | None:
    """Return what is wrong with a path that a text reads, or None."""
    root = path[0]
    if root not in text.roots:
        return f"there is no {root!r} here; there are {listed(text.roots)}{did_you_mean(root, text.roots)}"
    if root in ("phases", "steps") and len(path) > 1:
        return _unknown_phase(path, phase, upstream)
    if root in ("item", "index") and phase.for_each is None:
        return f"{root} is known in a phase with for_each only"
    if root == "inputs" and len(path) > 1 and spec.inputs is not None:
        return _undeclared(path[1], spec.inputs)
    return None


def _unknown_phase(path: tuple[str, ...], phase: Phase, upstream: _Upstream) -> str | None:
    name = path[1]
    if name not in upstream.known:
        guess = upstream.guesses(name)
        return f"there is no phase {name!r}; the phases are {listed(upstream.known)}{guess}"
    if not upstream.precedes(name, phase.id):
        return f"phase {name!r} is not sure to be done by then; add it to depends_on of {phase.id!r}"
    if path[0] == "phases" and len(path) > 2 and path[2] != "output":
        return f"a phase has an output and nothing else here; write phases.{name}.output"
    return None


def _undeclared(name: str, inputs: dict[str, Any]) -> str | None:
    declared = inputs.get("properties")
    if not isinstance(declared, dict) or name in declared or inputs.get("additionalProperties") not in (None, False):
        return None
    known = [str(key) for key in declared]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return f"inputs declares no {name!r}; declare it under inputs.properties{did_you_mean(name, known)}"
