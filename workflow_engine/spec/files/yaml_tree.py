"""The tree of a workflow file: YAML or JSON text as nodes that know their places.

The composer is our own and keeps its own stack.  PyYAML's would build Python objects by tag, take the last of two equal
keys, expand aliases without bound and read ``on`` as true.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

from workflow_engine.spec.files.diagnostics import Source
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, Plain, ScalarNode, Span, Style
from workflow_engine.spec.files.scalars import CORE, resolve, resolve_tagged
from workflow_engine.spec.files.yaml_words import in_words

NODES_MAX: Final = 100_000
DEPTH_MAX: Final = 100

_PAIR: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def compose(source: Source) -> Node:
    """Return the tree of the one document in *source*.

    Raises:
        SpecError: it is not YAML, or YAML that a workflow file may not use: tags, two equal keys, keys that are no
            texts, merge keys, several documents, more than `DEPTH_MAX` levels or `NODES_MAX` nodes, aliases expanded.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is missing on some machines
    composer = _Composer(source)
    try:
        for event in yaml.parse(_for_yaml(source.text), Loader=loader):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        fact, line, column = in_words(error, source.lines)
        raise source.refused(fact, Span(line, column, line, column + 1)) from error
    except yaml.YAMLError as error:
        raise source.refused(f"this is not YAML: {error}", source.place(0)) from error
    if composer.root is None:
        raise source.refused("the file is empty; a workflow has a name and phases", source.place(0))
    return composer.root


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come.

    Attributes:
        event: its beginning.
        size_before: nodes before it.
        items: of a list.
        entries: of a mapping; None for a list.
        key: the key that waits for its value.
        height: levels below it so far.
    """

    event: Any
    size_before: int
    items: list[Node]
    entries: dict[str, Entry] | None
    key: ScalarNode | None = None
    height: int = 0


class _Anchored(NamedTuple):
    node: Node
    size: int  # nodes in it, aliases expanded
    height: int  # levels below it


class _Composer:
    """Builds the tree, event by event."""

    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self._source = source
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None while the anchored node is open
        self._size = 0
        self._documents = 0
        self._actions = {
            "ScalarEvent": self._scalar,
            "MappingStartEvent": self._begin,
            "SequenceStartEvent": self._begin,
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
        }

    def take(self, event: Any) -> None:
        action = self._actions.get(type(event).__name__)
        if action is not None:
            action(event)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(
                "a second document begins here; a workflow file holds one, so put this in a file of its own", event
            )

    def _scalar(self, event: Any) -> None:
        self._count(1, event)
        start, end = event.start_mark, event.end_mark
        span = Span(start.line, start.column, end.line, end.column)
        style: Style = event.style or ""
        node = ScalarNode(span, self._value(event, style), event.value, style)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1, 0)
        self._add(node, 0, event)

    def _value(self, event: Any, style: Style) -> Plain:
        try:
            if event.tag is not None:
                return resolve_tagged(event.tag, event.value)
            return event.value if style else resolve(event.value)
        except ValueError as error:
            self._refuse(str(error), event)

    def _begin(self, event: Any) -> None:
        self._count(1, event)
        is_mapping = type(event).__name__ == "MappingStartEvent"
        if event.tag not in (None, "!", CORE + ("map" if is_mapping else "seq")):
            self._refuse(
                f"the tag {event.tag!r} is not allowed; a workflow file holds plain values only, so remove it", event
            )
        if len(self._open) >= DEPTH_MAX:
            self._refuse(f"this is nested more than {DEPTH_MAX} levels deep", event)
        if self._awaits_key():
            self._refuse(self._no_key(event), event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(event, self._size - 1, [], {} if is_mapping else None))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        start, end = done.event.start_mark, event.end_mark
        span = Span(start.line, start.column, end.line, end.column)
        node = ListNode(span, tuple(done.items)) if done.entries is None else MappingNode(span, done.entries)
        height = done.height + 1
        if done.event.anchor is not None:
            self._anchors[done.event.anchor] = _Anchored(node, self._size - done.size_before, height)
        self._add(node, height, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            self._refuse(
                f"there is no anchor &{event.anchor} before this; write a text that begins with * in quotes", event
            )
        known = self._anchors[event.anchor]
        if known is None:
            self._refuse(f"the alias *{event.anchor} stands inside the value it repeats", event)
        if self._awaits_key():
            self._refuse("an alias cannot be a key; write the key out", event)
        self._count(known.size, event)
        if len(self._open) + known.height > DEPTH_MAX:
            self._refuse(f"with this alias expanded, the file is nested more than {DEPTH_MAX} levels deep", event)
        self._add(known.node, known.height, event)

    def _add(self, node: Node, height: int, event: Any) -> None:
        """Put *node* where the file has it."""
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if height > parent.height:
            parent.height = height
        if parent.entries is None:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = self._key(node, parent.entries, event)
        else:
            parent.entries[parent.key.text] = Entry(parent.key, node)
            parent.key = None

    def _key(self, node: Node, entries: dict[str, Entry], event: Any) -> ScalarNode:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            shown = event.value or "null"
            self._refuse(f'the key {shown} is no text; write it in quotes: "{shown}"', event)
        if node.text == "<<" and not node.style:
            self._refuse(
                "merge keys (<<) are not supported; write the keys out, or repeat a whole value with an alias", event
            )
        first = entries.get(node.text)
        if first is not None:
            line = first.key.span.line + 1
            self._refuse(f"the key {node.text!r} stands here a second time; the first is in line {line}", event)
        return node

    def _no_key(self, event: Any) -> str:
        """Return why the list or mapping that begins with *event* cannot be a key."""
        outer, inner = self._open[-1].event.start_mark, event.start_mark
        if type(event).__name__ == "MappingStartEvent" and (outer.line, outer.column + 1) == (inner.line, inner.column):
            return 'a text that begins with {{ needs quotes: "{{ ... }}"'
        return "a list or mapping cannot be a key; keys are texts"

    def _awaits_key(self) -> bool:
        return bool(self._open) and self._open[-1].entries is not None and self._open[-1].key is None

    def _count(self, nodes: int, event: Any) -> None:
        self._size += nodes
        if self._size > NODES_MAX:
            self._refuse(f"the file holds more than {NODES_MAX} values, counting what its aliases repeat", event)

    def _refuse(self, fact: str, event: Any) -> NoReturn:
        start, end = event.start_mark, event.end_mark
        raise self._source.refused(fact, Span(start.line, start.column, end.line, end.column))


def _for_yaml(text: str) -> str:
    r"""Return *text* with the surrogate pairs of JSON (``\ud83d\ude00``), which YAML does not know, as one escape."""
    if "\\u" not in text or not text.lstrip().startswith(("{", "[")):
        return text
    return _PAIR.sub(_joined, text)


def _joined(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return f"{pair[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"
