"""The shape of a workflow: names that mean something, no cycles, nothing unreachable, every loop bounded."""

from collections import Counter
from collections.abc import Container, Iterator

from workflow_engine.spec.graph import Graph, cycle, reachable
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.problems import Guesses, Place, Problem, did_you_mean, listed

_ALONE = ("gate", "workflow", "wait", "transform", "command")
"""Fields of which a phase has one at most: each says how the phase is carried out."""


def shape_problems(spec: WorkflowSpec) -> Iterator[Problem]:
    """Return what is wrong with how the phases of *spec* hang together."""
    yield from _duplicates(spec)
    graph = Graph(spec)
    guesses = Guesses(graph.edges)
    fan_outs = {phase.id for phase in spec.phases if phase.for_each is not None}
    for index, phase in enumerate(spec.phases):
        place: Place = ("phases", index)
        yield from _kinds(phase, place)
        yield from _depends_on(phase, place, graph, guesses)
        yield from _choices(phase, place, graph, guesses)
        yield from _gate(phase, place, graph, fan_outs, guesses)
    if graph.is_graph:
        yield from _cycles(spec, graph)
    else:
        yield from _unreached(spec, graph)
    if not (graph.is_graph and cycle(graph.dependants)):
        gates = {phase.id for phase in spec.phases if phase.gate is not None}
        for index, phase in enumerate(spec.phases):
            yield from _feedback(phase, ("phases", index), graph, gates, guesses)
    yield from _stages(spec)


def _duplicates(spec: WorkflowSpec) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, phase in enumerate(spec.phases):
        if phase.id in seen:
            fact = f"two phases have the id {phase.id!r}; give each its own"
            yield Problem(("phases", index, "id"), fact)
        seen.setdefault(phase.id, index)
        if phase.id.endswith(":compensate"):
            yield Problem(("phases", index, "id"), f"{phase.id!r}: ids that end in ':compensate' are the engine's own")


def _kinds(phase: Phase, place: Place) -> Iterator[Problem]:
    has = [name for name in _ALONE if getattr(phase, name) is not None]
    for name in has[1:]:
        fact = f"phase {phase.id!r} has {has[0]} and {name}, and can be carried out in one way only"
        yield Problem((*place, name), f"{fact}; make two phases of it", at_key=True)
    if has and has[0] != "command" and phase.assigned_to is not None:
        fact = f"phase {phase.id!r} has {has[0]}, which the engine does by itself; remove assigned_to"
        yield Problem((*place, "assigned_to"), fact, at_key=True)
    if phase.command is not None and phase.assigned_to not in (None, "functional"):
        fact = f"phase {phase.id!r} has a command, which only functional phases run; remove one of the two"
        yield Problem((*place, "command"), fact, at_key=True)
    if phase.transform == "template" and phase.prompt is None:
        fact = f"phase {phase.id!r} renders a template, and has none; write it as its prompt"
        yield Problem((*place, "transform"), fact)
    if phase.wait is not None and phase.timeout is not None:
        fact = f"phase {phase.id!r} waits, which takes as long as it says; remove the timeout"
        yield Problem((*place, "timeout"), fact, at_key=True)
    if phase.gate is not None:
        for name in ("for_each", "compensate", "output", "outputs", "form", "prompt", "input", "next_classifications"):
            if getattr(phase, name):
                yield Problem((*place, name), f"phase {phase.id!r} is a gate, which has no {name}", at_key=True)
    if phase.for_each is not None:
        for name in ("on_reject", "next_classifications"):
            if getattr(phase, name):
                fact = f"phase {phase.id!r} is a fan-out, which has no {name}; give it to a phase after it"
                yield Problem((*place, name), fact, at_key=True)


def _depends_on(phase: Phase, place: Place, graph: Graph, guesses: Guesses) -> Iterator[Problem]:
    for position, name in enumerate(phase.depends_on or ()):
        where = (*place, "depends_on", position)
        if name == phase.id:
            yield Problem(where, f"phase {phase.id!r} depends on itself; remove that")
        elif name not in graph.edges:
            yield Problem(where, _unknown("depends_on", phase, name, graph, guesses))


