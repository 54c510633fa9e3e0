"""What `workflow-engine show` prints of a task: its facts, and the rows of its tables."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from workflow_engine.cli.document import entries, given, standing
from workflow_engine.cli.document import questions as open_questions
from workflow_engine.cli.output import compact
from workflow_engine.cli.times import when
from workflow_engine.core.components import (
    Artifacts,
    Context,
    Cost,
    Costs,
    Data,
    Escalated,
    Failure,
    Feedback,
    Identity,
    Inherited,
    Json,
    PhaseProgress,
    Progress,
    Spent,
    Stage,
    Status,
    Undoing,
)
from workflow_engine.core.fan_reasons import fan_counts
from workflow_engine.core.moments import span
from workflow_engine.core.record import TaskRecord
from workflow_engine.readmodel.rows import TaskRow
from workflow_engine.values import from_json

LONG: Final = 10_000
"""Characters of a value that are shown whole."""

BEGINNING: Final = 1_000
"""Characters of a longer one that are shown."""


def facts(record: TaskRecord) -> Iterator[tuple[str, str]]:
    """Give what is true of the task, by name."""
    identity, status, stage = record.get(Identity), record.get(Status), record.find(Stage)
    yield "task", record.id
    yield "workflow", identity.workflow
    if stage is not None:
        yield "stage", f"{stage.name}, since {when(stage.since)}"
    yield "status", status.state.value
    yield "since", when(status.since)
    if status.reason:
        yield "reason", status.reason
    yield from _ending(record)
    yield "submitted", when(identity.submitted_at)
    if identity.assigned_to is not None:
        yield "assigned to", identity.assigned_to
    if identity.priority:
        yield "priority", str(identity.priority)
    if identity.parent is not None:
        yield "parent", identity.parent
    if identity.labels:
        yield "labels", " ".join(f"{key}={value}" for key, value in identity.labels.items())
    spent = record.find(Spent)
    if spent is not None and spent.cost != Cost():
        yield "cost", cost_words(spent.cost)
    data = record.find(Data)
    if data is not None:
        yield "data", _cell(data.value)
    output = given(record)
    if isinstance(output, msgspec.Raw):
        yield "output", _cell(output)


def cost_words(cost: Cost) -> str:
    """Return what models have cost, in words."""
    known = f"{cost.tokens:,} tokens, {dollars(cost.dollars)}"
    turns = "1 turn" if cost.unpriced == 1 else f"{cost.unpriced} turns"
    return f"{known} and {turns} of unknown price" if cost.unpriced else known


def dollars(amount: float) -> str:
    """Return an amount of US dollars; what a single turn costs is often less than a cent."""
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def phase_columns(record: TaskRecord) -> tuple[str, ...]:
    """Return the columns of `phases`."""
    rejected = ("REJECTED",) if _rejected(record) else ()
    cost = ("COST",) if record.find(Costs) is not None else ()
    return ("PHASE", "OUTCOME", "VISITS", "ATTEMPTS", *rejected, "TOOK", *cost, "ENDED", "OUTPUT")


def phases(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give how each phase ended, those that ended first before others."""
    found: list[tuple[str, PhaseProgress]] = sorted(entries(record, Progress).items(), key=lambda item: item[1].ended)
    rejected, costs = _rejected(record), record.find(Costs)
    for phase, entry in found:
        yield (
            phase,
            entry.outcome,
            str(entry.visits),
            str(entry.attempts),
            *((str(entry.rejections) if entry.rejections else "",) if rejected else ()),
            span(entry.ended - entry.started),
            *((cost_words(costs.entries[phase]) if phase in costs.entries else "",) if costs is not None else ()),
            when(entry.ended),
            _cell(entry.output),
        )


def issues(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give the issues of phases that rejected, and those for which an output is given once more."""
    for phase, entry in entries(record, Progress).items():
        yield from _issues(phase, entry.issues)
    for run in record.runs.values():
        feedback: Feedback | None = run.get("feedback")
        if feedback is not None and feedback.unfit:
            yield from _issues(run["run"].phase, feedback.issues)


def fan_outs(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give how far each fan-out is."""
    for name, run in record.runs.items():
        counts = fan_counts(run)
        if counts is not None:
            live = sum(
                other["run"].item is not None and item.startswith(f"{name}.") for item, other in record.runs.items()
            )
            yield name, str(counts.items), str(counts.ended), str(counts.failed), str(live)


def runs(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give what each run does."""
    for name, run in record.runs.items():
        yield name, standing(run), str(run["attempt"].number), when(run["run"].since)
    for phase in record.held:
        yield phase, "held", "", ""


def children(rows: Sequence[TaskRow]) -> Iterator[tuple[str, ...]]:
    """Give the tasks that were forked."""
    for row in rows:
        yield row.id, row.status.value, row.workflow, when(row.since)


def questions(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give the open questions."""
    for question in open_questions(record):
        whom = question.assignee or ", ".join(question.candidates)
        yield question.id, whom, when(question.due) if question.due is not None else "", question.prompt


def decisions(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give the work that was rejected and that a person decides about."""
    for run in record.runs.values():
        escalated: Escalated | None = run.get("escalated")
        if escalated is not None:
            said = "; ".join(message for _, message in _issues("", escalated.issues))
            yield run["question"].id, _cell(escalated.output), said


def artifacts(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give the artifacts."""
    for name, raw in entries(record, Artifacts).items():
        reference = from_json(raw)
        yield name, str(reference.get("size")), str(reference.get("media_type")), str(reference.get("sha256"))


def context(record: TaskRecord) -> Iterator[tuple[str, ...]]:
    """Give the context, with what the task began with."""
    for name, raw in {**entries(record, Inherited), **entries(record, Context)}.items():
        yield name, _cell(raw)


def _ending(record: TaskRecord) -> Iterator[tuple[str, str]]:
    failure, undoing = record.find(Failure), record.find(Undoing)
    if failure is not None:
        yield "failure", f"phase {failure.phase}, attempt {failure.attempts}: {failure.error}: {failure.message}"
    if undoing is not None:
        why = f": {undoing.reason}" if undoing.reason else ""
        yield "undoing", f"{'is cancelled' if undoing.move == 'cancel' else 'fails'} afterwards{why}"


def _rejected(record: TaskRecord) -> bool:
    return any(entry.rejections for entry in entries(record, Progress).values())


def _issues(phase: str, listed: Json) -> Iterator[tuple[str, str]]:
    found: list[dict[str, Any]] = from_json(listed) or []
    for issue in found:
        yield phase, str(issue.get("message") or compact(issue))


def _cell(json: Json) -> str:
    """Return a JSON value in one line, the beginning of a long one; nothing for null."""
    value = from_json(json)
    text = "" if value is None else compact(value)
    if len(text) <= LONG:
        return text
    of = f", {len(value)} values" if isinstance(value, list | dict) else ""  # pyright: ignore[reportUnknownArgumentType]
    return f"{text[:BEGINNING]}… ({len(text)} characters{of}; --json has them all)"
