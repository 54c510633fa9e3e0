"""What a fan-out waits for, in words: its items are counted by what they do, and never listed."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import (
    Backoff,
    ItemResult,
    Items,
    Joining,
    Question,
    Ready,
    Running,
    Suspended,
    WaitKind,
)
from workflow_engine.core.moments import moment
from workflow_engine.core.reasons import Around, Reason, asked, marker_of, place_of

Runs = list[tuple[str, Mapping[str, Any]]]
"""Ids and components of runs."""


class FanCounts(NamedTuple):
    """How far a fan-out is: how many items it has, how many of them have ended, and how many of those failed."""

    items: int
    ended: int
    failed: int


def fan_counts(run: Mapping[str, Any]) -> FanCounts | None:
    """Return how far a run is that is a fan-out, None for another."""
    items, table = run.get("items"), run.get("results")
    if not isinstance(items, Items):
        return None
    results: Mapping[str, ItemResult] = table.entries if table is not None else {}
    return FanCounts(len(_decode(items.value)), len(results), sum(result.failed for result in results.values()))


def fan_reason(run: Mapping[str, Any], counts: FanCounts, live: Runs, around: Around) -> Reason:
    """Return what a fan-out waits for.

    Args:
        run: its components.
        counts: how far it is.
        live: its items under way.
        around: the circumstances.
    """
    joining: Joining = run["joining"]
    what = f"has carried out {counts.ended} of {counts.items} items of {place_of(run)}"
    if counts.failed:
        what += f", of which {counts.failed} failed"
    parts = [phrase(found, around) for kind, phrase in _PHRASES if (found := [one for one in live if kind(one[1])])]
    left = counts.items - counts.ended - len(live)
    if left:
        parts.append(f"{left} {'begins' if left == 1 else 'begin'} as others end")
    return Reason(f"{what}, since {moment(joining.since, around.now)}", "; ".join(parts) or None)


_decode: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_WHO: Final = {WaitKind.HUMAN: "a person", WaitKind.AGENT: "an agent", WaitKind.IO: "the outside"}


def _running(runs: Runs, around: Around) -> str:
    if not around.serving:
        return f"{_many(runs, 'was', 'were')} under way when the engine stopped"
    return f"{_many(runs, 'is', 'are')} under way"


def _backoff(runs: Runs, around: Around) -> str:
    return f"{_many(runs, 'failed and is', 'failed and are')} tried again, {_earliest(runs, 'backoff', '', around)}"


def _sleeping(runs: Runs, around: Around) -> str:
    return f"{_many(runs, 'sleeps', 'sleep')}, {_earliest(runs, 'suspended', 'until ', around)}"


def _asking(kind: WaitKind) -> Callable[[Runs, Around], str]:
    def phrase(runs: Runs, around: Around) -> str:
        questions: list[Question] = sorted((run["question"] for _, run in runs), key=lambda one: one.asked_at)
        more = f" and {len(questions) - 1} more" if len(questions) > 1 else ""
        named = questions[0].assignee or questions[0].candidates
        who = f"{_WHO[kind]}: " if named else ""  # else it says so itself
        return f"{_many(runs, 'waits', 'wait')} for {who}{asked(questions[0])}{more}"

    return phrase


def _forked(runs: Runs, around: Around) -> str:
    return f"{_many(runs, 'waits', 'wait')} for tasks that {'it' if len(runs) == 1 else 'they'} forked"


def _ready(runs: Runs, around: Around) -> str:
    run_id, run = runs[0]
    needs = around.needs(run_id, run["ready"])
    if needs is not None:
        return f"{_many(runs, 'waits', 'wait')} for {needs}, which is not registered"
    what = "a free place" if around.serving else "an engine to run"
    return f"{_many(runs, 'is ready and waits', 'are ready and wait')} for {what}"


def _waits_for(kind: WaitKind) -> Callable[[Mapping[str, Any]], bool]:
    return lambda run: (
        isinstance(suspended := marker_of(run), Suspended) and _asks(suspended) and suspended.kind is kind
    )


def _asks(suspended: Suspended) -> bool:
    return suspended.question is not None


def _sleeps(run: Mapping[str, Any]) -> bool:
    marker = marker_of(run)
    return isinstance(marker, Suspended) and not _asks(marker)


_PHRASES: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Runs, Around], str]], ...]] = (
    (lambda run: isinstance(marker_of(run), Running), _running),
    (lambda run: isinstance(marker_of(run), Backoff), _backoff),
    *((_waits_for(kind), _asking(kind)) for kind in WaitKind),
    (_sleeps, _sleeping),
    (lambda run: isinstance(marker_of(run), Joining), _forked),
    (lambda run: isinstance(marker_of(run), Ready), _ready),
)
"""What items may do, and how a sentence says that some of them do it."""


def _many(runs: Runs, one: str, several: str) -> str:
    return f"{len(runs)} {one if len(runs) == 1 else several}"


def _earliest(runs: Runs, marker: str, until: str, around: Around) -> str:
    first = "" if len(runs) == 1 else "the first "
    return f"{first}{until}{moment(min(run[marker].until for _, run in runs), around.now)}"
