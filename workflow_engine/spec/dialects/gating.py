"""Gating: how the verdicts of a pipeline file's agents are put together."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from workflow_engine.spec.dialects.dispatching import ids_in, no_agent
from workflow_engine.spec.dialects.fields import Fields, Native, Remarks, named, placed, spelled
from workflow_engine.spec.dialects.rejecting import Rejection
from workflow_engine.spec.dialects.stages import Machine
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.problems import did_you_mean, listed

STRATEGIES: Final = {
    **dict.fromkeys(("all_pass", "all", "unanimous"), "all"),
    **dict.fromkeys(("any_pass", "any", "first_pass"), "any"),
    **dict.fromkeys(("threshold", "at_least", "quorum"), "threshold"),
    "majority": "majority",
}


_FOUND: Final = ("output.issues", "output.errors", "output.problems", "output")
"""Where issues are found without an expression."""


class Aggregation:
    """The decision over all verdicts that a file asks for.

    Args:
        entry: of the aggregation.
        remarks: where problems go.
        machine: the stages of the file.

    Attributes:
        at: where it is written.
        gates: the nodes that name the agents; empty where the file leaves them open.
        fail: the stage after an agent failed for good, or None.
    """

    def __init__(self, entry: Entry, remarks: Remarks, machine: Machine) -> None:
        self.at = entry.value
        self._remarks = remarks
        fields = Fields(entry.value, "the aggregation", remarks)
        self.gates = tuple(ids_in(fields.take("gates", "gate", "of", "agents")))
        self._strategy = fields.node_of("strategy", "require") or made("all_pass", entry.value)
        self._threshold = fields.node_of("threshold", "min_pass", "count")
        moments = {
            "complete": fields.take("on_complete", "on_pass", "on_success"),
            "reject": fields.take("on_fail", "on_reject"),
        }
        self.stages: dict[str, Entry] = {}
        for key, written in moments.items():
            stage = machine.transition(written.value) if written is not None else None
            if written is not None and stage is not None:
                self.stages[key] = named(key, written, stage)
        aborted = fields.node_of("on_any_abort", "on_abort")
        self.fail = machine.transition(aborted) if aborted is not None else None
        if self.fail is not None:
            self.stages["fail"] = placed("fail", self.fail)
        fields.finish()

    @property
    def takes_all(self) -> bool:
        """Whether every one of the agents has to pass."""
        return self._word() == "all"

    def names(self, agents: Mapping[str, object], reviewing: Iterable[str]) -> tuple[str, ...]:
        """Return the agents over which it decides: those it names, else those that are *reviewing*."""
        if not self.gates:
            return tuple(reviewing)
        for node in self.gates:
            if spelled(node) not in agents:
                self._remarks.problem(node, no_agent(spelled(node), node, agents))
        return tuple(spelled(node) for node in self.gates)

    def phase(self, name: str, of: tuple[str, ...], rejections: Mapping[str, Rejection]) -> Node:
        """Return the phase that decides; unless all have to pass, work is handed back by it, and not by each agent."""
        gates = ListNode(self.at.span, self.gates or tuple(made(one, self.at) for one in of))
        gate: Native = {"of": placed("of", gates), "require": placed("require", self._require(len(of)))}
        native: Native = {
            "id": placed("id", made(name, self.at)),
            "depends_on": placed("depends_on", made([], self.at)),
            "gate": placed("gate", MappingNode(self.at.span, gate)),
        }
        if not self.takes_all:
            self._hand_back(native, [rejections[one] for one in of if one in rejections])
        if self.stages:
            native["stages"] = placed("stages", MappingNode(self.at.span, self.stages))
        return MappingNode(self.at.span, native)

    def _hand_back(self, native: Native, rejections: list[Rejection]) -> None:
        """Give a gate the ``on_reject`` of its agents, which have to agree on whose work goes back."""
        backward = [one for one in rejections if one.action in ("retry", "human") and one.target]
        targets = dict.fromkeys(one.target for one in backward)
        if len(targets) > 1:
            fact = f"agents of which not all have to pass send back the work of {listed(targets)}; name one target"
            self._remarks.problem(backward[1].native["target"].value, fact)
        for one in backward:
            if "issues" in one.native and spelled(one.native["issues"].value) not in _FOUND:
                fact = "where not all have to pass, issues are looked for under issues, errors and problems only"
                self._remarks.warning(one.native["issues"].value, fact)
        if backward:
            most = max(backward, key=_attempts)
            rest = {key: entry for key, entry in most.native.items() if key != "issues"}
            native["on_reject"] = placed("on_reject", MappingNode(most.at.span, rest))

    def _word(self) -> str:
        return STRATEGIES.get(spelled(self._strategy).lower().replace("-", "_"), "all")

    def _require(self, count: int) -> Node:
        """Return how many have to pass, as the native gate has it."""
        word = spelled(self._strategy).lower().replace("-", "_")
        if word not in STRATEGIES:
            known = ("all_pass", "any_pass", "threshold")
            fact = f"strategy {word!r} is not known{did_you_mean(word, known)}; known are {listed(known)}"
            self._remarks.problem(self._strategy, fact)
        if self._word() == "majority":
            return made(count // 2 + 1, self._strategy)
        if self._word() != "threshold":
            return made(self._word(), self._strategy)
        if self._threshold is None:
            self._remarks.problem(self._strategy, "a threshold says how many have to pass; write threshold: 2")
            return made("all", self._strategy)
        value: Any = plain(self._threshold)
        if isinstance(value, float) and 0 < value <= 1 and isinstance(self._threshold, ScalarNode):
            return made(max(1, math.ceil(round(value * count, 9))), self._threshold)  # a part of all
        return self._threshold


def _attempts(one: Rejection) -> int:
    value = plain(one.native["max_attempts"].value) if "max_attempts" in one.native else 3
    return value if isinstance(value, int) else 3
