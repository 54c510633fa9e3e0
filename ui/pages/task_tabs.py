"""The tabs of a task's page."""

from typing import Final, NamedTuple

from flask import url_for

from workflow_engine.core.components import Artifacts
from workflow_engine.ui.pages.task_rounds import phases_of
from workflow_engine.ui.pages.task_seen import Seen
from workflow_engine.ui.pages.task_talks import may_speak

TABS: Final = {
    "runs": "Timeline",
    "context": "Phases",
    "iterations": "Iterations",
    "transcript": "Transcript",
    "logs": "Logs",
    "artifacts": "Artifacts",
    "input": "Input and output",
    "events": "Events",
}
"""What people read, by name."""


class Tab(NamedTuple):
    """A tab: its words, where it leads, how many things are there if that is known, and whether it is open."""

    name: str
    url: str
    many: int | None
    current: bool


def tabs_of(seen: Seen, current: str) -> list[Tab]:
    """Return the tabs in which there is, or may come, something; the one that is open in any case."""
    counts = {name: _count(seen, name) for name in TABS}
    task = seen.record.id
    return [
        Tab(words, url_for("task.show", task=task, tab=name, _anchor="tab"), counts[name], name == current)
        for name, words in TABS.items()
        if counts[name] != 0 or name == current
    ]


def _count(seen: Seen, name: str) -> int | None:
    """Return how many things are in a tab; None where that is not counted, 0 where nothing can be."""
    match name:
        case "artifacts":
            table = seen.record.find(Artifacts)
            return len(table.entries) if table is not None else None
        case "iterations":
            return len(phases_of(seen))
        case "logs":
            return None if any(phase.command or phase.compensate for phase in seen.phases) else 0
        case "transcript":
            return None if may_speak(seen) else 0
        case _:
            return None
