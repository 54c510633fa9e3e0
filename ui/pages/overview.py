"""The overview: how things stand, and what was decided last."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, render_template, request

from workflow_engine.readmodel.rows import Bucket, Overview
from workflow_engine.ui.charts import Series, bars
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.linking import link_of
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.showing.words import STATES

overview: Final = Blueprint("overview", __name__)

WINDOWS: Final = {"hour": 3_600, "day": 86_400, "week": 604_800}
"""What the chart can show, in seconds."""

BELOW: Final = {
    "hour": ("an hour ago", "30 min ago", "now"),
    "day": ("24 h ago", "12 h ago", "now"),
    "week": ("7 days ago", "3½ days ago", "now"),
}
"""What is written below the chart: no zone of time is needed for that."""

TOLD: Final = (
    *("TaskSubmitted", "TaskCompleted", "TaskFailed", "TaskCancelled", "TaskRetried"),
    *("QuestionAsked", "QuestionAnswered", "QuestionOverdue", "QuestionEscalated"),
    *("PhaseRejected", "AttemptFailed", "RunParked", "ItemFailed", "UndoFailed"),
)
"""Events that are worth telling among all tasks."""

LATEST: Final = 12
"""Events that are listed."""

FAILURES: Final = 5
"""Groups of failures that are listed."""


@overview.get("/")
@needs(Role.VIEWER)
def show() -> str:
    """Show how things stand."""
    model, sinks = desk().model, desk().sinks
    asked = request.args.get("window", "hour")
    window = asked if asked in WINDOWS else "hour"
    found = model.overview(time.time(), WINDOWS[window])
    return render_template(
        "overview/overview.html",
        found=found,
        states=STATES,
        window=window,
        windows=WINDOWS,
        chart=chart(found.buckets, BELOW[window]),
        ended=_ended(found),
        failures=model.failures(limit=FAILURES).rows,
        latest=model.latest_events(LATEST, TOLD),
        vitals=_vitals(),
        sinks=sinks.states() if sinks is not None else {},
        link=link_of,
    )


def chart(buckets: Sequence[Bucket], below: Sequence[str]) -> Any:
    """Return what ended in each bucket, as bars."""
    series = (
        Series("completed", "completed", [bucket.completed for bucket in buckets]),
        Series("failed", "failed", [bucket.failed for bucket in buckets]),
        Series("cancelled", "cancelled", [bucket.cancelled for bucket in buckets]),
    )
    labels = [f"{datetime.fromtimestamp(bucket.at, UTC):%d %b, %H:%M} UTC" for bucket in buckets]
    return bars(series, labels, below, "Tasks that ended, over time")


def _ended(found: Overview) -> dict[str, int]:
    return {
        name: sum(getattr(bucket, name) for bucket in found.buckets)
        for name in ("submitted", "completed", "failed", "cancelled")
    }


def _vitals() -> dict[str, Any]:
    found: dict[str, Any] = desk().ask.vitals()
    return found
