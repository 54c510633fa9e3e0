"""Which phases follow which: what the checks and the core ask of a workflow's shape.

Names that are no phases are left out here; `workflow_engine.spec.checking` reports them.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

from workflow_engine.spec.model import Phase, WorkflowSpec

Edges = Mapping[str, tuple[str, ...]]
"""Ids of phases by the id of a phase."""


class Graph:
    """The shape of a workflow.

    A workflow in which a phase has ``depends_on`` is a graph: phases start when what they need is done.  Any other is a
    sequence: one phase at a time, which may choose the next.

    Attributes:
        is_graph: which of the two it is.
        needed: in a graph, what has to be done before each phase.
        dependants: in a graph, the phases that need each phase, in the order they were written.
        choices: the phases that each phase may choose from, the default one first; in a graph only of those that have
            ``next_classifications``, in a sequence of all: empty where the task ends.
    """

    def __init__(self, spec: WorkflowSpec) -> None:
        self.is_graph = spec.is_graph
        self._phases = {phase.id: phase for phase in spec.phases}
        self._by_classification: dict[str, list[str]] = {}
        for phase in spec.phases:
            self._by_classification.setdefault(phase.target_classification, []).append(phase.id)
        self.needed: dict[str, tuple[str, ...]] = {}
        self.dependants: dict[str, tuple[str, ...]] = {}
        self.choices: dict[str, tuple[str, ...]] = {}
        if self.is_graph:
            self._connect(spec)
        else:
            self._line_up(spec)

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return the ids of the phases that *name* may mean: the one with this id, else those so classified."""
        return (name,) if name in self._phases else tuple(self._by_classification.get(name, ()))

    @cached_property
    def edges(self) -> Edges:
        """The phases that may come next after each phase, feedback left out."""
        return self.dependants if self.is_graph else self.choices

    @cached_property
    def sinks(self) -> tuple[str, ...]:
        """The phases that none depends on, in the order they were written."""
        return tuple(phase for phase in self._phases if not self.edges[phase])

    def downstream(self, phase: str) -> tuple[str, ...]:
        """Return all phases that come after *phase*, directly or not; itself only where there is a way back."""
        return reachable(self.edges, self.edges[phase])

    def _connect(self, spec: WorkflowSpec) -> None:
        dependants: dict[str, list[str]] = {phase: [] for phase in self._phases}
        for phase in spec.phases:
            needed = tuple(dict.fromkeys(name for name in phase.needed if name in self._phases))
            self.needed[phase.id] = needed
            for name in needed:
                dependants[name].append(phase.id)
        self.dependants = {phase: tuple(listed) for phase, listed in dependants.items()}
        for phase in spec.phases:
            if phase.next_classifications is not None:
                self.choices[phase.id] = self._chosen(phase)

    def _line_up(self, spec: WorkflowSpec) -> None:
        routed = any(phase.next_classifications is not None for phase in spec.phases)
        for index, phase in enumerate(spec.phases):
            if routed:
                self.choices[phase.id] = self._chosen(phase)
            else:
                self.choices[phase.id] = tuple(other.id for other in spec.phases[index + 1 : index + 2])

    def _chosen(self, phase: Phase) -> tuple[str, ...]:
        found = [self.resolve(name) for name in phase.next_classifications or ()]
        return tuple(ids[0] for ids in found if len(ids) == 1)


def follow(spec: WorkflowSpec) -> Edges:
    """Return for each phase the phases that may come next, feedback left out."""
    return Graph(spec).edges


def reachable(edges: Edges, starts: Iterable[str]) -> tuple[str, ...]:
    """Return *starts* and everything that can be reached from them, in the order it is found."""
    found = dict.fromkeys(starts)
    waiting = list(found)
    for phase in waiting:
        for other in edges[phase]:
            if other not in found:
                found[other] = None
                waiting.append(other)
    return tuple(found)


def cycle(edges: Edges) -> tuple[str, ...]:
    """Return the phases of a cycle, the first of them again at the end; empty where there is none."""
    done: set[str] = set()
    for start in edges:
        path: dict[str, int] = {}
        stack = [(start, iter(edges[start]))] if start not in done else []
        if stack:
            path[start] = 0
        while stack:
            phase, following = stack[-1]
            other = next((name for name in following if name not in done), None)
            if other is None:
                done.add(phase)
                del path[phase]
                stack.pop()
            elif other in path:
                return (*list(path)[path[other] :], other)
            else:
                path[other] = len(path)
                stack.append((other, iter(edges[other])))
    return ()
