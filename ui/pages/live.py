"""Live: the streams of server-sent events that open pages listen to."""

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, request

from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.streaming.messages import place_of
from workflow_engine.ui.streaming.streams import Streams

live: Final = Blueprint("live", __name__, url_prefix="/live")

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither a cache nor a proxy is to hold messages back."""


@live.get("")
@needs(Role.VIEWER)
def whole() -> Response:
    """Stream that something has changed."""
    return _streamed(None)


@live.get("/tasks/<task>")
@needs(Role.VIEWER)
def of_task(task: str) -> Response:
    """Stream the events of a task, and what its attempts say."""
    desk().ask.get_task(task)  # one that is not there is refused, and holds no stream open
    return _streamed(task)


def _streamed(task: str | None) -> Response:
    streams = desk().streams
    streams.check_room()
    after = place_of(request.headers.get("Last-Event-ID"))
    return Response(_sent(streams, task, after), mimetype="text/event-stream", headers=HEADERS)


def _sent(streams: Streams, task: str | None, after: tuple[int, int] | None) -> Iterator[bytes]:
    with streams.opened(task, after) as sent:
        yield from sent
