"""The toolbox: the tools that a phase names, with the policy of each.

A phase names a tool by the id of its declaration, or by the name under which the program registered it, which stands
for all that it offers; by the name of one thing that it offers; or all there are with ``*``.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from workflow_engine.agents.toolbox.opened import BUILTIN, OpenedTools
from workflow_engine.agents.toolbox.registered import RegisteredTools
from workflow_engine.agents.toolbox.sets import Renamed
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import ToolDeclaration
from workflow_engine.spec.problems import did_you_mean, listed
from workflow_engine.task import Task

ALL: Final = "*"
"""In the tools of a phase, all that are declared or registered; in its policies, all that it does not name."""

NAME_MAX: Final = 64
"""Longest name of a tool, in characters."""

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")
_STRICTNESS: Final[tuple[Policy, ...]] = ("allow", "ask", "deny")


class Toolbox:
    """Finds the tools that phases name; see `workflow_engine.agents.agent.Toolbox`.

    Args:
        registered: what the program has registered.
        data_dir: the engine's data directory; folders of tasks are made in it.
    """

    def __init__(self, registered: RegisteredTools, data_dir: Path) -> None:
        self._registered = registered
        self._opened = OpenedTools(data_dir)

    async def close(self) -> None:
        """Close all tools."""
        await self._opened.close()

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """Return tool and policy by the name that the model calls it.

        Raises:
            PermanentFailure: the phase names a tool that there is not, or one cannot be started.
            TransientFailure: one does not start just now.
        """
        if not phase.tools:
            return {}
        declared = {declaration.id: declaration for declaration in task.tools}
        sources = [await self._open(source, declared) for source in self._sources(phase, declared)]
        things = [thing for source in sources for thing in source.wanted()]
        offered = _offered(phase, things)
        _check_policy(phase, things, offered)
        return offered

    def _sources(self, phase: Phase, declared: Mapping[str, ToolDeclaration]) -> "list[_Wanted]":
        """Return the ids that a phase names, each with the single names that it asks for."""
        found: dict[str, _Wanted] = {}
        for word in phase.tools:
            for name in (*declared, *self._registered) if word == ALL else (self._source(word, phase, declared),):
                wanted = found.setdefault(name, _Wanted(name, []))
                wanted.names.append(ALL if word in (ALL, name) else word)
        return list(found.values())

    def _source(self, word: str, phase: Phase, declared: Mapping[str, ToolDeclaration]) -> str:
        """Return the id that a word of a phase stands for, or that offers what it stands for."""
        known = (*declared, *self._registered, *BUILTIN)
        if word in known:
            return word
        prefixes: list[str] = [name for name in known if word.startswith(f"{name}_")]
        if prefixes:
            return sorted(prefixes, key=len)[-1]
        raise PermanentFailure(
            f"phase {phase.id!r} names the tool {word!r}, which is neither declared nor registered; there are "
            f"{listed(dict.fromkeys(known))}{did_you_mean(word, known)}"
        )

    async def _open(self, wanted: "_Wanted", declared: Mapping[str, ToolDeclaration]) -> "_Source":
        name = wanted.name
        if name not in declared and name in self._registered:
            tool, policy = self._registered[name]
            return _Source(name, await self._opened.registered(name, tool), policy, wanted.names)
        declaration = declared.get(name) or ToolDeclaration(id=name)
        tool = await self._opened.declared(declaration)
        return _Source(name, tool, declaration.policy, wanted.names)


class _Wanted(NamedTuple):
    """An id, and the names of the things it offers that are asked for, `ALL` for all."""

    name: str
    names: list[str]


class _Thing(NamedTuple):
    """One thing that a tool offers.

    Attributes:
        source: the id of the tool.
        tool: the tool.
        name: its own name for it.
        policy: what the declaration says.
    """

    source: str
    tool: Tool
    name: str
    policy: Policy | None

    @property
    def short(self) -> str:
        """Its own name, as models accept it."""
        return _UNFIT.sub("_", self.name)[:NAME_MAX]

    @property
    def full(self) -> str:
        """Its name with the id before it."""
        fit = _UNFIT.sub("_", self.source)
        return self.short if self.short.startswith(f"{fit}_") else f"{fit}_{self.short}"[:NAME_MAX]


class _Source(NamedTuple):
    """A tool that is open; see `_Wanted`."""

    name: str
    tool: Tool
    policy: Policy | None
    names: Sequence[str]

    def wanted(self) -> list[_Thing]:
        """Return what is asked for of it.

        Raises:
            PermanentFailure: it does not offer that.
        """
        things = [_Thing(self.name, self.tool, spec.name, self.policy) for spec in self.tool.specs]
        known = {name: thing for thing in things for name in (thing.short, thing.full, thing.name)}
        for name in self.names:
            if name != ALL and name not in known:
                raise PermanentFailure(
                    f"there is no tool {name!r}; {self.name!r} offers {listed(thing.name for thing in things)}"
                    f"{did_you_mean(name, known)}"
                )
        if ALL in self.names:
            return things
        chosen = {known[name].name for name in self.names}
        return [thing for thing in things if thing.name in chosen]


def _offered(phase: Phase, things: Sequence[_Thing]) -> dict[str, tuple[Tool, Policy]]:
    """Return tool and policy by the name that the model calls it: its own, with the id before it where two clash."""
    counts = Counter(thing.short for thing in things)
    found: dict[str, tuple[Tool, Policy]] = {}
    for thing in things:
        shown = thing.short if counts[thing.short] == 1 else thing.full
        if shown in found:
            raise PermanentFailure(
                f"phase {phase.id!r} has two tools of the name {shown!r}; give their ids other names"
            )
        tool = thing.tool if shown == thing.name else Renamed(thing.tool, {shown: thing.name})
        found[shown] = (tool, policy_of(phase, thing, shown))
    return found


def _check_policy(phase: Phase, things: Sequence[_Thing], offered: Collection[str]) -> None:
    """Return if every policy of the phase is about something: a misspelt "deny" would be lost.

    Raises:
        PermanentFailure: one is about nothing.
    """
    known = dict.fromkeys((*offered, *(name for thing in things for name in (thing.source, thing.name, thing.full))))
    for name in phase.tool_policy:
        if name != ALL and name not in known:
            raise PermanentFailure(
                f"tool_policy of phase {phase.id!r} is about {name!r}, which is no tool of it; its tools are "
                f"{listed(known)}{did_you_mean(name, known)}"
            )


def policy_of(phase: Phase, thing: _Thing, shown: str) -> Policy:
    """Return what holds for a call: what the phase says of it, of its tool, of all; else the declaration, or the tool.

    Where the phase says several things of one name and the same tool, the strictest holds; what is no policy denies.
    """
    said = phase.tool_policy
    named: list[Policy] = [said[name] for name in dict.fromkeys((shown, thing.full)) if name in said]
    # Its own name, where it is not called so, may be meant for another tool: then it only makes it stricter.
    own: list[Policy] = [said[thing.name]] if thing.name in said and said[thing.name] != "allow" else []
    for given in (_strictest([*named, *own]), said.get(thing.source), said.get(ALL), thing.policy):
        if given is not None:
            return _closed(given)
    return _closed(thing.tool.policy(thing.name))


def _strictest(policies: Iterable[Policy]) -> Policy | None:
    return max(policies, key=_STRICTNESS.index, default=None)


def _closed(given: object) -> Policy:
    """Return a policy that may be anything, as other people's tools give it: what is none denies."""
    return "allow" if given == "allow" else "ask" if given == "ask" else "deny"
