"""CSV as a table of bounded size.  Formulas are text here; the file to download is as it was written."""

import csv
import io
from itertools import islice
from typing import Final

from workflow_engine.ui.showing.shown import File, ShownTable

ROWS_MAX: Final = 200
COLUMNS_MAX: Final = 40
CELL_MAX: Final = 500
"""Rows, columns and characters of a cell that are shown."""


def table(text: str, title: str, file: File | None = None, *, tabs: bool = False) -> ShownTable | None:
    """Return *text* as a table, or None if it is none: less than two rows or columns, or quotes that do not close."""
    delimiter = "\t" if tabs else _delimiter(text)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
    except csv.Error:
        return None
    columns = max((len(row) for row in rows[: ROWS_MAX + 1]), default=0)
    if columns < 2 or len(rows) < 2:
        return None
    width = min(columns, COLUMNS_MAX)
    cells = [tuple(_cells(row, width)) for row in islice(rows, ROWS_MAX + 1)]
    numeric = tuple(_are_numbers([row[place] for row in cells[1:]]) for place in range(width))
    note = f"The first {width} of {columns:,} columns." if columns > width else ""
    left_out = len(rows) - len(cells)
    return ShownTable(
        title=title, note=note, file=file, header=cells[0], rows=tuple(cells[1:]), numeric=numeric, left_out=left_out
    )


def _delimiter(text: str) -> str:
    """Return what separates the cells of the first line: the sign of which it has most, a comma if it has none."""
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count)


def _cells(row: list[str], width: int) -> list[str]:
    cut = [cell if len(cell) <= CELL_MAX else cell[: CELL_MAX - 1] + "…" for cell in row[:width]]
    return cut + [""] * (width - len(cut))


def _are_numbers(cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(cell.lstrip("+-").replace(",", "").replace(".", "", 1).isdecimal() for cell in filled)
