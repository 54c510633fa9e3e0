"""Watching: events as they happen, over a stream that is resumed where it breaks off."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from workflow_engine.client.refusals import ServerUnreachable, error_from, problem_of
from workflow_engine.client.transport import PAUSE, TRIES, Transport
from workflow_engine.client.views import Event

ENDS: Final = frozenset({"TaskCompleted", "TaskFailed", "TaskCancelled", "TaskPurged"})
"""Events with which a task may have ended."""


def watched(
    transport: Transport,
    path: str,
    place: str | None,
    over: Callable[[Event], bool],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Event]:
    """Yield events of a stream, each once.

    Args:
        transport: sends requests.
        path: of the stream.
        place: behind which it begins; None for where the stream begins by itself.
        over: whether an event is the last that is of interest.
        sleep: waits so many seconds.

    Raises:
        EngineError: the server refuses, or cannot be reached, several times one after the other.
    """
    failed = 0
    while True:
        try:
            for event in _streamed(transport, path, place):
                failed, place = 0, event.place
                yield event
                if over(event):
                    return
            sleep(PAUSE)  # the stream ended, as all do after an hour, or the server does
        except ServerUnreachable:
            failed += 1
            if failed >= TRIES:
                raise
            sleep(PAUSE * 2**failed)


def _streamed(transport: Transport, path: str, place: str | None) -> Iterator[Event]:
    """Yield the events of one connection.

    Raises:
        EngineError: the server refuses.
        ServerUnreachable: it cannot be reached, or the connection broke.
    """
    import httpx2

    try:
        with transport.stream(path, {}, place) as answer:
            if answer.status_code != 200:
                answer.read()
                raise error_from(answer.status_code, problem_of(answer.content))
            name = ""
            for line in answer.iter_lines():
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data" and name == "event":
                    yield msgspec.json.decode(value, type=Event)
    except httpx2.HTTPError as error:
        raise ServerUnreachable(transport.url, str(error) or type(error).__name__) from error
