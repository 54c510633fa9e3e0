"""Moments for people, as ``<time>``; the script ``times.js`` moves them to the reader's zone and keeps them current."""

import time
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup


def moment(at: float | None, now: float | None = None) -> Markup:
    """Return a moment, in seconds since the epoch: day and time in UTC, the year where it is another one.

    Args:
        at: None gives nothing.
        now: for tests; None is the clock.
    """
    when = _utc(at)
    if when is None:
        return Markup("") if at is None else Markup("<span>beyond the calendar</span>")
    year = "" if when.year == datetime.fromtimestamp(_now(now), UTC).year else f" {when.year:04}"
    return _time(when, "data-moment", f"{when.day} {_MONTHS[when.month - 1]}{year}, {when:%H:%M} UTC")


def ago(at: float | None, now: float | None = None) -> Markup:
    """Return how far a moment is from now: ``22 h ago``, ``in 2 h``; arguments as `moment`."""
    when = _utc(at)
    if at is None or when is None:
        return moment(at, now)
    return _time(when, "data-ago", distance(at - _now(now)))


def distance(seconds: float) -> str:
    """Return in words how far a moment is from now; *seconds* are below zero for one that has passed.

    Only the largest unit, cut off: a reader wants the magnitude, and the words seldom change.  ``times.js`` has the
    same rule.
    """
    length = abs(seconds)
    if length < 60:
        return "just now" if seconds <= 0 else "in a moment"
    unit, name = next((size, name) for size, most, name in _UNITS if length < most)
    amount = f"{int(length // unit):,} {name}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS: Final = ((60, 3_600, "min"), (3_600, 172_800, "h"), (86_400, float("inf"), "d"))  # seconds; hours up to 48


def _now(now: float | None) -> float:
    return time.time() if now is None else now


def _utc(at: float | None) -> datetime | None:
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _time(when: datetime, attribute: str, words: str) -> Markup:
    exact = when.replace(microsecond=0, tzinfo=None).isoformat()
    return Markup('<time datetime="{}Z" title="{} UTC" {}>{}</time>').format(
        exact, exact.replace("T", " "), Markup(attribute), words
    )
