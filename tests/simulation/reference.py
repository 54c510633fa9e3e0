"""The reference: how a random case has to end, found in the plainest way: one phase after the other, from the top."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tests.simulation.random_workflows import ATTEMPTS, DATA, Act, Case
from workflow_engine.spec.graph import Graph
from workflow_engine.spec.model import Phase, WorkflowSpec

DONE: Final = ("completed", "skipped", "unchosen")
ANY: Final = "any"
"""Stands for an output that depends on what happened first."""


@dataclass
class Entry:
    """Where a phase stands.

    Attributes:
        outcome: as in `PhaseProgress`; "" where it has not ended.
        output: what it gave.
        visits: how often it was begun.
        rejects: whether it objects to what it reviewed.
        rejections: how often it has sent work back.
        chose: what it chose, or None.
    """

    outcome: str = ""
    output: Any = None
    visits: int = 0
    rejects: bool = False
    rejections: int = 0
    chose: str | None = None

    @property
    def done(self) -> bool:
        """Whether what depends on the phase may go on."""
        return self.outcome in DONE


@dataclass
class Expected:
    """How a task ends.

    Attributes:
        errors: classes of the errors of which one makes it fail; none where it completes.
        entries: where each phase stands in the end.
        output: what it gives.
    """

    errors: set[str]
    entries: dict[str, Entry]
    output: Any = None

    @property
    def state(self) -> str:
        """Where the task stands in the end."""
        return "failed" if self.errors else "completed"


def digest(outputs: Mapping[str, Any]) -> int:
    """Return a number that differs where these outputs do."""
    return zlib.crc32(msgspec.json.encode({name: outputs[name] for name in sorted(outputs)}, order="sorted"))


def value_of(
    phase: str, act: Act, needed: Mapping[str, Any], visit: int | None, context: Any = None, rounds: int = 0
) -> dict[str, Any]:
    """Return what the handler of a phase gives where nothing goes wrong.

    Args:
        phase: its id.
        act: what it does.
        needed: outputs of the phases that it looks at, by id.
        visit: which visit this is, where others look at that.
        context: what the tasks that it forked have left.
        rounds: how often the work was done that it reviews.
    """
    passed = not 1 <= rounds <= act.rejects
    return {
        "phase": phase, "number": act.number, "of": digest(needed), "visit": visit, "context": context, "passed": passed
    }  # fmt: skip


def expected(case: Case) -> Expected:
    """Return how the task of a case ends."""
    return _Interpreter(case, case.spec, DATA).run()


class _Interpreter:
    def __init__(self, case: Case, spec: WorkflowSpec, data: Any) -> None:
        self._case = case
        self._spec = spec
        self._graph = Graph(spec)
        self._data = data
        self._phases = {phase.id: phase for phase in spec.phases}
        self._found = Expected(set(), {phase.id: Entry() for phase in spec.phases})
        self._entries = self._found.entries
        self._targets = {act.rounds for act in case.acts.values()}

    def run(self) -> Expected:
        if self._graph.is_graph:
            while any(self._step(phase) for phase in self._spec.phases):
                pass
            self._found.output = self._result()
        else:
            self._walk()
        return self._found

    def _result(self) -> Any:
        sinks = {name: self._entries[name] for name in self._graph.sinks}
        outputs = {name: entry.output if entry.outcome == "completed" else None for name, entry in sinks.items()}
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    # ------------------------------------------------------------ a sequence

    def _walk(self) -> None:
        names = list(self._phases)
        position = 0
        while position < len(names) and not self._found.errors:
            phase = self._phases[names[position]]
            target = self._carry_out(phase)
            position = position + 1 if target is None else names.index(target)
        given = [entry.output for entry in self._entries.values() if entry.outcome == "completed"]
        self._found.output = given[-1] if given else None

    # ------------------------------------------------------------ a graph

    def _step(self, phase: Phase) -> bool:
        """Do what can be done about a phase; return whether something was."""
        entry = self._entries[phase.id]
        if entry.outcome in (*DONE, "failed"):
            return False
        if self._is_unchosen(phase):
            entry.outcome, entry.output = "unchosen", None
            return True
        needed = phase.needed if phase.gate is None else phase.depends_on or ()
        if not all(self._entries[name].done for name in needed) or (
            phase.gate is not None and not self._is_certain(phase)
        ):
            return False
        target = self._decide(phase) if phase.gate is not None else self._carry_out(phase)
        if target is not None:
            for name in (target, *self._graph.downstream(target)):
                if self._entries[name].done:
                    self._entries[name].outcome = ""
        return True

    def _is_unchosen(self, phase: Phase) -> bool:
        needed = [(self._phases[name], self._entries[name]) for name in phase.needed]
        if not all(entry.done for _, entry in needed):
            return False
        for other, entry in needed:
            chooses = phase.id in (other.next_classifications or ())
            if chooses and entry.outcome != "unchosen" and entry.chose != phase.id:
                return True
        return bool(needed) and all(entry.outcome == "unchosen" for _, entry in needed)

    def _votes(self, gate: Phase) -> tuple[int, int, int]:
        """Return how many reviewers have passed what they reviewed, how many are to come, how many have to pass."""
        assert gate.gate is not None
        entries = [self._entries[name] for name in gate.gate.of]
        passes = sum(entry.outcome == "completed" and not entry.rejects for entry in entries)
        open_ = sum(not entry.done for entry in entries)
        counting = open_ + sum(entry.outcome == "completed" for entry in entries)
        require = gate.gate.require
        return passes, open_, counting if require == "all" else min(1 if require == "any" else require, counting)

    def _is_certain(self, gate: Phase) -> bool:
        passes, open_, required = self._votes(gate)
        return passes >= required or passes + open_ < required

    def _decide(self, gate: Phase) -> str | None:
        passes, _, required = self._votes(gate)
        self._entries[gate.id].visits += 1
        return self._conclude(gate, ANY, rejects=passes < required)

    # ------------------------------------------------------------ a phase

    def _carry_out(self, phase: Phase) -> str | None:
        """Carry a phase out; return the phase to go back to, or None."""
        entry, act = self._entries[phase.id], self._case.acts[phase.id]
        entry.visits += 1
        entry.chose = self._choice(act)
        if phase.when == "inputs.limit > 7":
            entry.outcome, entry.output, entry.rejects = "skipped", None, False
            entry.chose = act.options[0] if act.options else None
            return None
        error, output = self._perform(phase, act)
        if error is not None:
            entry.outcome = "failed"
            self._found.errors.add(error)
            return None
        rejects = 1 <= self._round(act) <= act.rejects
        if phase.on_reject is None:
            entry.outcome, entry.output, entry.rejects = "completed", output, rejects
            return None
        return self._conclude(phase, output, rejects=rejects)

    def _choice(self, act: Act) -> str | None:
        if not act.options:
            return None
        return act.options[(act.number + self._round(act)) % len(act.options)]

    def _round(self, act: Act) -> int:
        """Return how often the work was done that a phase looks at; 0 where it was not."""
        entry = self._entries.get(act.rounds or "")
        return entry.visits if entry is not None and entry.outcome == "completed" else 0

    def _conclude(self, phase: Phase, output: Any, *, rejects: bool) -> str | None:
        """End a phase or gate that reviews; return the phase to go back to, or None."""
        entry, act = self._entries[phase.id], self._case.acts[phase.id]
        entry.output, policy = output, phase.on_reject
        if not rejects:
            entry.outcome = "completed"
            return None
        entry.rejections += 1
        if policy is not None and entry.rejections <= policy.max_attempts:
            return policy.target
        if policy is not None and policy.then == "human":
            if act.ruling == "revise":
                return policy.target
            if act.ruling == "accept":
                entry.rejections -= 1  # what is accepted was not sent back
                entry.outcome = "completed"
                return None
        entry.outcome = "failed"
        self._found.errors.add("Rejected")
        return None

    def _perform(self, phase: Phase, act: Act) -> tuple[str | None, Any]:
        """Return the error that a phase fails with for good, or what it gives."""
        if phase.wait is not None:
            return None, None
        if phase.workflow is not None:
            child = _Interpreter(self._case, self._case.children[phase.workflow], self._data).run()
            return ("ForkedTaskFailed" if child.errors else None), child.output
        if phase.for_each is not None:
            return self._items(phase, act)
        if act.transient >= ATTEMPTS:
            return "TransientFailure", None
        if act.unfit >= 2:
            return "OutputRefused", None
        if act.permanent:
            return "PermanentFailure", None
        context: dict[str, int] = {}
        for name, value in act.forks:
            if context.setdefault(name, value) != value:
                return "MergeConflict", None
        visit = self._entries[phase.id].visits if phase.id in self._targets else None
        needed = {name: self._entries[name].output for name in seen(phase, self._phases)}
        needed = {name: output for name, output in needed.items() if self._entries[name].outcome == "completed"}
        return None, value_of(phase.id, act, needed, visit, context or None, self._round(act))

    def _items(self, phase: Phase, act: Act) -> tuple[str | None, Any]:
        assert phase.for_each is not None
        items = {"inputs.items[:0]": 0, "inputs.items": 5, "inputs.items[:2]": 2}
        outputs: list[Any] = []
        for position, item in enumerate(self._data["items"][: items[str(phase.for_each.items)]]):
            if position not in act.bad_items:
                outputs.append({"phase": phase.id, "item": item, "index": position})
            elif phase.for_each.on_item_failure == "fail":
                return "PermanentFailure", None
            else:
                outputs.append({"error": "PermanentFailure", "message": f"item {position} is bad"})
        return None, outputs


def seen(phase: Phase, phases: Mapping[str, Phase]) -> list[str]:
    """Return the phases whose outputs the handler of *phase* looks at: those of gates depend on what happens first."""
    return [name for name in phase.depends_on or () if phases[name].gate is None]
