"""Translations: a workflow file of another dialect, as the tree that a native file would have given."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from workflow_engine.spec.files.nodes import MappingNode, Node


class Remark(NamedTuple):
    """Something to say about a node of the file.

    Attributes:
        node: what it is about; for a key, the node of the key.
        fact: what is wrong or will be different and, where there is one, the remedy.
        within: where the node is a text and the remark is about a place in it: line and column, both from 0.
    """

    node: Node
    fact: str
    within: tuple[int, int] | None = None


class Translation(NamedTuple):
    """What a dialect makes of a file.

    Attributes:
        root: the native form.  Nodes that mean the same in both dialects are taken over as they are; the others are
            made with `made` and `mapping` of `workflow_engine.spec.files.nodes`, at the place of what they were made
            from.  So every problem of the native form points to a line of the file that was written.
        problems: what is wrong; with one, the native form is not looked at.
        warnings: what loads but may not mean what its author expects.
    """

    root: Node
    problems: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


class Dialect(NamedTuple):
    """A way to write workflow files.

    Attributes:
        name: what it is called.
        key: the key at the top by which a file is known to be written in it.
        translate: makes the native form of a file; it is given the top mapping and the folder of the file, None
            where that is not known.
    """

    name: str
    key: str
    translate: Callable[[MappingNode, Path | None], Translation]
