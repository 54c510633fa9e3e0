"""Earlier visits: what was sent back is kept, so that a person sees what has changed since."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from workflow_engine.core.components import Artifacts, Earlier, EarlierVisit
from workflow_engine.core.tick import Tick

KEPT: Final = 20
"""Visits of a phase that are kept: a loop that goes round more often must not grow without bound."""


def keep_earlier(tick: Tick, task: str, phases: Iterable[str]) -> None:
    """Keep what the latest visits of *phases* gave, which are about to be done again."""
    entries = tick.state.progress(task)
    table = tick.world.find(task, Artifacts)
    artifacts = table.entries if table is not None else {}
    by_phase: dict[str | None, dict[str, msgspec.Raw]] = {}
    for name, reference in artifacts.items():
        by_phase.setdefault(_phase(reference), {})[name] = reference
    for phase in phases:
        entry = entries.get(phase)
        if entry is not None and entry.output is not msgspec.UNSET:
            kept = by_phase.get(phase)
            references = msgspec.UNSET if kept is None else msgspec.Raw(msgspec.json.encode(kept))
            visit = EarlierVisit(entry.visits, entry.started, entry.ended, entry.output, entry.issues, references)
            tick.world.put_entry(task, Earlier, f"{phase}/{entry.visits % KEPT}", visit)


def earlier_artifacts(table: Earlier) -> Iterator[dict[str, msgspec.Raw]]:
    """Give the references to artifacts of earlier visits, by name."""
    for visit in list(table.entries.values()):
        if isinstance(visit.artifacts, msgspec.Raw):
            yield _decode_table(visit.artifacts)


class _Reference(msgspec.Struct, frozen=True):
    phase: str | None = None


def _phase(reference: msgspec.Raw) -> str | None:
    """Return which phase has kept an artifact, None where none has, or the reference is another's and none."""
    try:
        return _decode(reference).phase
    except msgspec.DecodeError:
        return None


_decode: Final = msgspec.json.Decoder(_Reference).decode
_decode_table: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
