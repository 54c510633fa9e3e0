"""Rejecting: what happens in a pipeline file when an agent does not pass what it reviews."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from workflow_engine.spec.dialects.dispatching import no_agent
from workflow_engine.spec.dialects.fields import Fields, Remarks, named, placed, spelled
from workflow_engine.spec.files.nodes import Entry, MappingNode, Node, made, plain
from workflow_engine.spec.problems import did_you_mean, listed

ACTIONS: Final = {
    **dict.fromkeys(("feedback_and_retry", "retry_with_feedback", "feedback", "revise"), "retry"),
    "retry": "retry",
    **dict.fromkeys(("abort", "fail", "stop", "halt"), "abort"),
    **dict.fromkeys(("escalate", "human", "ask_human", "escalate_to_human"), "human"),
    **dict.fromkeys(("continue", "ignore", "skip", "none"), "continue"),
}
"""Words for what is done: the work goes back, the task fails, a person decides, or nothing."""


class Rejection(NamedTuple):
    """What happens when an agent rejects.

    Attributes:
        action: ``"retry"``, ``"abort"``, ``"human"`` or ``"continue"``.
        at: where that is written.
        native: the native ``on_reject``, for "retry" and "human".
    """

    action: str
    at: Node
    native: dict[str, Entry]

    @property
    def target(self) -> str:
        """The agent that does its work again; empty where none does."""
        return spelled(self.native["target"].value) if "target" in self.native else ""


def rejection_of(
    agent: str,
    entry: Entry,
    before: Mapping[str, Node],
    attempts: Node | None,
    agents: Mapping[str, object],
    remarks: Remarks,
) -> Rejection | None:
    """Return what *entry*, the ``on_fail`` of *agent*, says; None where it is wrong.

    Args:
        agent: its id.
        entry: what is written.
        before: the agents whose work it builds on.
        attempts: how often it may send work back, where nothing else is said; None for the native default.
        agents: all agents.
        remarks: where problems go.
    """
    fields = None
    if isinstance(entry.value, MappingNode):
        fields = Fields(entry.value, f"on_fail of agent {agent!r}", remarks)
        written = fields.node_of("action", "type", "strategy") or made("feedback_and_retry", entry.value)
    else:
        written = entry.value
    word = spelled(written).lower().replace("-", "_")
    if word not in ACTIONS:
        known = ("feedback_and_retry", "retry", "abort", "escalate")
        fact = f"action {plain(written)!r} is not known{did_you_mean(word, known)}; known are {listed(known)}"
        remarks.problem(written, fact)
        return None
    native = _native(agent, word, written, fields, before, attempts, agents, remarks)
    return Rejection(ACTIONS[word], written, native)


def _native(
    agent: str,
    word: str,
    at: Node,
    fields: Fields | None,
    before: Mapping[str, Node],
    attempts: Node | None,
    agents: Mapping[str, object],
    remarks: Remarks,
) -> dict[str, Entry]:
    target = fields.take("target", "to", "agent") if fields is not None else None
    path = fields.take("feedback_path", "issues_path", "path") if fields is not None else None
    often = fields.take("max_attempts", "max_retries", "max_rounds", "max_iterations") if fields is not None else None
    if fields is not None:
        fields.finish()
    native: dict[str, Entry] = {}
    if target is not None:
        native["target"] = named("target", target)
        if spelled(target.value) not in agents:
            remarks.problem(target.value, no_agent(spelled(target.value), target.value, agents))
    elif word == "retry":
        native["target"] = placed("target", made(agent, at))
    elif len(before) == 1:
        native["target"] = placed("target", made(next(iter(before)), at))
    elif ACTIONS[word] in ("retry", "human"):
        remarks.problem(at, f"on_fail of agent {agent!r} does not say whose work goes back; name a target")
    if often is not None:
        native["max_attempts"] = named("max_attempts", often)
    elif ACTIONS[word] == "human":
        native["max_attempts"] = placed("max_attempts", made(1, at))
        remarks.warning(at, "the work goes back once before a person is asked; max_attempts says how often")
    elif attempts is not None:
        native["max_attempts"] = placed("max_attempts", attempts)
    if ACTIONS[word] == "human":
        native["then"] = placed("then", made("human", at))
    issues = _issues(path, remarks) if path is not None else None
    if path is not None and issues is not None:
        native["issues"] = named("issues", path, issues)
    return native


_STEP: Final = re.compile(r"""\.?([A-Za-z_][\w-]*)|\[(-?\d+)\]|\[(["'])(.*?)\3\]|\[\*\]|\.\*""")


def _issues(path: Entry, remarks: Remarks) -> Node | None:
    """Return the expression for what a path such as ``$.issues`` reads from the output."""
    text = spelled(path.value).strip().removeprefix("$")
    made_of, place = ["output"], 0
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            remarks.problem(path.value, f"the path {plain(path.value)!r} cannot be read; write it like $.issues")
            return None
        key, index, _, quoted = found.groups()
        name = key if key is not None else quoted
        if index is not None:
            made_of.append(f"[{index}]")
        elif name is not None:
            plain_name = re.fullmatch(r"[A-Za-z_]\w*", name) is not None
            escaped = name.replace("\\", "\\\\").replace("'", "\\'")
            made_of.append(f".{name}" if plain_name else f"['{escaped}']")
        place = found.end()
    return made("".join(made_of), path.value)
