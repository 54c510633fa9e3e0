"""Moments as the API has them: RFC 3339, in UTC."""

from datetime import UTC, datetime

BEYOND = 253_402_300_799.0  # the end of the year 9999, with which the calendar of the format ends
BEFORE = -62_135_596_800.0


def iso(at: float) -> str:
    """Return engine time, in seconds, as ``2026-03-01T13:05:09.250Z``."""
    moment = datetime.fromtimestamp(min(max(at, BEFORE), BEYOND), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_if(at: float | None) -> str | None:
    """Return engine time as `iso` does, None for None."""
    return iso(at) if at is not None else None
