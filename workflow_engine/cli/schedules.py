"""``workflow-engine schedules``."""

import time
from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import print_json, print_table
from workflow_engine.cli.reading import reading

if TYPE_CHECKING:
    from workflow_engine.core.components import Timetable


@click.command(epilog=examples("schedules", "schedules --json | jq -r '.schedules[] | [.workflow, .next] | @tsv'"))
@json_option
@engine_options
@pass_invocation
def schedules(invocation: Invocation, /, as_json: bool) -> None:
    """List the workflows that run on a schedule.

    NEXT is when the next task is submitted, if an engine runs then. UP TO is how far tasks have been submitted; what
    has passed since is caught up with as CATCH-UP says when an engine starts.
    """
    with reading(invocation) as model:
        found = model.timetables()
    now = time.time()
    if as_json:
        print_json({"schedules": [_document(timetable, now) for timetable in found]})
        return
    columns = ("WORKFLOW", "CRON", "TIME ZONE", "NEXT", "UP TO", "CATCH-UP")
    print_table(columns, (_cells(timetable, now) for timetable in found))


def _document(timetable: "Timetable", now: float) -> dict[str, Any]:
    from workflow_engine.cli.times import iso
    from workflow_engine.values import from_json

    following = _next(timetable, now)
    return {
        "workflow": timetable.workflow,
        "cron": timetable.cron,
        "timezone": timetable.timezone,
        "next": iso(following) if following is not None else None,
        "last": iso(timetable.last),
        "catch_up": timetable.catch_up,
        "data": from_json(timetable.data),
    }


def _cells(timetable: "Timetable", now: float) -> tuple[str, ...]:
    from workflow_engine.cli.times import when

    following = _next(timetable, now)
    due = when(following) if following is not None else "never"
    return timetable.workflow, timetable.cron, timetable.timezone, due, when(timetable.last), timetable.catch_up


def _next(timetable: "Timetable", now: float) -> float | None:
    from workflow_engine.spec.schedules import moments

    return next(moments(timetable.cron, timetable.timezone, max(timetable.last, now)), None)
