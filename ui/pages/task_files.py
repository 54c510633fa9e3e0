"""The artifacts of a task: which there are, and how the one looks that is asked for."""

from typing import Final, NamedTuple

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import Artifacts
from workflow_engine.core.record import TaskRecord
from workflow_engine.ui.contents import whole_content
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.artifacts import address
from workflow_engine.ui.showing import show_artifact
from workflow_engine.ui.showing.shown import Shown

PAGE: Final = 100
"""Artifacts of a page."""


class Files(NamedTuple):
    """A page of artifacts; *page* counts from 1, *total* is how many there are, *shown* the one that is looked at."""

    references: tuple[ArtifactRef, ...]
    page: int
    pages: int
    total: int
    shown: Shown | None


def files_of(record: TaskRecord, page: int, looked_at: str | None) -> Files:
    """Return the artifacts of a task by name.

    Args:
        record: the task.
        page: which page, from 1.
        looked_at: name of the one to be shown, None for none.

    Raises:
        ArtifactError: that one is missing or damaged.
    """
    table = record.find(Artifacts)
    entries = table.entries if table is not None else {}
    names = sorted(entries)
    pages = max(1, -(-len(names) // PAGE))
    page = min(max(page, 1), pages)
    listed = tuple(reference(entries[name]) for name in names[(page - 1) * PAGE : page * PAGE])
    raw = entries.get(looked_at) if looked_at is not None else None
    shown = shown_of(record.id, reference(raw)) if raw is not None else None
    return Files(listed, page, pages, len(names), shown)


def reference(raw: msgspec.Raw) -> ArtifactRef:
    """Return a reference from the table of artifacts."""
    return msgspec.json.decode(raw, type=ArtifactRef)


def shown_of(task: str, one: ArtifactRef) -> Shown:
    """Return how an artifact is shown; its content is read where it has to be."""
    engine = desk().engine
    return show_artifact(one, lambda: whole_content(engine, one), address(task, one, inline=True), address(task, one))
