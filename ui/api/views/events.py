"""Events: what was decided, page by page, and as it happens."""

import time
from collections.abc import Iterator
from typing import Any, Final

from workflow_engine.readmodel.rows import EventRow
from workflow_engine.ui.api.models.whole import Event, EventPage, EventsQuery, StreamQuery
from workflow_engine.ui.api.operation import EVENT_STREAM, Answer, Asked, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.desk import Desk, desk
from workflow_engine.ui.streaming.messages import HEARTBEAT, Message, place_of

TAG: Final = "Events"

PIECE: Final = 500
"""Events that a stream reads at once."""

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither a cache nor a proxy is to hold messages back."""

Place = tuple[int, int | None]
"""Number of a commit, and of an event in it; None for behind all of the commit."""


@operation("GET", "/events", TAG, Reply(EventPage, "A page of events."), query=EventsQuery, refusals=(422,))
def list_events(asked: Asked[EventsQuery, None]) -> Answer:
    """List what was decided about all tasks, the oldest first.

    Histories of tasks that were purged are gone.
    """
    return Answer(_page(None, asked.query))


@operation(
    "GET",
    "/tasks/{task}/events",
    TAG,
    Reply(EventPage, "A page of events."),
    query=EventsQuery,
    refusals=(404, 422),
)
def list_task_events(asked: Asked[EventsQuery, None]) -> Answer:
    """List what was decided about a task, the oldest first."""
    task = asked.path["task"]
    desk().ask.get_task(task)
    desk().settle()
    return Answer(_page(task, asked.query))


@operation(
    "GET",
    "/events/stream",
    TAG,
    Reply(EVENT_STREAM, "Messages `event` with an `id`, whose data is an event as `GET /events` has it."),
    query=StreamQuery,
    refusals=(422, 503),
    resumes=True,
)
def stream_events(asked: Asked[StreamQuery, None]) -> Answer:
    """Follow what is decided about all tasks.

    Server-sent events.  Without a place, it begins with what is decided from now on; `after=0.0` begins at the
    beginning.  A stream that broke off is resumed by sending the `id` of the last message as `Last-Event-ID`; nothing
    is left out then, however long it was.  A comment every 15 seconds keeps it open; at the latest with it, the
    stream ends after its time.
    """
    at = desk()
    at.streams.check_room()
    return _streamed(asked, None, (at.engine.commits, None))


@operation(
    "GET",
    "/tasks/{task}/events/stream",
    TAG,
    Reply(EVENT_STREAM, "Messages `event` as above, and `said` with what attempts say, which is kept nowhere."),
    query=StreamQuery,
    refusals=(404, 422, 503),
    resumes=True,
)
def stream_task_events(asked: Asked[StreamQuery, None]) -> Answer:
    """Follow what is decided about a task.

    Server-sent events, as above; without a place, from the beginning.  It goes on when the task has ended, since it may
    be retried.
    """
    at = desk()
    at.ask.get_task(asked.path["task"])
    at.streams.check_room()
    return _streamed(asked, asked.path["task"], (0, None))


def _page(task: str | None, asked: EventsQuery) -> EventPage:
    n, i = place_of(asked.after) or (0, None)
    rows = desk().model.events(task, n, i, asked.limit)
    last = _place(rows[-1]) if rows else asked.after or "0.0"
    return EventPage(events=tuple(map(_event, rows)), next=last if len(rows) == asked.limit else None, last=last)


def _event(row: EventRow) -> Event:
    return Event.model_validate({"place": _place(row), "at": row.at, "task": row.task, "event": row.event})


def _place(row: EventRow) -> str:
    return f"{row.n}.{row.i}"


def _streamed(asked: Asked[StreamQuery, Any], task: str | None, begin: Place) -> Answer:
    resumed = asked.headers.get("last-event-id", "")
    after = place_of(resumed) or place_of(asked.query.after) or begin
    if resumed and place_of(resumed) is None:
        raise Refused(422, f"Last-Event-ID is {resumed[:80]!a}; send the id of a message, such as 12.0")
    return Answer(_sent(desk(), task, after, asked.query.timeout), 200, HEADERS, EVENT_STREAM)


def _sent(at: Desk, task: str | None, after: Place, timeout: float) -> Iterator[bytes]:
    """Give the messages of a stream: whenever something was decided, what the index has behind the last of them."""
    ends = time.monotonic() + timeout
    with at.streams.opened(task, None) as woken:
        for message in woken:
            at.settle()
            yield _said(message) or HEARTBEAT
            while rows := at.model.events(task, *after, PIECE):
                after = (rows[-1].n, rows[-1].i)
                yield b"".join(_message(row) for row in rows)
            if time.monotonic() >= ends:
                return


def _message(row: EventRow) -> bytes:
    return Message("event", _event(row).model_dump(mode="json"), (row.n, row.i)).encoded()


def _said(messages: bytes) -> bytes:
    """Return those of *messages* that are read from nowhere else, and how long to wait before a stream is resumed."""
    kept = (part for part in messages.split(b"\n\n") if part.startswith((b"event: said", b"retry:")))
    return b"".join(part + b"\n\n" for part in kept)


OPERATIONS: Final[tuple[Operation, ...]] = (list_events, list_task_events, stream_events, stream_task_events)
"""In the order in which they are shown."""
