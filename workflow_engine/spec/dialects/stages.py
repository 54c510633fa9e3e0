"""Stages: the state machine of a pipeline file, and the transitions of its agents."""

from collections.abc import Mapping
from typing import Final

from workflow_engine.spec.dialects.fields import Fields, Native, Remarks, is_empty, named, placed, several, spelled
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, plain
from workflow_engine.spec.problems import did_you_mean, listed


class Machine:
    """The stages that a file declares.

    Args:
        entry: of the state machine; None where the file has none.
        remarks: where problems go.

    Attributes:
        native: the native ``states``, or None.
        terminal: stages that are not left.
    """

    def __init__(self, entry: Entry | None, remarks: Remarks) -> None:
        self.native: Entry | None = None
        self.terminal: tuple[str, ...] = ()
        self._used: list[Node] = []
        self._known: dict[str, Node] = {}
        self._remarks = remarks
        if entry is not None:
            self._declare(entry, Fields(entry.value, "the state machine", remarks))

    def transition(self, node: Node) -> Node | None:
        """Return the stage that a transition names, as ``complete`` or ``{transition: complete}``; report others."""
        if isinstance(node, MappingNode):
            fields = Fields(node, "a transition", self._remarks)
            inner = fields.node_of("transition", "to", "state")
            fields.finish()
            return self.transition(inner) if inner is not None else None
        if is_empty(node):
            return None
        self._check(node)
        self._used.append(node)
        return node

    def states(self) -> Entry | None:
        """Return the native ``states``; where the file declares none, tasks begin at the first stage that it names."""
        if self.native is not None or not self._used:
            return self.native
        first = min(self._used, key=lambda node: node.span)
        fact = f"there is no state_machine, so tasks begin at the first stage that is named, {spelled(first)!r}"
        self._remarks.warning(first, fact)
        return placed("states", MappingNode(first.span, {"initial": placed("initial", first)}))

    def stages_of(self, node: Node, what: str, reviews: bool) -> dict[str, Entry]:
        """Return the native stages for the transitions of an agent."""
        fields = Fields(node, what, self._remarks)
        passes, completes = fields.take("on_pass", "on_success"), fields.take("on_complete", "on_finish")
        found = {
            "start": fields.take("on_start"),
            "complete": (passes or completes) if reviews else (completes or passes),
            "reject": fields.take("on_fail", "on_reject"),
            "fail": fields.take("on_abort", "on_error"),
        }
        fields.finish()
        native: dict[str, Entry] = {}
        for key, entry in found.items():
            stage = self.transition(entry.value) if entry is not None else None
            if entry is not None and stage is not None:
                native[key] = named(key, entry, stage)
        return native

    def ends_at(self, stages: Mapping[str, Entry]) -> bool:
        """Return whether the end of a phase with these stages is the end of the task's way."""
        return "complete" in stages and spelled(stages["complete"].value) in self.terminal

    def _declare(self, entry: Entry, fields: Fields) -> None:
        states = fields.node_of("states")
        native: Native = {}
        ends: list[Node] = []
        follows: dict[str, list[Node]] = {}
        for state in several(states) if states is not None else ():
            self._state(state, ends, follows)
        if isinstance(states, MappingNode):
            self._known = {key: at.key for key, at in states.entries.items()}
        initial = fields.take("initial", "start")
        terminal = fields.take("terminal", "final")
        transitions = fields.node_of("transitions")
        fields.finish()
        if terminal is not None:
            ends += several(terminal.value)
        self.terminal = tuple(dict.fromkeys(spelled(end) for end in ends))
        if transitions is not None:
            self._follow(transitions, follows)
        for node in (
            *([initial.value] if initial is not None else []),
            *ends,
            *(n for f in follows.values() for n in f),
        ):
            self._check(node)
        first = next(iter(self._known.values()), None)
        if initial is not None:
            native["initial"] = named("initial", initial)
        elif first is not None:
            native["initial"] = placed("initial", first)
        if ends:
            listing = ListNode((terminal.value if terminal is not None else ends[0]).span, tuple(ends))
            native["terminal"] = placed("terminal", listing)
        if self._known and states is not None:
            native["stages"] = placed("stages", ListNode(states.span, tuple(self._known.values())))
        if follows:
            rows = {key: placed(key, ListNode(entry.value.span, tuple(nodes))) for key, nodes in follows.items()}
            native["transitions"] = placed("transitions", MappingNode(entry.value.span, rows))
        self.native = named("states", entry, MappingNode(entry.value.span, native))

    def _state(self, node: Node, ends: list[Node], follows: dict[str, list[Node]]) -> None:
        """Read one state: its id, or a mapping with that and more."""
        if not isinstance(node, MappingNode):
            self._known[spelled(node)] = node
            return
        fields = Fields(node, "a state", self._remarks)
        name = fields.node_of("id", "name")
        if name is None:
            self._remarks.problem(node, "a state has no id; give it one")
            return
        self._known[spelled(name)] = name
        flag, sort = fields.node_of("terminal", "final"), fields.node_of("type")
        if (flag is not None and plain(flag) is True) or (sort is not None and spelled(sort) in _ENDS):
            ends.append(name)
        following = fields.node_of("transitions", "to", "next")
        if following is not None:
            follows[spelled(name)] = [found for item in several(following) if (found := _target(item)) is not None]
        fields.finish()

    def _follow(self, node: Node, follows: dict[str, list[Node]]) -> None:
        """Read which states follow which: a list of ``{from, to}``, or a mapping."""
        if isinstance(node, MappingNode):
            for key, entry in node.entries.items():
                self._check(entry.key)
                follows.setdefault(key, []).extend(several(entry.value))
            return
        for item in several(node):
            fields = Fields(item, "a transition", self._remarks)
            sources, targets = fields.node_of("from", "source"), fields.node_of("to", "target")
            fields.finish("on", "event", "trigger", "when")
            if sources is None or targets is None:
                self._remarks.problem(item, "a transition leads from one state to another; write {from: a, to: b}")
                continue
            for source in several(sources):
                self._check(source)
                follows.setdefault(spelled(source), []).extend(several(targets))

    def _check(self, node: Node) -> None:
        name = spelled(node)
        if self._known and name not in self._known:
            guess = did_you_mean(str(name), self._known)
            self._remarks.problem(node, f"there is no state {name!r}{guess}; the states are {listed(self._known)}")


_ENDS: Final = ("terminal", "final", "end")


def _target(node: Node) -> Node | None:
    """Return the state that an item of ``transitions`` of a state leads to."""
    if not isinstance(node, MappingNode):
        return node
    return next((node.entries[key].value for key in ("to", "target") if key in node.entries), None)
