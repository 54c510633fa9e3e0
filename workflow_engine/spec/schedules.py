"""Schedules: the moments that a cron expression means in a time zone."""

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from workflow_engine.spec.parts import Schedule
from workflow_engine.spec.problems import did_you_mean


def schedule_fault(schedule: Schedule) -> tuple[str, str] | None:
    """Return the field of *schedule* that is wrong, and what is wrong with it; None where it can be used."""
    from cronsim import CronSim, CronSimError

    try:
        zone = _zone(schedule.timezone)
    except (KeyError, ValueError, OSError):
        guess = did_you_mean(schedule.timezone, available_timezones())
        remedy = "write an IANA name such as Europe/Berlin, or UTC"
        return "timezone", f"{schedule.timezone!r} is no time zone; {remedy}{guess}"
    try:
        next(CronSim(schedule.cron, datetime(2000, 1, 1, tzinfo=zone)))
    except CronSimError as error:
        remedy = "write minute, hour, day of month, month and day of week, such as '0 9 * * 1-5'"
        return "cron", f"{schedule.cron!r} is no cron expression ({error}); {remedy}"
    except StopIteration:
        return "cron", f"{schedule.cron!r} means a moment that never comes"
    return None


def moments(cron: str, timezone: str, after: float) -> Iterator[float]:
    """Yield the moments of a schedule after *after*, seconds since the epoch, earliest first.

    Where clocks are set forward or back, jobs at a fixed time run once, as Debian's cron has it.
    """
    from cronsim import CronSim

    for moment in CronSim(cron, datetime.fromtimestamp(after, _zone(timezone))):
        at = moment.timestamp()
        if at > after:
            yield at


def latest(cron: str, timezone: str, until: float) -> Iterator[float]:
    """Yield the moments of a schedule up to and including *until*, seconds since the epoch, latest first."""
    from cronsim import CronSim

    minute = datetime.fromtimestamp(until - until % 60 + 60, _zone(timezone))  # it yields what comes before
    for moment in CronSim(cron, minute, reverse=True):
        at = moment.timestamp()
        if at <= until:
            yield at


def occasion(name: str, at: float) -> str:
    """Return the id of the task that workflow *name* is submitted as at this moment: the same however often."""
    word = "".join(c if c.isalnum() or c in "-_." else "-" for c in name)[:150]
    return f"{word}@{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
