"""What a drawing of a workflow shows: its phases as nodes, what may follow what as edges."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from workflow_engine.spec.graph import Graph
from workflow_engine.spec.model import Phase, TaskType, WorkflowSpec


class NodeKind(StrEnum):
    """What carries a phase out; it decides the shape and the icon."""

    HUMAN = "human"
    AGENTIC = "agentic"
    FUNCTIONAL = "functional"
    PROGRAM = "program"
    GATE = "gate"
    TIMER = "timer"
    WORKFLOW = "workflow"
    TRANSFORM = "transform"
    CUSTOM = "custom"
    OPEN = "open"  # the task says


class EdgeKind(StrEnum):
    """Why one phase may come after another."""

    FORWARD = "forward"
    CHOICE = "choice"  # one of several, picked when the source completes
    FEEDBACK = "feedback"  # the source rejected what the target did


class Node(msgspec.Struct, frozen=True):
    """A phase.

    Attributes:
        id: of the phase.
        label: what the node is called.
        kind: what carries it out.
        word: the kind in a word for people; the name of the task type for a custom one.
        notes: what else a reader should know, each a few words.
        many: whether it is carried out once for each item of a list.
    """

    id: str
    label: str
    kind: NodeKind
    word: str
    notes: tuple[str, ...] = ()
    many: bool = False


class Edge(msgspec.Struct, frozen=True):
    """A way from one phase to another; *source* and *target* are ids of nodes."""

    source: str
    target: str
    kind: EdgeKind
    label: str = ""


class Picture(msgspec.Struct, frozen=True):
    """A workflow, ready to be drawn.

    Attributes:
        name: of the workflow.
        nodes: in the order the phases were written.
        edges: those that lead on first, in the order of their sources; then those that lead back.
        starts: ids of the nodes a task begins with.
        ends: ids of the nodes after which nothing follows.
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    starts: tuple[str, ...]
    ends: tuple[str, ...]


def picture(spec: WorkflowSpec) -> Picture:
    """Return what a drawing of *spec* shows."""
    graph = Graph(spec)
    return Picture(
        spec.name,
        tuple(_node(phase) for phase in spec.phases),
        (*_onward(spec, graph), *_back(spec, graph)),
        tuple(phase.id for phase in spec.phases if not graph.needed[phase.id])
        if graph.is_graph
        else (spec.phases[0].id,),
        graph.sinks,
    )


def period(seconds: float) -> str:
    """Return a duration as its two largest units: ``1 d 6 h``, ``90 s`` as ``1 min 30 s``, ``0.5 s``."""
    if seconds < 60:
        return f"{seconds:g} s"
    parts: list[str] = []
    rest = round(seconds)
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

_WORDS: Final = {
    NodeKind.HUMAN: "person",
    NodeKind.AGENTIC: "agent",
    NodeKind.FUNCTIONAL: "function",
    NodeKind.OPEN: "handler",
}
"""Where the word for people is not the name of the kind."""


def _node(phase: Phase) -> Node:
    kind = _kind(phase)
    word = phase.assigned_to or kind if kind is NodeKind.CUSTOM else _WORDS.get(kind, kind.value)
    return Node(phase.id, phase.id, kind, str(word), tuple(_notes(phase)), phase.for_each is not None)


def _kind(phase: Phase) -> NodeKind:
    if phase.gate is not None:
        return NodeKind.GATE
    by = phase.carried_out_by
    if by is None:
        return NodeKind.PROGRAM if phase.command else NodeKind.OPEN
    if by == TaskType.FUNCTIONAL and phase.command:
        return NodeKind.PROGRAM
    return NodeKind(by) if by in _CARRIERS else NodeKind.CUSTOM


_CARRIERS: Final = {*TaskType, NodeKind.WORKFLOW, NodeKind.TIMER, NodeKind.TRANSFORM}


def _notes(phase: Phase) -> Iterator[str]:
    if phase.gate is not None:
        yield f"{phase.gate.require} of {len(phase.gate.of)}"
    if phase.workflow is not None:
        yield phase.workflow
    if phase.wait is not None:
        yield f"waits {period(phase.wait)}"
    if phase.transform is not None:
        yield phase.transform
    if phase.for_each is not None:
        yield _items(phase.for_each.items)
    if phase.when is not None:
        yield f"when {_bare(phase.when)}"
    if phase.due is not None:
        yield f"due in {period(phase.due)}"
    if phase.compensate is not None:
        yield "can be undone"


def _items(items: object) -> str:
    return f"for each of {_bare(items)}" if isinstance(items, str) else "for each item"


def _bare(expression: str) -> str:
    """Return *expression* on one line, without the braces of a template that is nothing else."""
    line = " ".join(expression.split())
    braced = re.fullmatch(r"\{\{(.*)\}\}", line)
    return braced[1].strip() if braced and "{{" not in braced[1] else line


def _onward(spec: WorkflowSpec, graph: Graph) -> Iterator[Edge]:
    for phase in spec.phases:
        choices = graph.choices.get(phase.id, ())
        written = {found: name for name in phase.next_classifications or () for found in graph.resolve(name)}
        for target in dict.fromkeys(graph.edges[phase.id]):
            if len(choices) > 1 and target in choices:
                label = written[target]
                yield Edge(phase.id, target, EdgeKind.CHOICE, "" if label == target else label)
            else:
                yield Edge(phase.id, target, EdgeKind.FORWARD)


def _back(spec: WorkflowSpec, graph: Graph) -> Iterator[Edge]:
    for phase in spec.phases:
        if phase.on_reject is not None:
            times = phase.on_reject.max_attempts
            label = "at most once" if times == 1 else f"at most {times} times"
            then = ", then a person decides" if phase.on_reject.then == "human" else ""
            for target in graph.resolve(phase.on_reject.target)[:1]:
                yield Edge(phase.id, target, EdgeKind.FEEDBACK, label + then)
