"""Pipeline files: ``agents:`` that hand their work to one another, review it and send it back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from workflow_engine.spec.dialects.attempts import defaults_of, timeout_in
from workflow_engine.spec.dialects.fields import (
    Fields,
    Native,
    Remarks,
    copied,
    named,
    placed,
    put_id,
    several,
    spelled,
    with_id,
)
from workflow_engine.spec.dialects.gating import Aggregation
from workflow_engine.spec.dialects.inputs import schema_of
from workflow_engine.spec.dialects.pipeline import Pipeline, gathered
from workflow_engine.spec.dialects.plugins import tools_of
from workflow_engine.spec.dialects.prompts import handed_over, output, told
from workflow_engine.spec.dialects.stages import Machine
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.files.translation import Translation
from workflow_engine.spec.kinds import kind

ITEMS: Final = "items"
"""The name of what an agent gives whose work is shared out."""


def translate(root: MappingNode, folder: Path | None) -> Translation:
    """Return the native form of a pipeline file."""
    remarks = Remarks()
    fields = Fields(root, "a pipeline file", remarks)
    native: Native = {}
    copied(native, fields, ("name", "version", "description", "max_concurrency concurrency max_parallel"))
    inputs = fields.take("inputs", "input")
    if inputs is not None:
        native["inputs"] = named("inputs", inputs, schema_of(inputs.value, remarks))
    defaults, tools = _put_defaults(native, fields, remarks)
    machine = Machine(fields.take("state_machine", "states"), remarks)
    entry = fields.take("aggregation", "aggregate")
    aggregation = Aggregation(entry, remarks, machine) if entry is not None else None
    written = fields.node_of("agents")
    agents = _listed(written, remarks) if written is not None else {}
    file = gathered(agents, defaults, machine, aggregation, folder, remarks)
    phases = _phases(file, tools)
    native["phases"] = placed("phases", ListNode((written or root).span, phases))
    states = machine.states()
    if states is not None:
        native["states"] = states
    declared = fields.take("tools")
    if declared is not None:
        native["tools"] = tools_of(declared, _used(phases), remarks)
    fields.finish()
    return Translation(MappingNode(root.span, native), tuple(remarks.problems), tuple(remarks.warnings))


def _put_defaults(native: Native, fields: Fields, remarks: Remarks) -> tuple[Native, Entry | None]:
    """Put the defaults into the native form; return its retry policy, and the tools of agents that name none."""
    holder = fields.take("defaults", "config", "settings")
    below = Fields(holder.value if holder is not None else made({}, fields.node), "the defaults", remarks)
    found = defaults_of(below, remarks)
    tools = below.take("tools")
    below.finish()
    if found and holder is not None:
        native["defaults"] = named("defaults", holder, MappingNode(holder.value.span, found))
    retry = found["retry"].value if "retry" in found else None
    return (dict(retry.entries) if isinstance(retry, MappingNode) else {}), tools


def _listed(node: Node, remarks: Remarks) -> dict[str, Fields]:
    """Return the agents by their ids; a mapping of them is taken for a list whose keys are ids."""
    if isinstance(node, MappingNode):
        return {key: Fields(with_id(entry), f"agent {key!r}", remarks) for key, entry in node.entries.items()}
    if not isinstance(node, ListNode):
        remarks.problem(node, f"agents is {kind(plain(node))}; write a list of agents")
        return {}
    found: dict[str, Fields] = {}
    for position, agent in enumerate(node.items, 1):
        entries = agent.entries if isinstance(agent, MappingNode) else {}
        at = next((entries[key].value for key in ("id", "name") if key in entries), None)
        name = at.text if isinstance(at, ScalarNode) and at.value is not None else None
        if name is None and isinstance(agent, MappingNode):
            remarks.problem(agent, f"agent {position} has no id; give it one")
        if name in found:
            remarks.problem(at or agent, f"two agents have the id {name!r}; give each its own")
            continue
        name = name or f"agent-{position}"
        found[name] = Fields(agent, f"agent {name!r}", remarks)
    return found


def _phases(file: Pipeline, tools: Entry | None) -> tuple[Node, ...]:
    """Return the phases: agents, gates of their own behind those that abort, and the aggregation."""
    found: list[Node] = []
    for agent, fields in file.agents.items():
        found.append(_agent(agent, fields, file, tools))
        if file.gated_alone(agent):
            found.append(_gate_of(agent, fields.node, file))
    if file.aggregation is not None and file.gated:
        taken = {*file.agents, *(_gate_name(agent, file) for agent in file.agents if file.gated_alone(agent))}
        found.append(file.aggregation.phase(_free("aggregation", taken), file.gated, file.rejections))
    return tuple(found)


def _agent(agent: str, fields: Fields, file: Pipeline, tools: Entry | None) -> Node:
    """Return the phase that an agent is."""
    native: Native = {}
    put_id(native, fields, agent)
    native["depends_on"] = _depends_on(agent, fields.node, file)
    native["assigned_to"] = placed("assigned_to", made("agentic", fields.node))
    copied(native, fields, ("provider", "model", "temperature", "max_tokens", "tools", "outputs"))
    if tools is not None and "tools" not in native:
        native["tools"] = tools
    timeout = timeout_in(fields)
    if timeout is not None:
        native["timeout"] = timeout
    if agent in file.retries:
        native["retry"] = file.retries[agent]
    _put_prompts(native, agent, fields, file)
    if agent in file.order.shared:
        source = file.order.shared[agent]
        native["for_each"] = placed("for_each", made(_items(source, file), file.order.needed[agent][source]))
    if file.hands_back(agent):
        rejection = file.rejections[agent]
        native["on_reject"] = placed("on_reject", MappingNode(rejection.at.span, rejection.native))
    _put_outputs(native, agent, fields, file)
    _put_stages(native, agent, fields, file)
    fields.finish("role")
    return MappingNode(fields.node.span, native)


def _depends_on(agent: str, at: Node, file: Pipeline) -> Entry:
    """Return what an agent waits for: those before it, and the gates behind those that abort."""
    nodes: list[Node] = []
    for before, node in file.order.needed[agent].items():
        nodes.append(made(before, node))
        if file.gated_alone(before):
            nodes.append(made(_gate_name(before, file), node))
    return placed("depends_on", ListNode(nodes[0].span if nodes else at.span, tuple(nodes)))


def _put_prompts(native: Native, agent: str, fields: Fields, file: Pipeline) -> None:
    """Put what an agent is told, and the work that it is handed, into its native form."""
    system = fields.take("system", "system_prompt")
    prompt = fields.take("prompt", "prompt_file", "prompt_path", "instructions") or system
    if prompt is None:
        file.remarks.problem(fields.node, f"agent {agent!r} has no prompt; write it, or the path of a file with it")
        return
    text = told(prompt.value, file.folder, file.remarks)
    if system is not None and system is not prompt:
        above = told(system.value, file.folder, file.remarks)
        text = made(f"{spelled(above)}\n\n{spelled(text)}", prompt.value)
    native["system"] = named("system", prompt, text)
    shared = agent in file.order.shared
    revises = any(rejection.target == agent for rejection in file.rejections.values())
    work = handed_over(agent, file.handed(agent), shared=shared, revises=revises)
    native["prompt"] = placed("prompt", made(work, prompt.value))


def _items(agent: str, file: Pipeline) -> str:
    """Return the expression for the list that an agent's work is shared out as; anything else is one item."""
    node = file.agents[agent].node
    says = isinstance(node, MappingNode) and {"output", "outputs", "output_schema"} & set(node.entries)
    given = output(agent) if says else f"{output(agent)}.{ITEMS}"
    is_list = f"{given} is sequence and {given} is not string and {given} is not mapping"
    return f"{given} if {is_list} else {given}.items | default({given}.tasks) | default([{given}])"


