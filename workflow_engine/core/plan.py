"""A definition, compiled for the core: what the systems ask of a workflow, answered in one look-up."""

import math
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.lanes import LaneKey
from workflow_engine.spec.graph import Graph
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import Budget, Compensation, RetryPolicy, StateMachine, ToolDeclaration

UNDO: Final = ":compensate"
"""What the id of the phase that undoes another has behind the other's."""


class Place(msgspec.Struct, frozen=True):
    """Who carries a run out, and where it queues.

    Attributes:
        adapter: name of the task type.
        lane: key of the lane.
    """

    adapter: str
    lane: LaneKey


class PhasePlan(msgspec.Struct, frozen=True):
    """What the core needs to know of one phase.

    Attributes:
        spec: the phase as it was written, with the defaults of its workflow.
        following: ids of the phases that may follow, the default one first; empty where the task ends here, and in a
            graph where the phase chooses none.
        retry: the policy that holds here.
        timeout: seconds that one attempt may take, or None.
        reviews: whether the output is a verdict on the work of others.
        returns: whether its work can be handed back, by a phase that reviews it or since its output has a schema.
        dynamic: whether it has conditions, templates or a list that are evaluated for each task.
        undoes: whether it compensates another.
        needed: in a graph, the phases that have to be done first.
        dependants: in a graph, the phases that need this one.
        budget: what the models of the workflow's tasks may cost, or None.
        tools: what the workflow declares for its agentic phases.
    """

    spec: Phase
    following: tuple[str, ...]
    retry: RetryPolicy
    timeout: float | None
    _places: dict[str | None, Place]
    reviews: bool = False
    returns: bool = False
    dynamic: bool = False
    undoes: bool = False
    needed: tuple[str, ...] = ()
    dependants: tuple[str, ...] = ()
    budget: Budget | None = None
    tools: tuple[ToolDeclaration, ...] = ()

    @property
    def picks(self) -> tuple[str, ...]:
        """What may be picked, as the author wrote it; empty where there is no choice."""
        names = self.spec.next_classifications or ()
        return names if len(names) > 1 else ()

    def place(self, assigned_to: str | None) -> Place:
        """Return who carries the phase out for a task that asks for *assigned_to*, and where a ready run queues."""
        found = self._places.get(assigned_to)
        if found is None:
            adapter = self.spec.carried_out_by or assigned_to or "functional"
            # Programs have a pool of their own: a thousand waiting coroutines are fine, a thousand processes are not.
            pool = "process" if self.spec.command and adapter == "functional" else adapter
            found = self._places[assigned_to] = Place(adapter, LaneKey(pool, self.spec.target_classification))
        return found

    def pick(self, name: str | None) -> str | None:
        """Return the id of the phase to follow when *name* was picked, None where the task ends.

        Raises:
            ValueError: *name* is not among the phases that may follow.
        """
        if name is None:
            return self.following[0] if self.following else None
        names = self.spec.next_classifications or self.following
        for written, phase in zip(names, self.following, strict=False):
            if name in (written, phase):
                return phase
        allowed = ", ".join(names) or "none: the task ends here"
        raise ValueError(
            f"phase {self.spec.id!r} picked {name!r}, which is not among its next classifications ({allowed})"
        )


