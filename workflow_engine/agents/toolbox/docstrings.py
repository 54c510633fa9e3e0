"""Docstrings of functions in Google style: what they say of the function and of its arguments."""

import inspect
import itertools
import re
from typing import Final, NamedTuple

_SECTION: Final = re.compile(r"(Args|Arguments|Parameters|Returns?|Raises|Yields|Examples?|Notes?|Attributes):")
_ARGUMENT: Final = re.compile(r"\*{0,2}(?P<name>\w+)\s*(\([^)]*\))?:\s*(?P<text>.*)")


class Described(NamedTuple):
    """What a docstring says.

    Attributes:
        text: all of it before the sections.
        arguments: descriptions by the names of the arguments.
    """

    text: str
    arguments: dict[str, str]


def described(docstring: str | None) -> Described:
    """Return what *docstring* says."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    starts = [number for number, line in enumerate(lines) if _SECTION.fullmatch(line.rstrip())]
    text = "\n".join(lines[: starts[0] if starts else None]).strip()
    arguments: dict[str, str] = {}
    for start, end in itertools.pairwise([*starts, len(lines)]):
        if lines[start].startswith(("Args", "Arguments", "Parameters")):
            arguments |= _arguments(lines[start + 1 : end])
    return Described(text, arguments)


def _arguments(lines: list[str]) -> dict[str, str]:
    """Return the descriptions in a section; lines that are indented further go on with the one before."""
    found: dict[str, str] = {}
    name, indent = "", None
    for line in filter(str.strip, lines):
        depth = len(line) - len(line.lstrip())
        indent = depth if indent is None else indent
        match = _ARGUMENT.fullmatch(line.strip()) if depth <= indent else None
        if match is not None:
            name = match["name"]
            found[name] = match["text"].strip()
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
