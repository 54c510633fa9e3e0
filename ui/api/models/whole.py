"""What the API says about the whole: how things stand, failures, schedules, costs, events, the server."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from workflow_engine.core.components import TaskState, WaitKind
from workflow_engine.readmodel.rows import LIMIT, FailureOrder
from workflow_engine.ui.api.models.common import Count, Cursor, Duration, JsonValue, Limit, Moment, Name, Reply, Request
from workflow_engine.ui.api.models.common import Spent as Cost


class FailureFilter(Request):
    """Which failures, and in what order."""

    workflow: Name | None = None
    order: FailureOrder = "-last"
    limit: Limit = LIMIT
    after: Cursor | None = None


class FailureGroup(Reply):
    """Failed tasks whose errors are alike; `key` is `failure_group` of a list of tasks."""

    key: str
    workflow: str
    phase: str
    error: str
    message: str
    count: Count
    first_at: Moment
    last_at: Moment
    newest: Annotated[tuple[str, ...], Field(description="Ids of those that failed last.")]


class FailurePage(Reply):
    """Some groups; `next` is `after` of the next page, null at the end."""

    failures: tuple[FailureGroup, ...]
    next: str | None


Window = Annotated[
    Duration,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 60, "maximum": 2_592_000},
                {"enum": ["15m", "1h", "12h", "1d", "30d"]},
            ],
            "description": "Seconds from 60 to 2,592,000, or a duration such as `1h`.",
        }
    ),
]
"""A length of time before now."""


class OverviewQuery(Request):
    """How far back to look."""

    window: Window = 86_400.0


class Bucket(Reply):
    """What tasks did in a stretch of time that begins at `at`."""

    at: Moment
    submitted: Count
    completed: Count
    failed: Count
    cancelled: Count


class Waiting(Reply):
    """Tasks that wait for an answer, and since when the first of them does."""

    kind: WaitKind
    count: Count
    since: Moment | None


class Oldest(Reply):
    """The task that lives longest."""

    id: str
    status: TaskState
    submitted_at: Moment


class Spending(Reply):
    """What the models of a workflow's tasks have cost."""

    workflow: str
    cost: Cost


class DaySpending(Reply):
    """What the models of the tasks have cost that were submitted on a day, which begins at `at`."""

    at: Moment
    cost: Cost


class Latency(Reply):
    """Seconds from submission to end, of the newest tasks that ended."""

    sample: Count
    p50: float | None
    p95: float | None


class Overview(Reply):
    """How things stand."""

    now: Moment
    bucket_seconds: Count
    buckets: tuple[Bucket, ...]
    statuses: dict[TaskState, Count]
    waiting: tuple[Waiting, ...]
    oldest: Oldest | None
    questions: Count
    overdue: Count
    spending: tuple[Spending, ...]
    days: tuple[DaySpending, ...]
    latency: Latency


class Schedule(Reply):
    """When tasks of a workflow are submitted by themselves; `last` is the moment up to which that was done."""

    workflow: str
    cron: str
    timezone: str
    catch_up: str
    next: Moment | None
    last: Moment
    data: JsonValue


class Schedules(Reply):
    """All schedules, by workflow."""

    schedules: tuple[Schedule, ...]


class CostsQuery(Request):
    """Of which workflows; of all without any."""

    workflow: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class WorkflowCost(Reply):
    """What models have cost for a workflow, and by how much people have extended its budget."""

    workflow: str
    cost: Cost
    extended: Cost


class Costs(Reply):
    """All costs, by workflow."""

    costs: tuple[WorkflowCost, ...]


Place = Annotated[str, Field(pattern=r"^[0-9]{1,15}\.[0-9]{1,15}$", description="Place of an event: `commit.number`.")]


class EventsQuery(Request):
    """From where on."""

    after: Place | None = None
    limit: Limit = LIMIT


class Event(Reply):
    """Something that was decided; `event` has its name under `event`, and its moments in seconds since the epoch."""

    place: Place
    at: Moment
    task: str
    event: dict[str, JsonValue]


class EventPage(Reply):
    """Some events, the oldest first; `next` is `after` of the next page, null where there is none yet.

    `last` is the place up to which they go; ask `after` it later for what has come since.
    """

    events: tuple[Event, ...]
    next: Place | None
    last: Place


class StreamQuery(Request):
    """From where on, and for how long."""

    after: Annotated[Place | None, Field(description="The header `Last-Event-ID` goes before it.")] = None
    timeout: Annotated[float, Field(ge=0, le=3_600, description="Seconds after which the stream ends.")] = 3_600.0


class Status(Reply):
    """How the engine and its data are."""

    status: Literal["ok", "not well"]
    version: str
    commits: Annotated[Count, Field(description="Number of the last commit.")]
    indexed: Annotated[Count, Field(description="Number of the last commit that lists show.")]
    tasks: dict[TaskState, Count]
    journal_bytes: Count
    journal_files: Count
    free_bytes: Annotated[Count, Field(description="Room on the disk that has the data.")]
    python: str
    sqlite: str
