"""The list of workflows, as plain values for the template."""

import time
from collections.abc import Mapping
from typing import Final

import msgspec

from workflow_engine.core.components import Timetable
from workflow_engine.spec.schedules import moments
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.pages.workflows_known import Known, every, names

SIZE: Final = 50
"""Workflows of a page."""

TEXT_MAX: Final = 200
"""Characters of a filter."""


class Planned(msgspec.Struct, frozen=True):
    """When tasks are submitted by themselves: as it is written, and the next moment, where there is one."""

    cron: str
    timezone: str
    next_at: float | None


class Listed(msgspec.Struct, frozen=True):
    """A page of the list.

    Attributes:
        rows: workflows, by name, each with its schedule, if it has one.
        text: what their names hold, as it was typed; empty for all.
        page: number of the page, from 1.
        pages: how many there are.
        total: how many workflows there are on all of them.
    """

    rows: tuple[tuple[Known, Planned | None], ...]
    text: str
    page: int
    pages: int
    total: int


def listed(desk: Desk, given: Mapping[str, str]) -> Listed:
    """Return the page of the list that an address asks for; what makes no sense in it is left out."""
    text = given.get("text", "").strip()[:TEXT_MAX]
    wanted = [name for name in names(desk) if text.casefold() in name.casefold()]
    pages = max(1, -(-len(wanted) // SIZE))
    asked = given.get("page", "1")
    page = min(pages, max(1, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    timetables = {one.workflow: one for one in desk.model.timetables()}
    rows = every(desk, wanted[(page - 1) * SIZE : page * SIZE])
    return Listed(tuple((row, planned(timetables.get(row.name))) for row in rows), text, page, pages, len(wanted))


def planned(timetable: Timetable | None) -> Planned | None:
    """Return when tasks are submitted by themselves, None where they are not."""
    if timetable is None:
        return None
    try:
        following = next(moments(timetable.cron, timetable.timezone, time.time()), None)
    except (ValueError, KeyError, OSError):  # a time zone that this machine does not know any more
        following = None
    return Planned(timetable.cron, timetable.timezone, following)
