"""Dispatching: which agents of a pipeline file work after which."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workflow_engine.spec.dialects.fields import Fields, Remarks, several, spelled
from workflow_engine.spec.files.nodes import Entry, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.kinds import kind
from workflow_engine.spec.problems import did_you_mean, listed

STRATEGIES: Final = {
    **dict.fromkeys(("sequential", "sequence", "serial", "single"), "sequential"),
    **dict.fromkeys(("parallel_fan_out", "fan_out", "fanout"), "parallel_fan_out"),
    **dict.fromkeys(("parallel_broadcast", "broadcast", "parallel"), "parallel_broadcast"),
    "none": "none",
}


@dataclass
class Order:
    """The order of work.

    Attributes:
        needed: by agent, the agents whose work it builds on, each with the node that says so.
        shared: by agent, the agent over whose items it is carried out.
    """

    needed: dict[str, dict[str, Node]]
    shared: dict[str, str] = field(default_factory=dict[str, str])


def order_of(agents: Mapping[str, Fields], whole: Sequence[str], remarks: Remarks) -> Order:
    """Return the order of *agents*.

    Each works after those that dispatch to it.  Where none dispatches, they work one after another, as written.

    Args:
        agents: by id, in the order of the file.
        whole: those that give verdicts, which they do on the whole of what they are given.
        remarks: where problems go.
    """
    order = Order({agent: {} for agent in agents})
    says = False
    for agent, fields in agents.items():
        for node in ids_in(fields.take("depends_on", "needs")):
            says = True
            _connect(order, node, spelled(node), agent, remarks)
        entry = fields.take("dispatch", "next")
        if entry is not None:
            says = _dispatch(order, agent, entry, whole, remarks) or says
    if not says:
        names = list(agents)
        for before, agent in itertools.pairwise(names):
            order.needed[agent][before] = agents[agent].node
    return order


def _dispatch(order: Order, agent: str, entry: Entry, whole: Sequence[str], remarks: Remarks) -> bool:
    """Add what an agent dispatches to; return whether that is anything."""
    strategy, targets = _read(order, entry.value, agent, remarks)
    if strategy == "none":
        return True
    if not targets:
        names = list(order.needed)
        following = names[names.index(agent) + 1 : names.index(agent) + 2]
        if strategy == "sequential" and following:
            order.needed[following[0]][agent] = entry.value
        elif strategy != "sequential":
            remarks.problem(entry.value, f"agent {agent!r} dispatches in parallel to nobody; name its targets")
        return bool(following)
    if strategy == "sequential" and len(targets) > 1:
        for before, node in itertools.pairwise(targets):
            _connect(order, node, spelled(before), spelled(node), remarks)
        targets = targets[:1]
    for node in targets:
        _connect(order, node, agent, spelled(node), remarks)
    if strategy == "parallel_fan_out" and len(targets) == 1:
        target = spelled(targets[0])
        if target in whole:
            fact = f"agent {target!r} gives a verdict on the whole, so the items are not shared out to it one by one"
            remarks.warning(targets[0], fact)
        else:
            order.shared[target] = agent
    return True


def _read(order: Order, node: Node, agent: str, remarks: Remarks) -> tuple[str, Sequence[Node]]:
    """Return strategy and targets of a dispatch: a mapping, the word for a strategy, or targets."""
    if not isinstance(node, MappingNode):
        if isinstance(node, ScalarNode) and _word(node) in STRATEGIES and plain(node) not in order.needed:
            return STRATEGIES[_word(node)], ()
        alone = several(node)
        return "sequential" if len(alone) == 1 else "parallel_broadcast", alone
    fields = Fields(node, f"dispatch of agent {agent!r}", remarks)
    targets = ids_in(fields.take("target", "targets", "to", "agents"))
    written = fields.node_of("strategy", "type", "mode")
    fields.finish()
    if written is None:
        return "sequential" if len(targets) == 1 else "parallel_broadcast", targets
    word = _word(written)
    if word not in STRATEGIES:
        known = ("sequential", "parallel_fan_out", "parallel_broadcast")
        fact = f"strategy {plain(written)!r} is not known{did_you_mean(word, known)}; known are {listed(known)}"
        remarks.problem(written, fact)
    return STRATEGIES.get(word, "sequential"), targets


def _connect(order: Order, node: Node, before: str, agent: str, remarks: Remarks) -> None:
    """Have *agent* work after *before*; one that is no agent is a problem at *node*."""
    for name in (before, agent):
        if name not in order.needed:
            remarks.problem(node, no_agent(name, node, order.needed))
            return
    if before == agent:
        remarks.problem(node, f"agent {agent!r} dispatches to itself; remove that")
        return
    order.needed[agent].setdefault(before, node)


def no_agent(name: str, node: Node, agents: Mapping[str, object]) -> str:
    """Return that what stands at *node* is no agent."""
    shown = repr(name) if isinstance(node, ScalarNode) else kind(plain(node))
    return f"there is no agent {shown}{did_you_mean(name, agents)}; the agents are {listed(agents)}"


def _word(node: Node) -> str:
    return spelled(node).lower().replace("-", "_")


def ids_in(entry: Entry | None) -> Sequence[Node]:
    """Return the nodes of the agents that a list names, or of the only one; items may be mappings with an id."""
    found: list[Node] = []
    for node in several(entry.value) if entry is not None else ():
        inner = node.entries if isinstance(node, MappingNode) else {}
        at = next((inner[key].value for key in ("id", "target", "agent") if key in inner), node)
        found.append(at if isinstance(at, ScalarNode) else made(spelled(at), at))
    return found
