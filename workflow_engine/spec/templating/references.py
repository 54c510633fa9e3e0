"""References: the paths that a template reads from its scope."""

from collections.abc import Iterator
from typing import Final

from jinja2 import nodes

Path = tuple[str, ...]
CONSTANTS: Final = frozenset(("null",))


def references_in(tree: nodes.Template) -> tuple[Path, ...]:
    """Return the paths that *tree* reads, in order, each once; names that it sets itself are none."""
    return tuple(dict.fromkeys(_each(tree.body, set(CONSTANTS))))


def dotted(node: nodes.Node) -> str:
    """Return how *node*, something that is looked into, is written."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=owner, attr=attr):
            return f"{dotted(owner)}.{attr}"
        case nodes.Getitem(node=owner, arg=nodes.Const(value=str(key))) if key.isidentifier():
            return f"{dotted(owner)}.{key}"
        case nodes.Getitem(node=owner, arg=nodes.Const(value=key)):
            return f"{dotted(owner)}[{key!r}]"
        case nodes.Getitem(node=owner):
            return f"{dotted(owner)}[...]"
        case _:
            return "the value"


def _each(body: list[nodes.Node], own: set[str]) -> Iterator[Path]:
    for node in body:
        yield from _in(node, own)


def _in(node: nodes.Node, own: set[str]) -> Iterator[Path]:
    match node:
        case nodes.For():
            inner = own | {"loop"} | {name.name for name in _names(node.target)}
            yield from _in(node.iter, own)
            yield from _each([*([node.test] if node.test else []), *node.body], inner)
            yield from _each(node.else_, set(own))
        case nodes.Assign():
            yield from _in(node.node, own)
            own |= {name.name for name in _names(node.target)}
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            yield from _chain(node, own)
        case _:
            yield from _each(list(node.iter_child_nodes()), own)


def _chain(node: nodes.Expr, own: set[str]) -> Iterator[Path]:
    keys: list[str | None] = []
    inner: list[nodes.Node] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        match node:
            case nodes.Getattr():
                keys.append(node.attr)
            case nodes.Getitem(arg=nodes.Const(value=str(key))):
                keys.append(key)
            case nodes.Getitem():
                keys.append(None)
                inner.append(node.arg)
        node = node.node
    if not isinstance(node, nodes.Name):
        yield from _in(node, own)
    elif node.name not in own:
        keys.reverse()
        known = keys[: keys.index(None)] if None in keys else keys
        yield (node.name, *(key for key in known if key is not None))
    yield from _each(inner[::-1], own)


def _names(target: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(target, nodes.Name):
        yield target
    yield from target.find_all(nodes.Name)
