"""Checking: what is wrong with the text of a workflow file, in the words of ``workflow-engine validate``."""

from typing import Any, Final, Literal

import msgspec

from workflow_engine.errors import SpecError
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.ui.library import Library

PROBLEMS_MAX: Final = 200
"""Problems that are listed; nobody reads more."""

SOURCE_MAX: Final = 160
"""Characters of a line that are shown with its problem."""


class Problem(msgspec.Struct, frozen=True):
    """One thing to say about a file.

    Attributes:
        line: from 1; None where the file as a whole is meant.
        column: from 1, in characters.
        severity: whether the file is refused for it.
        message: what is wrong, with the remedy.
        source: the line as it is written, or the part of it that is meant.
    """

    line: int | None
    column: int | None
    severity: Literal["error", "warning"]
    message: str
    source: str


class Checked(msgspec.Struct, frozen=True):
    """What came of looking at a text.

    Attributes:
        problems: as they stand in the file; the first `PROBLEMS_MAX` of them.
        more: how many there are besides.
        spec: the workflow, None where the file is wrong.
        dialect: in which words it is written; empty where it is wrong.
    """

    problems: tuple[Problem, ...]
    more: int
    spec: WorkflowSpec | None
    dialect: str = ""

    @property
    def wrong(self) -> bool:
        """Whether it cannot be saved."""
        return self.spec is None


def check(library: Library, text: str) -> Checked:
    """Return what is to be said of a text."""
    try:
        loaded = library.load(text)
    except SpecError as error:
        said = [_problem(one, "error") for one in error.problems] or [Problem(None, None, "error", str(error), "")]
        return Checked(tuple(said[:PROBLEMS_MAX]), max(0, len(said) - PROBLEMS_MAX), None)
    warnings = [_problem(one, "warning") for one in loaded.warnings]
    more = max(0, len(warnings) - PROBLEMS_MAX)
    return Checked(tuple(warnings[:PROBLEMS_MAX]), more, loaded.spec, loaded.dialect)


def _problem(said: Any, severity: Literal["error", "warning"]) -> Problem:
    """Return a `workflow_engine.spec.files.diagnostics.Diagnostic` as it is shown."""
    start = max(0, said.column - 1 - SOURCE_MAX // 2) if len(said.source) > SOURCE_MAX else 0
    return Problem(said.line, said.column, severity, said.fact, said.source[start : start + SOURCE_MAX])
