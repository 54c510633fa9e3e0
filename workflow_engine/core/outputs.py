"""Outputs: what a task gave, as far as that can be seen from its components."""

from typing import Any

import msgspec

from workflow_engine.core.components import Json, PhaseProgress, Progress
from workflow_engine.core.plan import UNDO


def last_output(components: dict[str, Any]) -> Json:
    """Return the output of the phase that ended last of those that gave one, absent where none did."""
    table: Progress | None = components.get("progress")
    entries: dict[str, PhaseProgress] = table.entries if table is not None else {}
    # Of two that ended at the same moment, the one that began to end later: `max` takes the first.
    ended = [
        entry
        for name, entry in reversed(entries.items())
        if entry.output is not msgspec.UNSET and not name.endswith(UNDO)
    ]
    return max(ended, key=lambda entry: entry.ended).output if ended else msgspec.UNSET
