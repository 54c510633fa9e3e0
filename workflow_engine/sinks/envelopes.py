"""Envelopes: events as sinks get them, made of what commits have told."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from workflow_engine.sinks.causes import causes
from workflow_engine.sinks.index import Told
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.redaction import Redaction


class Envelopes:
    """Makes the envelopes of one sink: of the events that it wants, without secrets.

    Args:
        redaction: takes secrets out.
        events: names of the events that are wanted; empty for all.
        workflows: names of the workflows that are wanted; empty for all.
    """

    def __init__(self, redaction: Redaction, events: Collection[str] = (), workflows: Collection[str] = ()) -> None:
        self._redaction = redaction
        self._events = frozenset(events)
        self._workflows = frozenset(workflows)

    def of(self, commit: Told, after: Place, workflows: Mapping[str, str]) -> Iterator[EventRecord]:
        """Give the events of a commit that stand behind *after* and are wanted.

        Args:
            commit: the whole commit.
            after: a place, perhaps in it.
            workflows: names of workflows by task.
        """
        behind = after.key
        wanted = [(i, event) for i, event in commit.events if (commit.n, i) > behind and self._wants(event, workflows)]
        if not wanted:
            return
        led = causes(commit.events)
        at = moment(commit.at)
        names = {str(event.get("task")): workflows.get(str(event.get("task"))) for _, event in wanted}
        clean = None if self._redaction.leaves([*(event for _, event in wanted), *names.values()]) else self._redaction
        for i, event in wanted:
            cause = f"{commit.n}.{led[i]}" if i in led else None
            task = str(event.get("task"))
            data = {key: value for key, value in event.items() if key not in _OWN}
            record = EventRecord(
                f"{commit.n}.{i}", commit.n, i, at, str(event.get("event")), task, names[task], cause, data
            )
            yield record if clean is None else _without_secrets(record, clean)

    def _wants(self, event: Mapping[str, Any], workflows: Mapping[str, str]) -> bool:
        if self._events and event.get("event") not in self._events:
            return False
        return not self._workflows or workflows.get(str(event.get("task"))) in self._workflows


_OWN: Final = ("event", "task")
"""What the envelope itself has."""


def moment(at: float) -> str:
    """Return a moment, in seconds since the epoch, as RFC 3339: UTC, with microseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _without_secrets(record: EventRecord, clean: Redaction) -> EventRecord:
    data: dict[str, Any] = clean.value(record.data)
    workflow = clean.text(record.workflow) if record.workflow is not None else None
    return msgspec.structs.replace(record, task=clean.text(record.task), workflow=workflow, data=data)
