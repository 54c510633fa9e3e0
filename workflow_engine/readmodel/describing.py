"""Rows of the index from components: what a task is listed, filtered and sorted by."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import Cost, Failure, Identity, Spent, Stage, Status, TaskState, WaitKind
from workflow_engine.readmodel.batch import Components
from workflow_engine.readmodel.grouping import failure_group

LATE: Final = 1e18
"""The deadline of a question without one: after all others."""


class Place(NamedTuple):
    """Where a run stands, as its row has it."""

    run: str
    since: float
    phase: str
    classification: str
    waiting: str | None


class Question(msgspec.Struct, frozen=True, gc=False):
    """What is read of a run's open question; see `workflow_engine.core.components.Question`."""

    id: str
    kind: WaitKind
    prompt: str
    asked_at: float
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    due: float | None = None
    overdue: bool = False
    claimed_by: str | None = None
    owner: str | None = None
    escalate_to: tuple[str, ...] = ()


class Described(NamedTuple):
    """The components that rows are made of."""

    identity: Identity
    status: Status
    failure: Failure | None
    stage: Stage | None
    spent: Spent | None


def described(own: Components) -> Described | None:
    """Return what is described of a task with these components; None where it lacks what makes a task.

    Raises:
        msgspec.ValidationError: a component is not what this version can read.
    """
    identity, status, failure = own.get("identity"), own.get("status"), own.get("failure")
    if type(identity) is not msgspec.Raw or type(status) is not msgspec.Raw:
        return None
    why = _decode_failure(failure) if type(failure) is msgspec.Raw else None
    stage = own.get("stage")
    at = _decode_stage(stage) if type(stage) is msgspec.Raw else None
    spent = own.get("spent")
    costs = _decode_spent(spent) if type(spent) is msgspec.Raw else None
    return Described(_decode_identity(identity), _decode_status(status), why, at, costs)


def task_row(k: int, n: int, of: Described, ended: bool, places: list[Place]) -> tuple[Any, ...]:
    """Return the row of a task, in the order of the table's columns."""
    identity, status, failure, stage, spent = of
    return (
        k,
        identity.id,
        n,
        identity.workflow,
        identity.definition,
        status.state.value,
        status.since,
        identity.submitted_at,
        status.since if ended else None,
        -identity.priority,
        identity.assigned_to,
        identity.parent,
        status.reason,
        *((failure.phase, failure.error, failure.message) if failure else (None, None, None)),
        _encode(identity.labels) if identity.labels else None,
        *(places[0][2:] if len(places) == 1 else (None, None, None)),
        len(places) > 1,
        stage.name if stage is not None else None,
        _encode(spent.cost) if spent is not None and spent.cost != Cost() else None,
        failure_group(identity.workflow, failure.phase, failure.error, failure.message)
        if failure is not None and status.state is TaskState.FAILED
        else None,
    )


def places_of(runs: Mapping[str, Components], classifications: Mapping[str, str]) -> list[Place]:
    """Return where the runs of a task stand, those planned first before others.

    Args:
        runs: their components.
        classifications: of the definition's phases, by phase id.
    """
    found: list[Place] = []
    for run, components in runs.items():
        visit = components.get("run")
        if type(visit) is msgspec.Raw:
            of = _decode_run(visit)
            suspended = components.get("suspended")
            waiting = _decode_suspended(suspended).kind if type(suspended) is msgspec.Raw else None
            found.append(Place(run, of.since, of.phase, classifications.get(of.phase, of.phase), waiting))
    return sorted(found, key=lambda place: (place.since, place.run))


def question_row(
    k: int, identity: Identity, run: str, components: Components
) -> tuple[tuple[Any, ...], Question] | None:
    """Return the row of a run's open question and the question, or None where it asks nothing."""
    visit, raw = components.get("run"), components.get("question")
    if type(visit) is not msgspec.Raw or type(raw) is not msgspec.Raw:
        return None
    question, of = _decode_question(raw), _decode_run(visit)
    row = (
        k,
        run,
        question.id,
        identity.id,
        of.phase,
        question.kind.value,
        question.prompt,
        question.assignee,
        _encode(question.candidates),
        question.asked_at,
        question.due,
        question.overdue,
        deadline(question),
        identity.workflow,
        of.visit,
        question.claimed_by,
        question.owner,
        _encode(question.escalate_to),
        question.assignee is None and not question.candidates,
    )
    return row, question


def addressed_rows(k: int, run: str, question: Question) -> Iterator[tuple[Any, ...]]:
    """Give a row for everybody, person or group, whom the question names."""
    order = deadline(question), question.asked_at, question.id
    for person in dict.fromkeys((*question.candidates, question.assignee, question.claimed_by)):
        if person is not None:
            yield k, run, person, *order, person in question.candidates, question.overdue


def deadline(question: Question) -> float:
    """Return what open questions are sorted by before their age."""
    return LATE if question.due is None else question.due


def classifications(definition: bytes) -> dict[str, str]:
    """Return what each phase of a definition, a component as JSON, is classified as."""
    phases = _decode_definition(definition).spec.phases
    return {phase.id or phase.target_classification: phase.target_classification or phase.id for phase in phases}


class _Phase(msgspec.Struct, frozen=True):
    id: str = ""
    target_classification: str = ""


class _Spec(msgspec.Struct, frozen=True):
    phases: tuple[_Phase, ...] = ()


class _Definition(msgspec.Struct, frozen=True):
    spec: _Spec


class _Suspended(msgspec.Struct, frozen=True, gc=False):
    kind: str


class _Run(msgspec.Struct, frozen=True, gc=False):
    phase: str
    since: float = 0.0
    visit: int = 1


_encode: Final = msgspec.json.Encoder().encode
_decode_identity: Final = msgspec.json.Decoder(Identity).decode
_decode_status: Final = msgspec.json.Decoder(Status).decode
_decode_failure: Final = msgspec.json.Decoder(Failure).decode
_decode_stage: Final = msgspec.json.Decoder(Stage).decode
_decode_spent: Final = msgspec.json.Decoder(Spent).decode
_decode_question: Final = msgspec.json.Decoder(Question).decode
_decode_suspended: Final = msgspec.json.Decoder(_Suspended).decode
_decode_run: Final = msgspec.json.Decoder(_Run).decode
_decode_definition: Final = msgspec.json.Decoder(_Definition).decode
