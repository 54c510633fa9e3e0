"""The overview: how things stand, and what was decided last."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for

from workflow_engine.core.components import TaskState
from workflow_engine.readmodel.rows import Bucket, Overview
from workflow_engine.ui.charts import Series, bars
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.linking import link_of
from workflow_engine.ui.security.roles import Role, needs

overview: Final = Blueprint("overview", __name__)

WINDOWS: Final = {"hour": 3_600, "day": 86_400, "week": 604_800}
"""What the chart can show, in seconds."""

LATEST: Final = 12
"""Events that are listed."""

FAILURES: Final = 5
"""Groups of failures that are listed."""

STATES: Final = (
    TaskState.IN_PROGRESS,
    TaskState.WAITING_HUMAN,
    TaskState.WAITING_AGENT,
    TaskState.WAITING_IO,
    TaskState.PENDING,
    TaskState.FAILED,
    TaskState.COMPLETED,
    TaskState.CANCELLED,
)
"""In the order in which somebody looks for them."""


@overview.get("/")
@needs(Role.VIEWER)
def show() -> str:
    """Show how things stand."""
    model, sinks = desk().model, desk().sinks
    window = request.args.get("window", "hour")
    seconds = WINDOWS.get(window, WINDOWS["hour"])
    found = model.overview(time.time(), seconds)
    return render_template(
        "overview/overview.html",
        found=found,
        states=STATES,
        window=window if window in WINDOWS else "hour",
        windows=WINDOWS,
        chart=chart(found.buckets, found.bucket_seconds),
        ended=_ended(found),
        failures=model.failures(limit=FAILURES).rows,
        latest=model.latest_events(LATEST),
        vitals=_vitals(),
        sinks=sinks.states() if sinks is not None else {},
        link=link_of,
        tasks_url=lambda **query: url_for("tasks.show", **query),
    )


def chart(buckets: Sequence[Bucket], seconds: int) -> Any:
    """Return what ended in each bucket, as bars."""
    series = (
        Series("completed", "completed", [bucket.completed for bucket in buckets]),
        Series("failed", "failed", [bucket.failed for bucket in buckets]),
        Series("cancelled", "cancelled", [bucket.cancelled for bucket in buckets]),
    )
    pattern = "%H:%M" if seconds < 3_600 else "%d %b, %H:%M"
    labels = [f"{datetime.fromtimestamp(bucket.at, UTC):{pattern}} UTC" for bucket in buckets]
    return bars(series, labels, "Tasks that ended, over time")


def _ended(found: Overview) -> dict[str, int]:
    return {
        name: sum(getattr(bucket, name) for bucket in found.buckets)
        for name in ("submitted", "completed", "failed", "cancelled")
    }


def _vitals() -> dict[str, Any]:
    found: dict[str, Any] = desk().ask.vitals()
    return found
