"""The results of benchmarks: printed, and kept in RESULTS.md, a section for each day and machine."""

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

PATH: Final = Path(__file__).resolve().parent / "RESULTS.md"

HEAD: Final = """# Results

Written by `make bench`: the medians of several runs, each in a fresh process, on the disk of the checkout.  The plain
loop is what one turn of `for number in range(2_000_000): total += number` took at the same time, in the same process:
compare two rows by their ratio to it.  The load is that of the machine when the row was measured; one above 1 says that
others used it, and that a quiet machine does better.
"""

_COLUMNS: Final = "| what | target | measured | plain loop, ns | load |\n| --- | --- | --- | --- | --- |"


class Row(NamedTuple):
    """One line of a table; see `HEAD`."""

    what: str
    target: str
    measured: str
    loop_ns: float

    def line(self) -> str:
        """Return it as a line of a table in Markdown."""
        load = os.getloadavg()[0]
        return f"| {self.what} | {self.target} | {self.measured} | {self.loop_ns:.0f} | {load:.1f} |"


def machine() -> str:
    """Return what the numbers depend on: the day, the processor, its cores, the Python."""
    model = platform.processor() or platform.machine()
    for line in _cpuinfo():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{time.strftime('%Y-%m-%d')} · {model} · {os.cpu_count()} cores · {python}"


def write(rows: Iterable[Row]) -> None:
    """Put *rows* in the section of this day and machine, in place of those that measured the same."""
    title = f"## {machine()}"
    sections = _sections()
    lines = {_what(line): line for line in sections.pop(title, [])}
    lines |= {row.what: row.line() for row in rows}
    table = "\n".join(lines.values())
    others = [f"{other}\n\n{_COLUMNS}\n" + "\n".join(kept) for other, kept in sections.items()]
    PATH.write_text("\n\n".join([HEAD.strip(), f"{title}\n\n{_COLUMNS}\n{table}", *others]) + "\n")


def _sections() -> dict[str, list[str]]:
    """Return the rows that are kept by the title of their section."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in PATH.read_text().splitlines() if PATH.exists() else ():
        if line.startswith("## "):
            title = line
            found[title] = []
        elif line.startswith("| ") and title and not _COLUMNS.startswith(line) and not line.startswith("| ---"):
            found[title].append(line)
    return found


def _what(line: str) -> str:
    return line.split("|")[1].strip()


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
