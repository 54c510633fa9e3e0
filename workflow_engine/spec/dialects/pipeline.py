"""A pipeline: what its agents say of one another, gathered before they are translated."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from workflow_engine.spec.dialects.attempts import retry_of
from workflow_engine.spec.dialects.dispatching import Order, order_of
from workflow_engine.spec.dialects.fields import Fields, Native, Remarks, placed
from workflow_engine.spec.dialects.gating import Aggregation
from workflow_engine.spec.dialects.rejecting import Rejection, rejection_of
from workflow_engine.spec.dialects.stages import Machine
from workflow_engine.spec.files.nodes import Entry, MappingNode, made, plain, reached


class Pipeline(NamedTuple):
    """What is known of a whole file when its agents are translated.

    Attributes:
        agents: by id, in the order of the file.
        order: which of them work after which.
        rejections: what happens when an agent rejects, by its id.
        retries: native policies of the agents that have their own.
        machine: the stages.
        aggregation: the decision over all verdicts, or None.
        gated: the agents over which it decides.
        folder: where files that are named by relative paths are; None where that is not known.
        remarks: where problems go.
    """

    agents: Mapping[str, Fields]
    order: Order
    rejections: Mapping[str, Rejection]
    retries: Mapping[str, Entry]
    machine: Machine
    aggregation: Aggregation | None
    gated: tuple[str, ...]
    folder: Path | None
    remarks: Remarks

    def handed(self, agent: str) -> tuple[str, ...]:
        """Return the agents whose work this one is handed as a whole: with a verdict goes what it is about."""
        found: dict[str, None] = {}
        waiting = [name for name in self.order.needed[agent] if name != self.order.shared.get(agent)]
        while waiting:
            name = waiting.pop(0)
            if name not in found and name != agent:
                found[name] = None
                waiting += self.order.needed[name] if self.reviews(name) else ()
        return tuple(name for name in self.agents if name in found)

    def gated_alone(self, agent: str) -> bool:
        """Return whether the task fails at once when this agent rejects, by a gate of its own."""
        rejection = self.rejections.get(agent)
        if rejection is None or rejection.action != "abort":
            return False
        decided = self.aggregation is not None and self.aggregation.takes_all and agent in self.gated
        return not decided or any(agent in needed for needed in self.order.needed.values())

    def hands_back(self, agent: str) -> bool:
        """Return whether this agent sends work back by itself."""
        rejection = self.rejections.get(agent)
        if rejection is None or rejection.action not in ("retry", "human"):
            return False
        return agent not in self.gated or self.aggregation is None or self.aggregation.takes_all

    def reviews(self, agent: str) -> bool:
        """Return whether what this agent gives is a verdict."""
        rejection = self.rejections.get(agent)
        return agent in self.gated or (rejection is not None and rejection.action != "continue")


def gathered(
    agents: Mapping[str, Fields],
    defaults: Native,
    machine: Machine,
    aggregation: Aggregation | None,
    folder: Path | None,
    remarks: Remarks,
) -> Pipeline:
    """Return what the *agents* of a file say of one another; *defaults* is the native retry policy of them all."""
    failing = {agent: entry for agent, fields in agents.items() if (entry := fields.take("on_fail", "on_reject"))}
    gated = aggregation.names(agents, failing or list(agents)[-1:]) if aggregation is not None else ()
    order = order_of(agents, (*failing, *gated), remarks)
    if aggregation is None and len(ends := _ends(agents, failing, order, machine)) > 1:
        at = agents[ends[0]].node
        aggregation = Aggregation(placed("aggregation", made({"gates": list(ends)}, at)), remarks, machine)
        gated = ends
    retries = {
        agent: retry_of(entry, remarks, defaults)
        for agent, fields in agents.items()
        if (entry := fields.take("retry", "retry_policy")) is not None
    }
    rejections: dict[str, Rejection] = {}
    for agent, entry in failing.items():
        policy = retries[agent].value if agent in retries else None
        said = policy.entries if isinstance(policy, MappingNode) else defaults
        attempts = said["max_attempts"].value if "max_attempts" in said else None
        rejection = rejection_of(agent, entry, order.needed[agent], attempts, agents, remarks)
        if rejection is not None:
            rejections[agent] = rejection
    return Pipeline(agents, order, rejections, retries, machine, aggregation, gated, folder, remarks)


def _ends(agents: Mapping[str, Fields], failing: Iterable[str], order: Order, machine: Machine) -> tuple[str, ...]:
    """Return the reviewers behind which nobody works and who pass to a last stage.

    Where there are several, a gate has to enter that stage: behind the first of them the others could not reject.
    """
    before = {name for needed in order.needed.values() for name in needed}
    return tuple(agent for agent in failing if agent not in before and _passes_to_end(agents[agent], machine))


def _passes_to_end(fields: Fields, machine: Machine) -> bool:
    place, node = reached(fields.node, ("transitions", "on_pass"))
    return len(place) == 2 and plain(node) in [*machine.terminal]
