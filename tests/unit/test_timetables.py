"""Timetables: tasks that are submitted by themselves, at the moments of a schedule."""

from datetime import UTC, datetime

import pytest

from tests.unit.core_helpers import Driven, defined, raw
from tests.unit.test_restore import Journaled
from workflow_engine.core.components import Data, Identity, Timetable
from workflow_engine.core.core import Core
from workflow_engine.core.inputs import SetTimetable
from workflow_engine.core.timetables import CATCH_UP_MAX
from workflow_engine.spec.model import Phase, WorkflowSpec

HOUR = 3_600.0
EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()


def hourly(*, cron: str = "0 * * * *", catch_up: str = "once", data: object = "clock") -> SetTimetable:
    """Return an order for a task of w at each full hour."""
    return SetTimetable("w", cron, catch_up=catch_up, data=raw(data))


def tasks(core: Core) -> list[str]:
    """Return the live tasks."""
    return [entity for entity in core.snapshot() if "#" not in entity and "/" not in entity]


def scheduled(catch_up: str = "once") -> Driven:
    """Return a core that has just been told of the schedule."""
    driven = Driven()
    driven.tick(EIGHT + 60, hourly(catch_up=catch_up))
    return driven


def test_a_task_is_submitted_at_each_moment_and_its_id_says_which() -> None:
    driven = scheduled()
    assert driven.core.next_due() == EIGHT + HOUR
    driven.tick(EIGHT + HOUR)
    assert tasks(driven.core) == ["w@2026-03-02T09:00Z"]
    assert driven.find("w@2026-03-02T09:00Z", Identity).submitted_at == EIGHT + HOUR
    assert driven.find("w@2026-03-02T09:00Z", Data).value == raw("clock")
    assert driven.core.next_due() == EIGHT + 2 * HOUR


def test_moments_that_come_late_while_the_engine_runs_are_not_left_out() -> None:
    driven = scheduled("skip")
    driven.tick(EIGHT + 2.5 * HOUR)
    assert tasks(driven.core) == ["w@2026-03-02T09:00Z", "w@2026-03-02T10:00Z"]


@pytest.mark.parametrize(
    ("catch_up", "missed"),
    [("skip", []), ("once", ["T11:00Z"]), ("all", ["T09:00Z", "T10:00Z", "T11:00Z"])],
)
def test_what_was_missed_while_no_engine_ran_is_caught_up_as_the_schedule_says(
    catch_up: str, missed: list[str]
) -> None:
    first = Journaled(Core())
    spec = WorkflowSpec(name="w", phases=(Phase(id="a"),))
    first.tick([defined(spec), hourly(catch_up=catch_up)], EIGHT + 60)
    second = Core()
    opened = EIGHT + 3.2 * HOUR
    second.restore(first.folding.entities, first.folding.ended, EIGHT + 60, opened)
    assert second.next_due() == EIGHT + HOUR
    second.tick([], opened + 0.1)
    assert tasks(second) == [f"w@2026-03-02{at}" for at in missed]
    second.tick([], EIGHT + 4 * HOUR)
    assert tasks(second) == [f"w@2026-03-02{at}" for at in (*missed, "T12:00Z")]


def test_a_moment_after_the_start_is_not_missed_however_long_nothing_happened() -> None:
    first = Journaled(Core())
    spec = WorkflowSpec(name="w", phases=(Phase(id="a"),))
    first.tick([defined(spec), hourly(catch_up="skip")], EIGHT + 60)
    second = Core()
    second.restore(first.folding.entities, first.folding.ended, EIGHT + 60, EIGHT + 120)
    second.tick([], EIGHT + HOUR + 0.01)
    assert tasks(second) == ["w@2026-03-02T09:00Z"]


def test_no_more_is_caught_up_than_the_latest_thousand() -> None:
    first = Journaled(Core())
    spec = WorkflowSpec(name="w", phases=(Phase(id="a"),))
    first.tick([defined(spec), hourly(cron="* * * * *", catch_up="all")], EIGHT)
    second = Core()
    second.restore(first.folding.entities, first.folding.ended, EIGHT, EIGHT + 100 * HOUR)
    second.tick([], EIGHT + 100 * HOUR)
    assert len(tasks(second)) == CATCH_UP_MAX
    assert tasks(second)[-1] == "w@2026-03-06T12:00Z"


def test_a_timetable_that_is_told_again_goes_on_from_where_it_was() -> None:
    driven = scheduled()
    driven.tick(EIGHT + 0.5 * HOUR, hourly(data="other"))
    driven.tick(EIGHT + HOUR, hourly(data="other"))
    assert driven.find("w@2026-03-02T09:00Z", Data).value == raw("other")


def test_a_timetable_at_other_times_begins_anew() -> None:
    driven = scheduled()
    driven.tick(EIGHT + HOUR + 1800, hourly(cron="15 * * * *"))
    assert tasks(driven.core) == []
    assert driven.core.next_due() == EIGHT + 2 * HOUR + 900


def test_a_timetable_that_is_ended_submits_nothing_more() -> None:
    driven = scheduled()
    driven.tick(EIGHT + 120, SetTimetable("w"))
    assert driven.core.next_due() is None
    assert "#schedule:w" not in driven.core.snapshot()


def test_moments_of_a_workflow_that_is_not_known_pass() -> None:
    driven = Driven()
    driven.tick(EIGHT + 60, SetTimetable("unknown", "0 * * * *"))
    driven.tick(EIGHT + HOUR)
    assert tasks(driven.core) == []
    timetable = driven.core.snapshot()["#schedule:unknown"]["timetable"]
    assert isinstance(timetable, Timetable)
    assert (timetable.last, driven.core.next_due()) == (EIGHT + HOUR, EIGHT + 2 * HOUR)


def test_a_task_of_this_moment_that_exists_is_not_submitted_again() -> None:
    driven = scheduled()
    driven.tick(EIGHT + 120, driven.submit("w@2026-03-02T09:00Z", "by hand"))
    driven.tick(EIGHT + HOUR)
    assert driven.find("w@2026-03-02T09:00Z", Data).value == raw("by hand")
