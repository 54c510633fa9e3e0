"""The port: what a sink is given, and what it promises."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec


class EventRecord(msgspec.Struct, frozen=True):
    """Something that was decided, as sinks are told of it.  Every key is always there.

    Attributes:
        id: ``<n>.<i>``; unique in one data directory, and the same whenever the event is told again.
        n: number of the commit that decided it, from 1.
        i: number of the event in that commit, from 0; *n* and *i* give the order of all events.
        at: engine time of the commit: RFC 3339, UTC, with microseconds.
        event: what happened, such as ``QuestionAsked``.
        task: id of the task it is about.
        workflow: name of the task's workflow, null where the task is purged.
        cause: id of the event of the same commit that it follows from, which was decided together with it; null where
            it follows from what came from outside (a result, an answer, a due time) or from an earlier commit.
        data: the other fields of the event, by name, with secrets taken out; fields at their default are left out.
    """

    id: str
    n: int
    i: int
    at: str
    event: str
    task: str
    workflow: str | None
    cause: str | None
    data: dict[str, Any]


class Sink(Protocol):
    """Takes events somewhere.  It has a thread of its own, and may take its time."""

    def deliver(self, events: Sequence[EventRecord]) -> None:
        """Return when *events* are where they belong, for good.

        They come in order, and at least once: after a failure or a crash the same events come again, perhaps together
        with others.  The id of an event tells a repeat.

        Raises:
            PermanentFailure: these events are refused, and will be; after some tries they are set aside.
            Exception: anything else may pass: the events come again after a pause, however often that takes;
                `TransientFailure.retry_after` makes it a longer one.
        """
        ...

    def close(self) -> None:
        """Give back what is held; nothing is delivered after that."""
        ...


def encoded(event: EventRecord) -> bytes:
    """Return an event as JSON on one line, without the line's end."""
    return _encode(event)


_encode: Final = msgspec.json.Encoder().encode
