"""Which way a JSON value is shown: as text, Markdown, a list of facts or a tree."""

import json
import re
from typing import Any, Final

from workflow_engine.ui.showing.diff import diff
from workflow_engine.ui.showing.markdown import markdown
from workflow_engine.ui.showing.shown import Node, Shown, ShownDiff, ShownFacts, ShownJson, ShownMarkdown, ShownText
from workflow_engine.ui.showing.trees import leaf, tree

TEXT_MAX: Final = 256 * 1024
"""Characters of a text that are shown."""

FACTS_MAX: Final = 24
FACTS_TEXT_MAX: Final = 8 * 1024
"""Values, and characters of all of them, in an object that is shown as a list of facts."""


def show_value(value: Any, title: str | None = None) -> Shown:
    """Return how a JSON value is shown.

    - A text that `is_markdown` is shown as Markdown if it is not too long or too deep for that, any other as text.
    - An object is a list of facts if it is small and its values hold no others; else it is a tree, as any list is.
    - Numbers, booleans and null are text.

    Args:
        value: what a task, phase or person gave.
        title: what it is called; None for nothing.
    """
    name = title or ""
    match value:
        case str():
            return show_text(value, name, as_markdown=is_markdown(value))
        case dict() if (facts := _facts(value)) is not None:  # pyright: ignore[reportUnknownArgumentType] - JSON
            return ShownFacts(title=name, facts=facts)
        case dict() | list() | tuple():
            return ShownJson(title=name, root=tree(value))
        case _:
            return ShownText(title=name, text=leaf("", value).text)


def show_text(text: str, title: str = "", *, as_markdown: bool = False) -> Shown:
    """Return how a text is shown that somebody wrote."""
    html = markdown(text) if as_markdown else None
    if html is not None:
        return ShownMarkdown(title=title, html=html, source=text)
    note = "Too long or too deeply nested to be laid out, so it is shown as it was written." if as_markdown else ""
    return ShownText(title=title, note=note, text=text[:TEXT_MAX], left_out=max(0, len(text) - TEXT_MAX))


def show_diff(before: Any, after: Any, title: str | None = None) -> ShownDiff:
    """Return how the change from one JSON value to the next is shown: words of texts, lines of everything else."""
    if isinstance(before, str) and isinstance(after, str):
        return ShownDiff(title=title or "", diff=diff(before, after))
    return ShownDiff(title=title or "", diff=diff(written(before), written(after), prose=False))


def written(value: Any) -> str:
    """Return a JSON value as text, for a comparison: keys sorted, one value a line, a text as it is."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


def is_markdown(text: str) -> bool:
    """Return whether *text* is taken for Markdown.

    The rule is careful, because a program or a log that is laid out as Markdown is unreadable: the text has more than
    one line, and begins with a heading of the first level over an empty line, or shows at least two different signs of
    Markdown.  The signs are a heading with empty lines around it, two items of a list, a quote, a fence that is closed,
    the line below the head of a table, a link, strong words.  Lines that only programs have (``#!``, ``def``,
    ``import``, braces and semicolons at the end) speak against it outside of a fence.
    """
    beginning = text[:LOOKED_AT]
    if "\n" not in beginning.strip():
        return False
    prose = _FENCE.sub("\n```\n", beginning)
    signs = sum(bool(sign.search(prose)) for sign in _SIGNS) + bool(_FENCE.search(beginning))
    return (signs >= 2 or _TITLE.match(prose) is not None) and not _PROGRAM.search(prose)


LOOKED_AT: Final = 20_000
"""Characters of a text by which it is taken for Markdown or not."""

_TITLE: Final = re.compile(r"\s*# [^\n]+\n[ \t]*\n[ \t]*[^\s#]")  # a second comment below the first is a program's
_FENCE: Final = re.compile(r"(?ms)^(```|~~~)[^\n`]*\n.*?^\1[`~]*[ \t]*$")
_SIGNS: Final = (
    re.compile(r"(?:\A|\n[ \t]*\n)#{1,6} [^\n]+(?:\n[ \t]*\n|\Z)"),
    re.compile(r"(?m)^ {0,3}(?:[-*+]|\d{1,3}[.)]) \S.*\n(?:[ \t].*\n|[ \t]*\n)*(?: {0,3}(?:[-*+]|\d{1,3}[.)]) \S)"),
    re.compile(r"(?m)^> \S"),
    re.compile(r"(?m)^\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*)+\|?[ \t]*$"),
    re.compile(r"\[[^\]\n]{1,200}\]\((?:https?://|mailto:)[^)\s]{1,2000}\)"),
    re.compile(r"\*\*[^\s*][^*\n]{0,500}\*\*"),
)
_PROGRAM: Final = re.compile(
    r"\A#!|(?m:^(?:def |class |import |from \w+ import |#include |function |const |let |var |package |<\?|<html|<!))"
    r"|(?m:[;{][ \t]*$)"
)


def _facts(value: dict[str, Any]) -> tuple[Node, ...] | None:
    """Return the values of a small object that holds no others, or None for another one."""
    if not 0 < len(value) <= FACTS_MAX:
        return None
    if not all(child is None or isinstance(child, str | bool | int | float) for child in value.values()):
        return None
    found = tuple(leaf(str(key), child) for key, child in value.items())
    length = sum(len(fact.text) + fact.left_out + len(str(fact.key)) for fact in found)
    return found if length <= FACTS_TEXT_MAX else None
