"""Fields: the keys of a mapping in a file of another dialect, taken one by one; what is left is unknown."""

from collections.abc import Iterable
from typing import Final

from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.files.translation import Remark
from workflow_engine.spec.kinds import kind
from workflow_engine.spec.problems import did_you_mean, listed

NOTES: Final = ("description", "label", "title", "comment", "notes", "metadata", "tags", "author", "authors", "ui")
"""Keys that people read and nothing is done about; so are those that begin with ``x-``."""

Native = dict[str, Entry]
"""The entries of a mapping of the native form."""


class Remarks:
    """What there is to say about a file.

    Attributes:
        problems: what is wrong.
        warnings: what loads but may not mean what its author expects.
    """

    def __init__(self) -> None:
        self.problems: list[Remark] = []
        self.warnings: list[Remark] = []

    def problem(self, node: Node, fact: str) -> None:
        """Say what is wrong with *node*."""
        self.problems.append(Remark(node, fact))

    def warning(self, node: Node, fact: str) -> None:
        """Say what *node* will not do."""
        self.warnings.append(Remark(node, fact))


class Fields:
    """The keys of one mapping.

    Args:
        node: the mapping; anything else is a problem, and has no keys.
        what: what messages call it.
        remarks: where problems go.

    Attributes:
        node: the mapping.
        remarks: where problems go.
    """

    def __init__(self, node: Node, what: str, remarks: Remarks) -> None:
        self.node = node
        self.remarks = remarks
        self._what = what
        self._entries: dict[str, Entry] = node.entries if isinstance(node, MappingNode) else {}
        self._known: list[str] = []
        if not isinstance(node, MappingNode):
            remarks.problem(node, f"{what} is {kind(plain(node))}; write a mapping")

    def take(self, *names: str) -> Entry | None:
        """Return the entry under the first of *names* that is there and not empty; they mean the same."""
        self._known += names
        written = [self._entries[name] for name in names if name in self._entries]
        for other in written[1:]:
            fact = f"{other.key.text!r} means the same as {written[0].key.text!r}; remove one of the two"
            self.remarks.problem(other.key, fact)
        return next((entry for entry in written if not is_empty(entry.value)), None)

    def node_of(self, *names: str) -> Node | None:
        """Return the value that `take` finds."""
        entry = self.take(*names)
        return entry.value if entry is not None else None

    def text(self, *names: str) -> str | None:
        """Return the value that `take` finds as a text; one that is none is a problem."""
        node = self.node_of(*names)
        if node is None:
            return None
        if isinstance(node, ScalarNode) and not isinstance(node.value, bool):
            return node.text
        self.remarks.problem(node, f"{names[0]} of {self._what} is {kind(plain(node))}; write a text")
        return None

    def finish(self, *passed_over: str) -> None:
        """Report every key that was not asked for, but for notes and those that are *passed_over*."""
        for name, entry in self._entries.items():
            if name in self._known or name in (*NOTES, *passed_over) or name.startswith("x-"):
                continue
            known = [*self._known, *NOTES]
            guess = did_you_mean(name, known) or f"; known are {listed(dict.fromkeys(self._known), most=60)}"
            self.remarks.problem(entry.key, f"{name!r} is not known in {self._what}{guess}")


def is_empty(node: Node) -> bool:
    """Return whether nothing is written in the place of *node*."""
    return isinstance(node, ScalarNode) and node.value is None


def spelled(node: Node) -> str:
    """Return a scalar as it is written, and what else it is in words: "a list", "an object"."""
    return node.text if isinstance(node, ScalarNode) else kind(plain(node))


def named(key: str, at: Entry, value: Node | None = None) -> Entry:
    """Return an entry of the native form under *key*, whose key stands where the key of *at* does."""
    return Entry(ScalarNode(at.key.span, key, key, "made"), value if value is not None else at.value)


def placed(key: str, value: Node) -> Entry:
    """Return an entry of the native form whose key has the place of its value."""
    return Entry(ScalarNode(value.span, key, key, "made"), value)


def copied(native: Native, fields: Fields, pairs: Iterable[str]) -> None:
    """Take over keys that mean the same in both dialects; ``"system system_prompt"`` are words for the first."""
    for words in pairs:
        names = words.split()
        entry = fields.take(*names)
        if entry is not None:
            native[names[0]] = named(names[0], entry)


def put_id(native: Native, fields: Fields, name: str) -> None:
    """Put the id of a phase into its native form: its ``id`` or ``name``, or else *name*."""
    chosen, called = fields.take("id"), fields.take("name")
    at = chosen or called
    native["id"] = named("id", at) if at is not None else placed("id", made(name, fields.node))


def with_id(entry: Entry) -> Node:
    """Return the value of *entry*; a mapping that has no id has the key for it."""
    if not isinstance(entry.value, MappingNode) or "id" in entry.value.entries:
        return entry.value
    return MappingNode(entry.value.span, {"id": placed("id", entry.key), **entry.value.entries})


def several(node: Node) -> tuple[Node, ...]:
    """Return the items of a list, or what stands there alone."""
    return node.items if isinstance(node, ListNode) else () if is_empty(node) else (node,)
