"""Inputs: what a file of another dialect says of the data that is submitted, as JSON Schema."""

from typing import Any, Final

from workflow_engine.spec.dialects.fields import Remarks, several, spelled
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, made, mapping, plain
from workflow_engine.spec.problems import did_you_mean, listed

TYPES: Final = {
    **dict.fromkeys(("string", "str", "text"), "string"),
    **dict.fromkeys(("number", "float", "double"), "number"),
    **dict.fromkeys(("integer", "int"), "integer"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("array", "list"), "array"),
    **dict.fromkeys(("object", "dict", "map", "json"), "object"),
    "null": "null",
}
"""Words for types, and those of JSON Schema."""


def schema_of(node: Node, remarks: Remarks) -> Node:
    """Return the JSON Schema for declared inputs.

    Args:
        node: a JSON Schema, taken as it is; a mapping of names to types, defaults or both; or a list of names.
        remarks: where problems go.
    """
    if isinstance(node, MappingNode):
        return node if is_schema(node) else _by_name(node, remarks)
    names: dict[str, Node] = {}
    required: list[Node] = []
    for item in several(node):
        if isinstance(item, ScalarNode) and isinstance(item.value, str):
            names[item.value] = made({}, item)
        elif isinstance(item, MappingNode) and "name" in item.entries:
            rest = {key: entry for key, entry in item.entries.items() if key != "name"}
            name = item.entries["name"].value
            names[spelled(name)], needed = _property(MappingNode(item.span, rest), remarks)
            required += [name] if needed else []
        else:
            remarks.problem(item, "an input is a name, or a mapping with a name")
    return _schema(node, {key: Entry(_key(key, at), at) for key, at in names.items()}, required)


def is_schema(node: MappingNode) -> bool:
    """Return whether a mapping is a JSON Schema of an object, and not names by what they mean."""
    if "$schema" in node.entries or "$ref" in node.entries:
        return True
    properties, kind = node.entries.get("properties"), node.entries.get("type")
    return (properties is not None and isinstance(properties.value, MappingNode)) or (
        kind is not None and plain(kind.value) == "object"
    )


def defaults_in(schema: Node) -> dict[str, Any]:
    """Return the values of inputs that are not submitted, by name, for those whose schema has one."""
    properties: Any = plain(schema).get("properties")
    if not isinstance(properties, dict):
        return {}
    declared: dict[str, Any] = properties  # pyright: ignore[reportUnknownVariableType] - JSON
    return {name: said["default"] for name, said in declared.items() if isinstance(said, dict) and "default" in said}


def names_in(schema: Node) -> tuple[str, ...] | None:
    """Return the names of all inputs; None where there may be others."""
    said = plain(schema)
    if not isinstance(said.get("properties"), dict) or said.get("additionalProperties") not in (None, False):
        return None
    return tuple(said["properties"])


def _by_name(node: MappingNode, remarks: Remarks) -> Node:
    properties: dict[str, Entry] = {}
    required: list[Node] = []
    for name, entry in node.entries.items():
        value, needed = _property(entry.value, remarks)
        properties[name] = Entry(entry.key, value)
        required += [entry.key] if needed else []
    return _schema(node, properties, required)


def _schema(at: Node, properties: dict[str, Entry], required: list[Node]) -> Node:
    parts: dict[str, Node] = {"type": made("object", at), "properties": MappingNode(at.span, properties)}
    if required:
        parts["required"] = ListNode(at.span, tuple(required))
    return mapping(at, parts)


def _property(node: Node, remarks: Remarks) -> tuple[Node, bool]:
    """Return the JSON Schema of one input, and whether it has to be submitted."""
    if isinstance(node, ScalarNode):
        if node.value is None:
            return made({}, node), False
        if isinstance(node.value, str) and node.value.lower() in ("any", *TYPES):
            return _typed(node, remarks), False
        guess = did_you_mean(str(node.value), TYPES) if isinstance(node.value, str) else ""
        if guess:
            remarks.warning(node, f"{node.text!r} is no type, so it is the default{guess}")
        return mapping(node, {"default": node}), False
    if isinstance(node, ListNode):
        return mapping(node, {"default": node}), False
    required = node.entries.get("required")
    needs = required is not None and plain(required.value) is True
    flag = required is not None and isinstance(plain(required.value), bool)
    entries = {key: entry for key, entry in node.entries.items() if not (flag and key == "required")}
    written = entries.pop("type", None)
    typed = _typed(written.value, remarks) if written is not None else made({}, node)
    assert isinstance(typed, MappingNode)
    return MappingNode(node.span, {**typed.entries, **entries}), needs


def _typed(node: Node, remarks: Remarks) -> Node:
    """Return the JSON Schema for the name of a type; one of JSON Schema itself may be a list."""
    if not isinstance(node, ScalarNode):
        return mapping(node, {"type": node})
    word = str(node.value).lower()
    if word == "any":
        return made({}, node)
    if word not in TYPES:
        fact = f"the type {node.text!r} is not known{did_you_mean(word, TYPES)}; known are any, {listed(TYPES)}"
        remarks.problem(node, fact)
        return made({}, node)
    return mapping(node, {"type": node if TYPES[word] == node.value else made(TYPES[word], node)})


def _key(name: str, at: Node) -> ScalarNode:
    return ScalarNode(at.span, name, name, "made")
