"""What commands print: tables and colours on a terminal, plain lines with tabs where the output is piped, or JSON.

Text from tasks is printed without control characters, so that it cannot command a terminal.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Final = {
    "completed": "green",
    "failed": "bold red",
    "cancelled": "dim",
    "in_progress": "cyan",
    "waiting_human": "yellow",
    "waiting_agent": "magenta",
    "waiting_io": "magenta",
    "ok": "green",
    "warn": "yellow",
    "problem": "bold red",
}
"""Styles of words that stand alone in a cell."""


def is_terminal() -> bool:
    """Return whether a person reads what is printed."""
    return sys.stdout.isatty()


def print_json(document: Any) -> None:
    """Print one JSON document; indented."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def print_json_line(document: Any) -> None:
    """Print one JSON document as a line."""
    print(json.dumps(document, ensure_ascii=False, separators=(",", ":")), flush=True)


def print_line(text: str, style: str = "") -> None:
    """Print a line; *style* is seen on a terminal."""
    if is_terminal():
        from rich.text import Text

        _console().print(Text(clean(text), style))
    else:
        print(clean(text))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; piped, its lines have tabs between the cells, and the first names the columns."""
    if not is_terminal():
        for row in (columns, *rows):
            print("\t".join(_cell(cell) for cell in row))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=index == 0)
    for row in rows:
        table.add_row(*(Text(clean(cell), STYLES.get(cell, "")) for cell in row))
    _console().print(table)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names and values below each other."""
    if not is_terminal():
        for name, value in facts:
            print(f"{name}\t{_cell(value)}")
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, Text(clean(value), STYLES.get(value, "")))
    _console().print(table)


def compact(value: Any) -> str:
    """Return a JSON value in one line."""
    return json.dumps(value, ensure_ascii=False)


def clean(text: str) -> str:
    """Return *text* with its control characters, but for line ends and tabs, made visible."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in "\n\t" else repr(letter)[1:-1] for letter in text)


def _cell(text: str) -> str:
    """Return *text* as one cell of a line with tabs."""
    return clean(" ".join(text.split()) if any(letter in text for letter in "\n\t\r") else text)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)
