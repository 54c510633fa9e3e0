"""Why is this waiting?  One plain sentence from what is true of a task."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from workflow_engine.core.components import (
    Failure,
    Identity,
    Question,
    Stage,
    Status,
    TaskState,
    Undoing,
)
from workflow_engine.core.fan import group_of
from workflow_engine.core.fan_reasons import Runs, fan_counts, fan_reason
from workflow_engine.core.moments import moment
from workflow_engine.core.plan import UNDO
from workflow_engine.core.reasons import NAMED_MAX, Around, Reason, reason, some
from workflow_engine.core.record import TaskRecord


def explain(
    record: TaskRecord,
    now: float,
    *,
    serving: bool,
    lacks: Mapping[str, str] | None = None,
    child: Callable[[str], str | None] = lambda task: None,
    about: Callable[[Question], str | None] = lambda question: None,
) -> str:
    """Return what or whom a task waits for, since when, when it next wakes, and what happens then.

    Args:
        record: the task.
        now: engine time, in seconds.
        serving: whether an engine carries tasks out.
        lacks: what ready runs need that is not registered, by run id.
        child: gives what a task that this one forked waits for, see `brief`; None where that is not known.
        about: gives what is being done about an open question, None where that is not known.
    """
    identity, status, stage = record.get(Identity), record.get(Status), record.find(Stage)
    at = f", at stage {stage.name!r}" if stage is not None else ""
    name = f"Task {record.id} ({identity.workflow}{at})"
    if status.state.terminal:
        return f"{name} {_ended(status, record.find(Failure), now)}."
    undoing = record.find(Undoing)
    parts = [str(found) for found in _reasons(record, Around(now, serving, lacks or {}, child, about))]
    said = "; and ".join([*parts[:NAMED_MAX], *_rest(parts), *_held(record.held)]) or "is between phases"
    return f"{name} {said if undoing is None else _undoing(record, undoing, said)}."


def brief(record: TaskRecord, now: float, *, serving: bool, lacks: Mapping[str, str] | None = None) -> str:
    """Return what or whom a task waits for, in a few words that can stand in another sentence; see `explain`."""
    status = record.get(Status)
    if status.state.terminal:
        return f"is {status.state}"
    found = next(_reasons(record, Around(now, serving, lacks or {}, lambda task: None)), None)
    return found.what if found is not None else "is between phases"


def _reasons(record: TaskRecord, around: Around) -> Iterator[Reason]:
    """Give what each run of a task waits for, a fan-out with its items as one; those that wait longest first."""
    items: dict[str, Runs] = {}
    phases: Runs = []
    for run_id, run in record.runs.items():
        if run["run"].item is None:
            phases.append((run_id, run))
        else:
            items.setdefault(group_of(run_id), []).append((run_id, run))
    if len(phases) > NAMED_MAX:  # not all can be named
        phases.sort(key=_interest)
    for name, phase in phases:
        counts = fan_counts(phase)
        if counts is None:
            yield reason(name, phase, around)
        else:
            yield fan_reason(phase, counts, items.get(name, []), around)


_INTEREST: Final = ("suspended", "backoff", "ready", "joining", "running")


def _interest(run: tuple[str, Mapping[str, Any]]) -> int:
    """Return the place of a run among those that a sentence names: what waits for somebody goes before what moves."""
    return next((place for place, marker in enumerate(_INTEREST) if marker in run[1]), len(_INTEREST))


def _rest(parts: list[str]) -> Iterator[str]:
    more = len(parts) - NAMED_MAX
    if more > 0:
        yield f"{more} more {'phase is' if more == 1 else 'phases are'} under way"


def _held(phases: tuple[str, ...]) -> Iterator[str]:
    if phases:
        named = some([repr(phase) for phase in phases])
        subject = f"phase {named} waits" if len(phases) == 1 else f"phases {named} wait"
        yield f"{subject} until others have ended (max_concurrency of the workflow)"


def _undoing(record: TaskRecord, undoing: Undoing, said: str) -> str:
    failure = undoing.failure
    why = f"{failure.error}: {failure.message}" if failure is not None else undoing.reason
    ends = "is cancelled" if undoing.move == "cancel" else "fails"
    because = f" because {why.rstrip('.')}" if why else ""
    phase = next((run["run"].phase.removesuffix(UNDO) for run in record.runs.values()), None)
    following = f", phase {phase!r} next" if phase is not None else ""
    return f"{ends}{because}; before that it undoes what it has done{following}: it {said}"


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