def _put_outputs(native: Native, agent: str, fields: Fields, file: Pipeline) -> None:
    """Put the form of an agent's reply into its native form: that of verdicts and of shared work is read as JSON."""
    schema = fields.take("output", "output_schema")
    if schema is not None and isinstance(schema.value, MappingNode):
        native["output"] = named("output", schema)
    elif schema is not None and "outputs" not in native:
        native["outputs"] = named("outputs", schema, ListNode(schema.value.span, several(schema.value)))
    if agent in file.order.shared.values() and "outputs" not in native and "output" not in native:
        native["outputs"] = placed("outputs", made([ITEMS], fields.node))
    judged = agent in file.gated or file.gated_alone(agent)
    if judged and not {"on_reject", "output", "outputs"} & set(native):
        native["output"] = placed("output", made({}, fields.node))  # anything, but JSON where it is written as that


def _put_stages(native: Native, agent: str, fields: Fields, file: Pipeline) -> None:
    """Put the transitions of an agent into its native form.

    Where a gate decides after it, the task's way does not end with the agent: the last stage is the gate's to enter.
    """
    written = fields.take("transitions")
    stages: dict[str, Entry] = {}
    if written is not None:
        what = f"the transitions of agent {agent!r}"
        stages = file.machine.stages_of(written.value, what, file.reviews(agent))
    decider = file.aggregation
    if decider is not None and agent in file.gated and file.machine.ends_at(stages):
        decider.stages.setdefault("complete", stages["complete"])
        del stages["complete"]
    if decider is not None and decider.fail is not None:
        stages.setdefault("fail", placed("fail", decider.fail))
    if stages:
        at = written.value if written is not None else fields.node
        native["stages"] = placed("stages", MappingNode(at.span, stages))


def _gate_of(agent: str, at: Node, file: Pipeline) -> Node:
    """Return the gate that fails the task when an agent rejects."""
    return made(
        {"id": _gate_name(agent, file), "depends_on": [], "gate": {"of": [agent]}}, file.rejections[agent].at or at
    )


def _gate_name(agent: str, file: Pipeline) -> str:
    return _free(f"{agent}-verdict", file.agents)


def _free(name: str, taken: Mapping[str, object] | set[str]) -> str:
    """Return *name*, or one like it that is not *taken*."""
    found, count = name, 2
    while found in taken:
        found, count = f"{name}-{count}", count + 1
    return found


def _used(phases: tuple[Node, ...]) -> frozenset[str]:
    """Return the ids of the tools that agents name."""
    nodes = [
        phase.entries["tools"].value for phase in phases if isinstance(phase, MappingNode) and "tools" in phase.entries
    ]
    return frozenset(spelled(item) for node in nodes for item in several(node))
