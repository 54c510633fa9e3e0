"""Faults of templates: what is wrong with one before it ever runs, and where."""

import re
from typing import Final, NamedTuple


class Fault(NamedTuple):
    """What is wrong with a template.

    Attributes:
        fact: as a sentence, with the remedy.
        line: where in the text, from 0.
        column: from 0, which also stands for unknown.
    """

    fact: str
    line: int
    column: int


class Faulty(Exception):
    """A template has a fault; never leaves `workflow_engine.spec`."""

    def __init__(self, line: int, column: int, fact: str) -> None:
        super().__init__(fact)
        self.fault = Fault(fact, line, column)


HANDLEBARS: Final = tuple(
    (re.compile(pattern), remedy)
    for pattern, remedy in (
        (r"\{\{~?#\s*if\b", "{% if x %} ... {% endif %}"),
        (r"\{\{~?#\s*each\b", "{% for item in x %} ... {% endfor %}"),
        (r"\{\{~?(#\s*unless\b|\^)", "{% if not x %} ... {% endif %}"),
        (r"\{\{~?#", "{% if x %} or {% for item in x %}"),
        (r"\{\{~?/\s*each\b", "{% endfor %}"),
        (r"\{\{~?/", "{% endif %} or {% endfor %}"),
        (r"\{\{~?\s*else\b", "{% else %}"),
        (r"\{\{~?!", "{# a comment #}"),
        (r"\{\{~?>", "the text itself: templates do not include others"),
        (r"\{\{~?\s*@index\b", "{{ loop.index0 }}"),
        (r"\{\{\{", "{{ x }}: nothing is escaped"),
    )
)
"""Forms of Handlebars, and the Jinja form to write; of two that match at one place, the first counts."""


def handlebars(text: str) -> Faulty | None:
    """Return the fault of *text*, which Jinja cannot read, if it was written for Handlebars."""
    found = [(match.start(), match.group(), remedy) for form, remedy in HANDLEBARS if (match := form.search(text))]
    if not found:
        return None
    start, form, remedy = min(found, key=lambda one: one[0])
    line = text.count("\n", 0, start)
    column = start - (text.rfind("\n", 0, start) + 1)
    return Faulty(line, column, f"'{form} ...' is Handlebars, and templates are Jinja; write {remedy}")


def place_of(text: str, lineno: int | None, word: str | None = None) -> tuple[int, int]:
    """Return line and column, from 0, of what Jinja says is in line *lineno*, from 1: *word*, else the first braces."""
    lines = text.splitlines() or [""]
    line = min(max((lineno or 1) - 1, 0), len(lines) - 1)
    found = re.search(rf"\b{re.escape(word)}\b" if word else r"\{[{%]", lines[line])
    return line, found.start() if found else 0
