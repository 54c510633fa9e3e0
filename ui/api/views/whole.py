"""The whole: how things stand, failures, schedules, costs, and the server itself."""

import platform
import shutil
import sqlite3
import time
from typing import Final

from workflow_engine import __version__
from workflow_engine.core.components import Ledger, Timetable
from workflow_engine.journal.layout import Layout
from workflow_engine.spec.schedules import moments
from workflow_engine.ui.api.models.common import NoQuery, Spent
from workflow_engine.ui.api.models.whole import (
    Costs,
    CostsQuery,
    FailureFilter,
    FailureGroup,
    FailurePage,
    Overview,
    OverviewQuery,
    Schedule,
    Schedules,
    Status,
    WorkflowCost,
)
from workflow_engine.ui.api.operation import Answer, Asked, Operation, Reply, operation
from workflow_engine.ui.desk import desk
from workflow_engine.values import from_json

TAG: Final = "The whole"


@operation("GET", "/overview", TAG, Reply(Overview, "How things stand."), query=OverviewQuery, refusals=(422,))
def get_overview(asked: Asked[OverviewQuery, None]) -> Answer:
    """Say how things stand, and what went on lately."""
    return Answer(Overview.of(desk().model.overview(time.time(), asked.query.window)))


@operation("GET", "/failures", TAG, Reply(FailurePage, "A page of groups."), query=FailureFilter, refusals=(422,))
def list_failures(asked: Asked[FailureFilter, None]) -> Answer:
    """List failures, those that are alike as one.

    `key` of a group is `failure_group` of `GET /tasks` and of `POST /tasks/bulk`.
    """
    given = asked.query
    page = desk().model.failures(given.workflow, given.limit, given.after, given.order)
    return Answer(FailurePage(failures=tuple(map(FailureGroup.of, page.rows)), next=page.next))


@operation("GET", "/schedules", TAG, Reply(Schedules, "All schedules."))
def list_schedules(asked: Asked[NoQuery, None]) -> Answer:
    """List the workflows whose tasks are submitted by themselves."""
    now = time.time()
    return Answer(Schedules(schedules=tuple(_schedule(found, now) for found in desk().model.timetables())))


@operation("GET", "/costs", TAG, Reply(Costs, "All costs."), query=CostsQuery)
def list_costs(asked: Asked[CostsQuery, None]) -> Answer:
    """Say what models have cost, by workflow.

    Tasks that were removed count as well.
    """
    wanted = asked.query.workflow
    found = (ledger for ledger in desk().model.ledgers() if not wanted or ledger.workflow in wanted)
    return Answer(Costs(costs=tuple(map(_cost, found))))


@operation("GET", "/status", TAG, Reply(Status, "How they are."))
def get_status(asked: Asked[NoQuery, None]) -> Answer:
    """Say how the engine and its data are."""
    at = desk()
    files = [path.stat().st_size for path in Layout(at.data_dir).journal.iterdir() if path.is_file()]
    return Answer(
        Status(
            status="ok" if at.engine.well else "not well",
            version=__version__,
            commits=at.engine.commits,
            indexed=at.model.position(),
            tasks=at.model.counts(),
            journal_bytes=sum(files),
            journal_files=len(files),
            free_bytes=shutil.disk_usage(at.data_dir).free,
            python=platform.python_version(),
            sqlite=sqlite3.sqlite_version,
        )
    )


def _schedule(found: Timetable, now: float) -> Schedule:
    following = next(moments(found.cron, found.timezone, max(found.last, now)), None)
    return Schedule.model_validate(
        {
            "workflow": found.workflow,
            "cron": found.cron,
            "timezone": found.timezone,
            "catch_up": found.catch_up,
            "next": following,
            "last": found.last,
            "data": from_json(found.data),
        }
    )


def _cost(found: Ledger) -> WorkflowCost:
    return WorkflowCost(workflow=found.workflow, cost=Spent.of(found.cost), extended=Spent.of(found.extended))


OPERATIONS: Final[tuple[Operation, ...]] = (get_overview, list_failures, list_schedules, list_costs, get_status)
"""In the order in which they are shown."""
