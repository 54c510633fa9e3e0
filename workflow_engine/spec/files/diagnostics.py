"""Diagnostics: what is wrong with a file, shown at the line that has to change."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import Final, NamedTuple

from workflow_engine.errors import SpecError
from workflow_engine.spec.files.nodes import Span

_WIDEST: Final = 100  # columns of source that are shown
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what the YAML parser counts as a line


class Diagnostic(NamedTuple):
    """One thing to say about a file.

    Attributes:
        file: its name, as it was asked for.
        line: from 1.
        column: from 1, in characters.
        fact: what is wrong and, where there is one, the remedy.
        source: the line as it is written.
        width: how many characters are meant.
    """

    file: str
    line: int
    column: int
    fact: str
    source: str
    width: int = 1

    def __str__(self) -> str:
        number = str(self.line)
        line, before, meant = _window(self.source, self.column - 1, self.width)
        margin = f"  {' ' * len(number)} |"
        caret = f"{margin} {' ' * before}{'^' * meant}"
        return f"{self.file}:{number}:{self.column}: {self.fact}\n  {number} | {line}".rstrip() + f"\n{caret}"


class Source:
    """The text of a file, and where its lines are.

    Attributes:
        name: what diagnostics call the file.
        text: what it holds.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return _BREAK.split(self.text)

    def diagnostic(self, fact: str, span: Span) -> Diagnostic:
        """Return *fact* as said about *span*, of which the part on its first line is marked."""
        number = min(span.line, len(self.lines) - 1)
        line = self.lines[number]
        column = min(span.column, len(line)) if number == span.line else len(line)
        end = span.end_column if span.end_line == span.line else len(line.rstrip())
        return Diagnostic(self.name, number + 1, column + 1, fact, line, max(1, min(end, len(line)) - column))

    def place(self, offset: int) -> Span:
        """Return the place of the character at *offset*."""
        lines = _BREAK.split(self.text[:offset])
        return Span(len(lines) - 1, len(lines[-1]), len(lines) - 1, len(lines[-1]) + 1)

    def refused(self, fact: str, span: Span) -> SpecError:
        """Return the refusal of the file for one *fact*."""
        return refusal([self.diagnostic(fact, span)])


def refusal(diagnostics: Iterable[Diagnostic]) -> SpecError:
    """Return the error that says all of *diagnostics*."""
    found = in_order(diagnostics)
    return SpecError(report(found), found)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return *diagnostics* as they stand in the file, each once."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda said: (said.file, said.line, said.column)))


def report(diagnostics: Iterable[Diagnostic], most: int = 20) -> str:
    """Return *diagnostics* as one text, the first *most* of them."""
    found = in_order(diagnostics)
    more = [f"and {len(found) - most} more"] if len(found) > most else []
    return "\n".join([*(str(said) for said in found[:most]), *more])


def _window(line: str, column: int, width: int) -> tuple[str, int, int]:
    """Return the shown part of *line*, and how many columns of a terminal are before the mark and under it."""
    start, end = 0, len(line)
    if end > _WIDEST:
        start = max(0, min(column - _WIDEST // 3, end - _WIDEST))
        end = min(end, start + _WIDEST)
    shown = "".join(_shown(char) for char in line[start:end])
    head, tail = "..." if start else "", "..." if end < len(line) else ""
    before, meant = shown[: column - start], shown[column - start : column - start + width]
    return f"{head}{shown}{tail}", len(head) + _columns(before), max(1, _columns(meant))


def _shown(char: str) -> str:
    """Return *char*, or what is shown for one that would move the mark or steer the terminal."""
    if char == "\t":
        return " "
    return char if char.isprintable() else "\ufffd"


def _columns(text: str) -> int:
    """Return how many columns of a terminal *text* takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