def _choices(phase: Phase, place: Place, graph: Graph, guesses: Guesses) -> Iterator[Problem]:
    for position, name in enumerate(phase.next_classifications or ()):
        where = (*place, "next_classifications", position)
        meant = graph.resolve(name)
        if not meant:
            yield Problem(where, _unknown("next_classifications", phase, name, graph, guesses))
        elif len(meant) > 1:
            fact = f"next_classifications of phase {phase.id!r}: {name!r} means several phases ({listed(meant)})"
            yield Problem(where, f"{fact}; write an id")
        elif graph.is_graph and phase.id not in graph.needed["".join(meant)]:
            fact = (
                f"next_classifications of phase {phase.id!r}: {name!r} does not depend on it; "
                f"add depends_on: [{phase.id}] to it, since this workflow is a graph"
            )
            yield Problem(where, fact)


def _gate(phase: Phase, place: Place, graph: Graph, fan_outs: Container[str], guesses: Guesses) -> Iterator[Problem]:
    gate = phase.gate
    if gate is None:
        return
    for position, name in enumerate(gate.of):
        where = (*place, "gate", "of", position)
        if name not in graph.edges:
            yield Problem(where, _unknown("gate", phase, name, graph, guesses))
        elif name == phase.id:
            yield Problem(where, f"gate {phase.id!r} is over itself; name the phases that review")
        elif name in fan_outs:
            yield Problem(where, f"gate {phase.id!r}: phase {name!r} is a fan-out, which gives no verdict")
    most = len(set(gate.of))
    if isinstance(gate.require, int) and gate.require > most:
        fact = f"gate {phase.id!r} requires {gate.require} of {most} phases, which never happens"
        yield Problem((*place, "gate", "require"), f"{fact}; require at most {most}")


def _cycles(spec: WorkflowSpec, graph: Graph) -> Iterator[Problem]:
    found = cycle(graph.dependants)
    if found:
        index = [phase.id for phase in spec.phases].index(found[0])
        path = " -> ".join(found)
        fact = f"depends_on goes in a circle: {path}; remove one of these, and send work back with on_reject"
        yield Problem(("phases", index, "depends_on"), fact)


def _unreached(spec: WorkflowSpec, graph: Graph) -> Iterator[Problem]:
    reached = set(reachable(graph.choices, [spec.phases[0].id]))
    for index, phase in enumerate(spec.phases):
        if phase.id not in reached:
            fact = f"phase {phase.id!r} is never reached; name it in the next_classifications of another phase"
            yield Problem(("phases", index, "id"), fact)


def _feedback(phase: Phase, place: Place, graph: Graph, gates: Container[str], guesses: Guesses) -> Iterator[Problem]:
    if phase.on_reject is None:
        return
    target, where = phase.on_reject.target, (*place, "on_reject", "target")
    if target not in graph.edges:
        yield Problem(where, _unknown("on_reject", phase, target, graph, guesses))
    elif target in gates:
        fact = f"on_reject of phase {phase.id!r}: {target!r} is a gate, which does no work that could be done again"
        yield Problem(where, f"{fact}; name the phase whose work is reviewed")
    elif target != phase.id and phase.id not in graph.downstream(target):
        fact = f"on_reject of phase {phase.id!r}: {target!r} does not lead to it, so it would not be reviewed again"
        yield Problem(where, f"{fact}; name a phase that comes before")


def _stages(spec: WorkflowSpec) -> Iterator[Problem]:
    machine = spec.states
    known: Counter[str] = Counter()
    if machine is not None:
        known.update((machine.initial, *machine.terminal, *machine.stages))
        for stage, following in (machine.transitions or {}).items():
            known.update((stage, *following))
        for position, stage in enumerate(machine.terminal):
            if (machine.transitions or {}).get(stage):
                fact = f"stage {stage!r} is terminal, and has transitions; remove one of the two"
                yield Problem(("states", "terminal", position), fact)
    for index, phase in enumerate(spec.phases):
        for name, stage in (phase.stages.model_dump(exclude_none=True) if phase.stages is not None else {}).items():
            where = ("phases", index, "stages", name)
            if machine is None:
                fact = f"phase {phase.id!r} moves its task to stage {stage!r}, and the workflow has no states"
                yield Problem(where, f"{fact}; declare them, or remove it")
            elif (machine.transitions is not None or machine.stages) and stage not in known:
                fact = f"stage {stage!r} is not among the states of the workflow; known are {listed(known)}"
                yield Problem(where, fact + did_you_mean(stage, known))


def _unknown(field: str, phase: Phase, name: str, graph: Graph, guesses: Guesses) -> str:
    fact = f"{field} of phase {phase.id!r} names {name!r}, which is no phase of this workflow"
    return f"{fact}; its phases are {listed(graph.edges)}{guesses(name)}"