class Plan:
    """A compiled workflow.

    Attributes:
        name: of the workflow.
        phases: by id, in the order they were written; those that undo others behind them.
        first: id of the phase a task begins with, in a sequence.
        graph: how the phases hang together.
        is_graph: whether they start when what they need is done, several at once.
        max_concurrency: most phases of a task under way at once, or None.
        states: the stages of its tasks, or None.
        budget: what the models of its tasks may cost, or None.
        undoable: ids of the phases that can be compensated.
        order: position of each phase among those that were written.
        giving: in a graph, the phases whose outputs are what a task gives.
    """

    def __init__(self, spec: WorkflowSpec) -> None:
        self.name = spec.name
        self.graph = Graph(spec)
        self.is_graph = self.graph.is_graph
        self.first = spec.phases[0].id
        self.max_concurrency = spec.max_concurrency
        self.states: StateMachine | None = spec.states
        self.budget: Budget | None = spec.budget
        self.order = {phase.id: position for position, phase in enumerate(spec.phases)}
        self.undoable = frozenset(phase.id for phase in spec.phases if phase.compensate is not None)
        judged = frozenset(name for phase in spec.phases if phase.gate is not None for name in phase.gate.of)
        targets = frozenset(phase.on_reject.target for phase in spec.phases if phase.on_reject is not None)
        written = [with_defaults(phase, spec) for phase in spec.phases]
        undoing = [_undo(phase.id, phase.compensate) for phase in spec.phases if phase.compensate is not None]
        self.phases = {
            phase.id: self._phase(
                phase,
                spec,
                reviews=phase.on_reject is not None or phase.id in judged,
                returns=phase.id in targets or phase.output is not None or bool(phase.outputs),
            )
            for phase in (*written, *undoing)
        }

        self.giving = tuple(dict.fromkeys(name for sink in self.graph.sinks for name in self._given_by(sink)))

    def _given_by(self, sink: str) -> tuple[str, ...]:
        """Return the phases whose outputs an end of the graph gives: of a gate, those that its reviewers looked at."""
        gate = self.phases[sink].spec.gate
        if gate is None:
            return (sink,)
        reviewed = (name for reviewer in gate.of for name in self.phases[reviewer].needed if name not in gate.of)
        return tuple(dict.fromkeys(reviewed)) or (sink,)

    @classmethod
    def stored(cls, spec: bytes) -> "Plan":
        """Compile a definition from the journal."""
        return cls(WorkflowSpec.from_stored(spec))

    def _phase(self, phase: Phase, spec: WorkflowSpec, *, reviews: bool, returns: bool) -> PhasePlan:
        graph = self.graph
        return PhasePlan(
            phase,
            graph.choices.get(phase.id, ()),
            phase.retry or spec.defaults.retry,
            phase.timeout,
            {},
            reviews,
            returns,
            is_dynamic(phase),
            phase.id.endswith(UNDO),
            graph.needed.get(phase.id, ()),
            graph.dependants.get(phase.id, ()),
            spec.budget,
            spec.tools,
        )


def with_defaults(phase: Phase, spec: WorkflowSpec) -> Phase:
    """Return *phase* with what its workflow says of phases of its type, where it does not say so itself."""
    given = getattr(spec.defaults, phase.carried_out_by or "functional", None)
    if given is None:
        return phase
    missing = {name: value for name, value in given if value is not None and name not in phase.model_fields_set}
    return phase.model_copy(update=missing) if missing else phase


def is_dynamic(phase: Phase) -> bool:
    """Return whether something of *phase* is evaluated for each task."""
    if phase.when is not None or phase.for_each is not None:
        return True
    texts = (phase.prompt, phase.system, phase.show, phase.input, phase.command)
    return any(_has_template(text) for text in texts)


def _has_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value or "{%" in value or "{#" in value
    if isinstance(value, Mapping):
        return any(_has_template(inner) for inner in value.values())  # pyright: ignore[reportUnknownVariableType] - JSON
    return isinstance(value, list | tuple) and any(_has_template(inner) for inner in value)  # pyright: ignore[reportUnknownVariableType] - JSON


def _undo(phase: str, compensation: Compensation) -> Phase:
    """Return the phase that compensates *phase*."""
    said = {name: value for name, value in compensation if value is not None}
    return Phase.model_validate({**said, "id": phase + UNDO})


def pause(policy: RetryPolicy, attempt: int, key: str) -> float:
    """Return the seconds to wait after *attempt* (from 1) failed.

    The jitter is drawn from *key*, the attempt's idempotency key: it spreads tasks, and a replay finds the same.
    """
    exponent = min(attempt - 1, math.ceil(math.log(1e9, max(policy.multiplier, 1.001))))
    longest = min(policy.max, policy.initial * policy.multiplier**exponent)
    if not policy.jitter:
        return longest
    return longest * (0.5 + zlib.crc32(key.encode()) / 2**33)
