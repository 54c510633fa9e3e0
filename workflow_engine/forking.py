"""Forking: tasks that a handler has carried out side by side, and how their contexts become one again."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import Json


class _Same:
    """Marks that a branch is about what its parent is about."""

    def __repr__(self) -> str:
        return "SAME"


SAME: Final = _Same()


class Fork(NamedTuple):
    """A task to be forked.

    Attributes:
        name: a workflow, or a classification that has a handler.
        data: what it is about, anything that can be JSON; `SAME` for what the forking task is about.
    """

    name: str
    data: Any = SAME


class Joined(msgspec.Struct, frozen=True):
    """How a forked task ended.

    Attributes:
        task: its id.
        output: what it gave; absent for nothing.
        changes: the context values that it left, by name.
    """

    task: str
    output: Json = msgspec.UNSET
    changes: dict[str, msgspec.Raw] = {}


def merge(
    base: Mapping[str, msgspec.Raw], joined: Sequence[Joined]
) -> tuple[dict[str, msgspec.Raw], dict[str, dict[str, msgspec.Raw]]]:
    """Return the values that forked tasks have changed, by name, and those they have changed in different ways.

    A value that one task has changed is taken, and so is one that several have changed to the same; a value that equals
    what they began with counts as unchanged.

    Args:
        base: the context that the tasks began with.
        joined: how they ended.

    Returns:
        The merged changes; and the conflicts, each the values by the ids of the tasks.
    """
    sides: dict[str, dict[str, msgspec.Raw]] = {}
    for branch in joined:
        for name, value in branch.changes.items():
            if name not in base or _canonical(base[name]) != _canonical(value):
                sides.setdefault(name, {})[branch.task] = value
    merged: dict[str, msgspec.Raw] = {}
    conflicts: dict[str, dict[str, msgspec.Raw]] = {}
    for name, values in sides.items():
        if len({_canonical(value) for value in values.values()}) == 1:
            merged[name] = next(iter(values.values()))
        else:
            conflicts[name] = values
    return merged, conflicts


def _canonical(value: msgspec.Raw) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(value), order="sorted")
