"""References: what a step is given, as a list of names or a mapping."""

from typing import NamedTuple

from workflow_engine.spec.dialects.fields import Remarks, several
from workflow_engine.spec.dialects.names import Path, Reader, Unclear, written
from workflow_engine.spec.dialects.text_nodes import rewritten
from workflow_engine.spec.dialects.texts import path_of
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.kinds import kind


class Given(NamedTuple):
    """One value that a step is given.

    Attributes:
        name: what it is called there.
        value: the native form: a template that is one expression, or JSON.
        path: what it reads, if it is a path.
    """

    name: str
    value: Node
    path: Path | None = None


def given_in(node: Node, reader: Reader, remarks: Remarks, whole: bool) -> tuple[Given, ...]:
    """Return what a step is given, for a list of references, a mapping of them, or one alone.

    Args:
        node: what is written.
        reader: finds what references mean.
        remarks: where problems go.
        whole: whether a step that is named alone stands for all that it gives, even if that is one value.
    """
    found: list[Given] = []
    if isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            value, path = _value(entry.value, reader, remarks)
            found.append(Given(name, value, path))
        return tuple(found)
    for item in several(node):
        one = _referred(item, reader, remarks, whole)
        if one is not None:
            found.append(one)
    counts = [one.name for one in found]
    return tuple(one if counts.count(one.name) == 1 else one._replace(name=_long(one)) for one in found)


def _value(node: Node, reader: Reader, remarks: Remarks) -> tuple[Node, Path | None]:
    """Return what a value of a mapping means: a reference, a text with templates, or itself."""
    if isinstance(node, ListNode):
        return ListNode(node.span, tuple(_value(item, reader, remarks)[0] for item in node.items)), None
    if isinstance(node, MappingNode):
        inner = {key: Entry(at.key, _value(at.value, reader, remarks)[0]) for key, at in node.entries.items()}
        return MappingNode(node.span, inner), None
    if not isinstance(node.value, str):
        return node, None
    if "{{" in node.value or "{%" in node.value:
        return rewritten(node, _outside(reader), remarks), None
    path = path_of(node.value, reader)
    if path is None:
        return node, None
    try:
        meant = _outside(reader).reference(path)
    except Unclear as unclear:
        if len(path) > 1 and path[0] in ("steps", "outputs", *reader.names.outputs):
            remarks.problem(node, str(unclear))
        return node, None
    return _read(meant, node, reader), meant


def _referred(node: Node, reader: Reader, remarks: Remarks, whole: bool) -> Given | None:
    """Return what an item of a list of inputs means."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        remarks.problem(node, f"an input is {kind(plain(node))}; write a name such as summary or steps.a.summary")
        return None
    text, outside = node.value.strip(), _outside(reader)
    inner = text[2:-2] if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1 else text
    path = path_of(inner, reader)
    if path is None:
        if "{{" in text:
            return Given(f"value{node.span.line}_{node.span.column}", rewritten(node, outside, remarks))
        remarks.problem(node, f"{text!r} is no name; write one such as summary or steps.a.summary")
        return None
    try:
        meant = outside.reference(path)
    except Unclear as unclear:
        remarks.problem(node, str(unclear))
        return None
    if meant[0] == "steps" and len(meant) == 2 and not whole and len(reader.names.outputs[meant[1]]) == 1:
        meant = (*meant, *reader.names.outputs[meant[1]])
    return Given(meant[-1], _read(meant, node, reader), meant)


def _outside(reader: Reader) -> Reader:
    """Return a reader that knows nothing of what the step is given under names of its own."""
    return Reader(reader.names, reader.step, (), reader.read, reader.guessed)


def _read(path: Path, at: Node, reader: Reader) -> Node:
    return made(f"{{{{ {written(path, reader.names.defaults)} }}}}", at)


def _long(one: Given) -> str:
    return ".".join(one.path[1:]) if one.path is not None else one.name
