"""What a person sees on stderr while a task is carried out: a table that lives on a terminal, or lines."""

import contextlib
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from workflow_engine.cli.output import clean
from workflow_engine.cli.run_phases import (
    ASKS,
    DONE,
    FAILED,
    REJECTS,
    SKIPPED,
    SLEEPS,
    STOPPED,
    UNDER_WAY,
    Phases,
    Row,
    duration,
)
from workflow_engine.core.events import AttemptFailed, Event, PhaseCompleted, QuestionAsked
from workflow_engine.runtime.saying import Said

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

STYLES: Final = {
    DONE: "green",
    UNDER_WAY: "cyan",
    FAILED: "bold red",
    ASKS: "yellow",
    SLEEPS: "magenta",
    STOPPED: "dim",
    REJECTS: "yellow",
    "waits": "yellow",
    SKIPPED: "dim",
    "": "dim",
}
MARKS: Final = {
    DONE: "✓",
    UNDER_WAY: "▸",
    FAILED: "✗",
    REJECTS: "↩",
    ASKS: "?",
    SLEEPS: "…",
    STOPPED: "-",
    "waits": "!",
    SKIPPED: "-",
}
ROWS_MAX: Final = 40
"""Most rows that are shown; those of forked tasks that are done go first."""

LOOKS: Final = 8
"""How often the table is drawn, in one second."""


class RunProgress:
    """Shows phases on stderr.

    Args:
        phases: the phases of the workflow, in order.
        live: show a table of the phases, on a terminal.
        verbose: print a line for what happens.

    Attributes:
        phases: what is shown.
    """

    def __init__(self, phases: Sequence[str], live: bool, verbose: bool) -> None:
        self.phases = Phases()
        self._expected = tuple(phases)
        self._task = ""
        self._live_wanted = live
        self._verbose = verbose
        self._live: Live | None = None
        self._words: dict[str, str] = {}

    def begin(self, task: str, states: Mapping[str, str]) -> None:
        """Show what becomes of *task* from now on; *states* are those of phases that ended earlier."""
        self._task = task
        self.phases.expect(task, self._expected, states)
        if self._live_wanted and self._live is None:
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, highlight=False)
            self._live = Live(get_renderable=lambda: self._table(console), console=console, refresh_per_second=LOOKS)
            self._live.start()
            _redirect_logs()

    def take(self, event: Event, at: float) -> None:
        """Take in an event of the task, or of one that it forked; *at* is engine time, in seconds."""
        if self._words and isinstance(event, PhaseCompleted | AttemptFailed | QuestionAsked):
            self._end_words(event.run, event.run.split("/")[1])
        line = self.phases.take(event, at)
        if self._verbose and line is not None:
            child = event.task.removeprefix(self._task).lstrip("~")
            self.say(f"{child}: {line}" if child else line)

    def hear(self, said: Said) -> None:
        """Print what an attempt says, the words of a model as they come, line by line."""
        if not self._verbose:
            return
        *lines, rest = (self._words.pop(said.run, "") + said.text).split("\n")
        for line in lines:
            self.say(f"{said.phase}> {line}")
        if rest:
            self._words[said.run] = rest

    def _end_words(self, run: str, phase: str) -> None:
        """Print what an attempt has said since its last whole line."""
        rest = self._words.pop(run, "")
        if rest:
            self.say(f"{phase}> {rest}")

    def say(self, text: str) -> None:
        """Print a line, above the table where there is one."""
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(clean(text)), soft_wrap=True)
        else:
            click.echo(clean(text), err=True)

    def rest(self, *, keep: bool) -> None:
        """Stop the table; *keep* leaves it there, as it is now."""
        if self._live is not None:
            self._live.transient = not keep
            self._live.stop()
            self._live = None
            _redirect_logs()

    def _table(self, console: "Console") -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(4):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        most = min(ROWS_MAX, console.height - 1)
        for (task, phase), row in self._shown(most):
            style = STYLES.get(row.state, "")
            name = phase if task == self._task else f"  ↳ {phase}"
            cells = (MARKS.get(row.state, "·"), name, _state(row), _time(row), row.note.partition("\n")[0])
            styles = (style, "" if row.state else "dim", style, "dim", "dim")
            table.add_row(*(Text(clean(cell), look) for cell, look in zip(cells, styles, strict=True)))
        return table

    def _shown(self, most: int) -> list[tuple[tuple[str, str], Row]]:
        """Return the rows for which there is room: the task's own, then what moves, in their order."""
        rows = list(self.phases.rows.items())
        if len(rows) <= most:
            return rows
        by_rank = sorted(rows, key=lambda entry: (entry[0][0] != self._task, entry[1].state in (DONE, SKIPPED, "")))
        kept = {key for key, _ in by_rank[:most]}
        return [entry for entry in rows if entry[0] in kept]


def _state(row: Row) -> str:
    parts = [row.state or "to come"]
    if row.items is not None:
        parts.append(f"{row.ended}/{row.items}" + (f", {row.failed} failed" if row.failed else ""))
    if row.attempt > 1:
        parts.append(f"attempt {row.attempt}")
    if row.rounds:
        parts.append(f"round {row.rounds + 1}")
    return " · ".join(parts)


def _time(row: Row) -> str:
    if row.took is not None:
        return duration(row.took)
    if row.began is None or row.state in ("", FAILED, STOPPED):
        return ""
    return duration(max(0.0, time.time() - row.began))


def _redirect_logs() -> None:
    """Have log lines go to what stderr is now: above the table, where there is one."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            with contextlib.suppress(ValueError):  # a stream that is closed
                handler.setStream(sys.stderr)  # pyright: ignore[reportUnknownMemberType]
