"""Plugins: the tools that a pipeline file declares, and whether they can be had."""

import importlib.util
import re
from importlib.machinery import ModuleSpec, PathFinder
from typing import Final

from workflow_engine.spec.dialects.fields import Fields, Native, Remarks, copied, named, several, spelled
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, plain

_PLUGIN: Final = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):[A-Za-z_][\w.]*")


def tools_of(entry: Entry, used: frozenset[str], remarks: Remarks) -> Entry:
    """Return the native ``tools`` for those of a pipeline file.

    One that cannot be had is a problem where an agent in *used* names it, else a warning.
    """
    found: list[Node] = []
    for node in several(entry.value):
        if not isinstance(node, MappingNode):
            found.append(MappingNode(node.span, {"id": Entry(_key("id", node), node)}))
            continue
        fields, native = Fields(node, "a tool", remarks), Native()
        copied(native, fields, ("id name", "type", "plugin path", "config options"))
        fields.finish()
        name = spelled(native["id"].value) if "id" in native else ""
        if _kept(name, node, native, name in used, remarks):
            found.append(MappingNode(node.span, native))
    return named("tools", entry, ListNode(entry.value.span, tuple(found)))


def _kept(name: str, node: Node, native: Native, used: bool, remarks: Remarks) -> bool:
    """Return whether a tool has a native form, and say so where it cannot be had."""
    sort = plain(native["type"].value) if "type" in native else "builtin"
    at = native["plugin"].value if "plugin" in native else native["id"].value if "id" in native else node
    if sort not in ("builtin", "plugin"):
        why, kept = f"tool {name!r} is of type {sort!r}, and tools are builtin or plugin", False
    elif sort == "plugin" and not _can_be_imported(plugin := spelled(at) if "plugin" in native else ""):
        why, kept = f"tool {name!r} ({plugin or 'without a plugin'}) cannot be imported", True
    else:
        return True
    if used:
        remarks.problem(at, f"{why}; write plugin: package.module:Name of something that is installed")
    else:
        remarks.warning(at, f"{why}, and nothing uses it")
    return kept


def _can_be_imported(plugin: str) -> bool:
    """Return whether the module of ``module:Name`` is there; it is not imported, and neither is its package."""
    match = _PLUGIN.fullmatch(plugin)
    if match is None:
        return False
    first, *rest = match["module"].split(".")
    try:
        spec: ModuleSpec | None = importlib.util.find_spec(first)
        name = first
        for part in rest:
            if spec is None or spec.submodule_search_locations is None:
                return False
            name = f"{name}.{part}"
            spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    except (ImportError, ValueError, OSError):
        return False
    return spec is not None


def _key(name: str, at: Node) -> ScalarNode:
    return ScalarNode(at.span, name, name, "made")
