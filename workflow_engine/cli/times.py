"""Moments for people: local time, and how long ago."""

import time
from datetime import UTC, datetime

from workflow_engine.core.moments import span


def ago(at: float, now: float | None = None) -> str:
    """Return how far the moment *at*, in seconds since the epoch, is from now: ``3 min ago``, ``in 2 h``."""
    distance = (time.time() if now is None else now) - at
    return f"in {_rough(-distance)}" if distance < 0 else f"{_rough(distance)} ago"


def local(at: float) -> str:
    """Return a moment as local time: ``2026-03-01 14:05:09``."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def when(at: float, now: float | None = None) -> str:
    """Return a moment as local time and how far it is from now."""
    return f"{local(at)} ({ago(at, now)})"


def iso(at: float) -> str:
    """Return a moment for programs: ``2026-03-01T13:05:09.250Z``."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rough(seconds: float) -> str:
    """Return a length of time by its largest unit."""
    if seconds < 1:
        return "less than a second"
    return " ".join(span(seconds).split()[:2])
