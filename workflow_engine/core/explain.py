"""Why is this waiting?  One plain sentence from what is true of a task."""

from collections.abc import Mapping
from typing import Any

from workflow_engine.core.components import (
    Backoff,
    Failure,
    Identity,
    Question,
    Ready,
    Run,
    Running,
    Status,
    Suspended,
    TaskState,
    WaitKind,
)
from workflow_engine.core.moments import moment
from workflow_engine.core.record import TaskRecord

_WHOM = {WaitKind.HUMAN: "somebody", WaitKind.AGENT: "an agent", WaitKind.IO: "the outside"}


def explain(record: TaskRecord, now: float, *, serving: bool, lacks: Mapping[str, str] | None = None) -> str:
    """Return what or whom a task waits for, since when, when it next wakes, and what happens then.

    Args:
        record: the task.
        now: engine time, in seconds.
        serving: whether an engine carries tasks out.
        lacks: what ready runs need that is not registered, by run id.
    """
    status = record.get(Status)
    name = f"Task {record.id} ({record.get(Identity).workflow})"
    if status.state.terminal:
        return f"{name} {_ended(status, record.find(Failure), now)}."
    parts = [_run(run_id, run, now, serving, (lacks or {}).get(run_id)) for run_id, run in record.runs.items()]
    return f"{name} {'; and '.join(parts) or 'is between phases'}."


def _ended(status: Status, failure: Failure | None, now: float) -> str:
    when = moment(status.since, now)
    match status.state:
        case TaskState.FAILED if failure is not None:
            attempts = f"attempt {failure.attempts}" if failure.attempts else "planning"
            what = f"{failure.error}: {failure.message.rstrip('.')}"
            return (
                f"failed in phase {failure.phase!r} at {attempts}, {when}: {what}; "
                "it stays so until it is retried from there"
            )
        case TaskState.CANCELLED:
            why = f": {status.reason.rstrip('.')}" if status.reason else ""
            return f"was cancelled {when}{why}; nothing more happens"
        case _:
            return f"is {status.state}, since {when}; nothing more happens"


def _run(run_id: str, run: Mapping[str, Any], now: float, serving: bool, lacks: str | None) -> str:
    phase = repr(run["run"].phase)
    for kind in (Running, Backoff, Suspended, Ready):
        marker = run.get(kind.__name__.lower())
        match marker:
            case Running() if not serving:
                return f"was in phase {phase} when its engine stopped; it is taken up again when an engine runs"
            case Running(since=since, until=until):
                limit = f"it is given up {moment(until, now)}" if until is not None else "it has no time limit"
                return f"is being carried out in phase {phase}, since {moment(since, now)}; {limit}"
            case Backoff(until=until, error=error):
                number = run["attempt"].number + 1
                return f"failed in phase {phase} ({error.rstrip('.')}) and makes attempt {number} {moment(until, now)}"
            case Suspended(question=None, since=since, until=float(until)):
                wakes = f"until {moment(until, now)}; then its handler goes on"
                return f"sleeps in phase {phase} since {moment(since, now)}, {wakes}"
            case Suspended():
                return _asking(run["run"], run["question"], marker, now)
            case Ready(since=since, needs=needs):
                # Once an engine runs, it knows what is missing; what was noted may have been registered since.
                return _ready(phase, since, lacks if serving else lacks or needs, serving, now)
            case _:
                continue
    return f"has a run without a state ({run_id})"


def _ready(phase: str, since: float, needs: str | None, serving: bool, now: float) -> str:
    when = f"since {moment(since, now)}"
    if needs is not None:
        return f"waits in phase {phase} {when} for {needs}, which is not registered; it goes on as soon as it is"
    if not serving:
        return f"is ready for phase {phase} {when} and waits for an engine to run"
    return f"is ready for phase {phase} {when} and waits for a free place; it goes on when others end"


def _asking(run: Run, question: Question, suspended: Suspended, now: float) -> str:
    whom = question.assignee or " or ".join(question.candidates) or _WHOM[question.kind]
    what = f"{question.prompt!r} (question {question.id})"
    text = f"waits in phase {run.phase!r} since {moment(suspended.since, now)} for {whom} to answer {what}"
    if suspended.until is not None:
        return f"{text}; without an answer it fails {moment(suspended.until, now)}"
    if question.due is not None and question.overdue:
        return f"{text}; that was due {moment(question.due, now)}, and it keeps waiting"
    if question.due is not None:
        then = "it fails then" if question.on_due == "fail" else "after that it is overdue and keeps waiting"
        return f"{text}; due {moment(question.due, now)}, {then}"
    return f"{text}; it goes on with the answer, however long that takes"
