"""Names: what a path in a text of a step file means, in the words of the native form."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from workflow_engine.spec.graph import reachable
from workflow_engine.spec.problems import did_you_mean, listed

Path = tuple[str, ...]

NATIVE: Final = frozenset(("phases", "context", "item", "index", "feedback", "task"))
"""Words that a path of the native form begins with and that mean the same in a step file."""

_OUTPUT: Final = ("output", "outputs", "result")
_REPLY: Final = ("text", "content", "response")
"""Words for all that a step gives; those for replies only where the step does not name what it gives."""


class Unclear(Exception):
    """A path may mean several things, or nothing; the message is a fact with a remedy."""


class Names:
    """All names of a step file.

    Args:
        outputs: names of the values that each step gives, by step id.
        needed: ids of the steps that each step waits for, as they are written.
        inputs: names of all inputs, or None where there may be others.
        defaults: values of inputs that are not submitted.

    Attributes:
        outputs: see there.
    """

    def __init__(
        self,
        outputs: Mapping[str, tuple[str, ...]],
        needed: Mapping[str, tuple[str, ...]],
        inputs: tuple[str, ...] | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.outputs = outputs
        self.inputs = inputs
        self.defaults = defaults or {}
        self._needed = {step: tuple(name for name in names if name in outputs) for step, names in needed.items()}

    def upstream(self, step: str) -> tuple[str, ...]:
        """Return the steps that *step* waits for, directly or not, as they are written."""
        return reachable(self._needed, self._needed.get(step, ()))

    def givers(self, name: str, step: str) -> tuple[str, ...]:
        """Return the steps that give a value of this *name*: those before *step*, if it waits for any of them."""
        found = tuple(other for other, names in self.outputs.items() if name in names and other != step)
        return tuple(other for other in found if other in self.upstream(step)) or found

    @cached_property
    def dashed(self) -> tuple[str, ...]:
        """Names with dashes, which an expression would take for differences; the longest first."""
        known = {*self.outputs, *(self.inputs or ()), *(name for names in self.outputs.values() for name in names)}
        return tuple(sorted((name for name in known if re.fullmatch(r"\w+(-\w+)+", name)), key=len, reverse=True))


@dataclass
class Reader:
    """Finds what the paths in the texts of one step mean.

    Attributes:
        names: of the whole file.
        step: id of the step.
        own: names under which the step itself is given values.
        read: the steps whose outputs it reads so far.
        guessed: words that were taken for names of inputs so far.
    """

    names: Names
    step: str
    own: tuple[str, ...] = ()
    read: dict[str, None] = field(default_factory=dict[str, None])
    guessed: dict[str, None] = field(default_factory=dict[str, None])

    def meaning(self, path: Path) -> Path:
        """Return the native path for *path*; one that means nothing stays as it is, to be refused later.

        Raises:
            Unclear: it may mean several things.
        """
        first, rest = path[0], path[1:]
        if first in ("input", "inputs"):
            return ("input", *rest) if rest and rest[0] in self.own else ("inputs", *rest)
        if first in self.own:
            return ("input", *path)
        if first == "steps":
            return self._of_step(rest[0], rest[1:]) if rest and rest[0] in self.names.outputs else path
        if first == "outputs" and rest:
            return self._output(rest) or path
        return self._bare(path)

    def reference(self, path: Path) -> Path:
        """Return the native path for one that names a value by itself, as in a list of inputs.

        Raises:
            Unclear: it may mean several things, or nothing.
        """
        found = self.meaning(path)
        if found[0] in ("inputs", *NATIVE) and path[0] in ("input", "inputs", *NATIVE):
            return found
        if found[0] == "steps" and found[1:2] and found[1] in self.names.outputs:
            return found
        if found[0] == "inputs" and (self.names.inputs is not None and path[0] in self.names.inputs):
            return found
        raise Unclear(self._nothing(path))

    def _bare(self, path: Path) -> Path:
        """Return what a path without a root means: an output, an input, or a step."""
        first = path[0]
        is_step = first in self.names.outputs and first != self.step
        if is_step and path[1:] and (path[1] in self.names.outputs[first] or path[1] in _OUTPUT):
            return self._of_step(first, path[1:])
        givers = self.names.givers(first, self.step)
        is_input = first in (self.names.inputs or ())
        if len(givers) + is_input > 1:
            found = [*(f"steps.{step}.{first}" for step in givers), *([f"inputs.{first}"] if is_input else [])]
            raise Unclear(f"{first!r} may be {listed(found)}; write which")
        if givers:
            return self._of_step(givers[0], path)
        if is_input:
            return ("inputs", *path)
        if is_step:
            return self._of_step(first, path[1:])
        if first in NATIVE or self.names.inputs is not None:
            return path
        self.guessed[first] = None
        return ("inputs", *path)

    def _output(self, path: Path) -> Path | None:
        """Return what stands behind ``outputs.``: a name, or a step."""
        givers = self.names.givers(path[0], self.step)
        if len(givers) > 1:
            raise Unclear(f"{path[0]!r} may be {listed(f'steps.{step}.{path[0]}' for step in givers)}; write which")
        if givers:
            return self._of_step(givers[0], path)
        return self._of_step(path[0], path[1:]) if path[0] in self.names.outputs else None

    def _of_step(self, step: str, rest: Path) -> Path:
        """Return a path below the output of *step*: ``output.x`` is ``x``, and ``output`` the only one it has."""
        if step != self.step:
            self.read[step] = None
        given = self.names.outputs[step]
        whole = _OUTPUT if given else (*_OUTPUT, *_REPLY)
        if rest and rest[0] in whole and rest[0] not in given:
            below = rest[1:]
            rest = below if len(given) != 1 or below[:1] == given else (*given, *below)
        return ("steps", step, *rest)

    def _nothing(self, path: Path) -> str:
        known = [*dict.fromkeys(name for names in self.names.outputs.values() for name in names)]
        guess = did_you_mean(path[0], [*known, *self.names.outputs, *(self.names.inputs or ()), "inputs", "steps"])
        named = ".".join(path)
        others = f"; outputs are {listed(known)}" if known and not guess else ""
        return f"{named!r} is no output of another step and no input{guess}{others}; write inputs.x for an input"


def written(path: Sequence[str], defaults: Mapping[str, Any]) -> str:
    """Return a native path as an expression; an input that has a default is given it where it is missing."""
    text, rest = path[0], path[1:]
    if path[0] == "inputs" and rest and rest[0] in defaults:
        value = json.dumps(defaults[rest[0]], ensure_ascii=False)
        text, rest = f"({text}{_parts(rest[:1])} | default({value}))", rest[1:]
    return text + _parts(rest)


def _parts(path: Iterable[str]) -> str:
    return "".join(_part(part) for part in path)


def _part(part: str) -> str:
    if re.fullmatch(r"\d+", part):
        return f"[{part}]"
    return f".{part}" if re.fullmatch(r"[A-Za-z_]\w*", part) else f"[{_quoted(part)}]"


def _quoted(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
