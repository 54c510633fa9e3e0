"""``workflow-engine show``."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import compact, print_facts, print_json, print_line, print_table
from workflow_engine.cli.reading import record_of

if TYPE_CHECKING:
    from workflow_engine.core.record import TaskRecord


@click.command(epilog=examples("show 1ng0s0kwgrxt-00001", "show 1ng0s0kwgrxt-00001 --json | jq .phases"))
@click.argument("task")
@json_option
@engine_options
@pass_invocation
def show(invocation: Invocation, /, task: str, as_json: bool) -> None:
    """Show all that is known of a task."""
    record = record_of(invocation, task)
    if as_json:
        from workflow_engine.cli.document import document

        print_json(document(record))
        return
    print_facts(_facts(record))
    _section("Phases", ("PHASE", "OUTCOME", "VISITS", "ATTEMPTS", "TOOK", "ENDED", "OUTPUT"), list(_phases(record)))
    _section("Under way", ("RUN", "STATE", "ATTEMPT", "SINCE"), list(_runs(record)))
    _section("Questions", ("QUESTION", "FOR", "DUE", "PROMPT"), list(_questions(record)))
    _section("Artifacts", ("ARTIFACT", "BYTES", "TYPE", "SHA-256"), list(_artifacts(record)))
    _section("Context", ("NAME", "VALUE"), list(_context(record)))


def _section(title: str, columns: Sequence[str], rows: list[tuple[str, ...]]) -> None:
    if rows:
        print_line("")
        print_line(title, "bold")
        print_table(columns, rows)


def _facts(record: "TaskRecord") -> Iterator[tuple[str, str]]:
    from workflow_engine.cli.times import when
    from workflow_engine.core.components import Data, Failure, Identity, Status
    from workflow_engine.values import from_json

    identity, status = record.get(Identity), record.get(Status)
    yield "task", record.id
    yield "workflow", identity.workflow
    yield "status", status.state.value
    yield "since", when(status.since)
    if status.reason:
        yield "reason", status.reason
    failure = record.find(Failure)
    if failure is not None:
        yield "failure", f"phase {failure.phase}, attempt {failure.attempts}: {failure.error}: {failure.message}"
    yield "submitted", when(identity.submitted_at)
    if identity.assigned_to is not None:
        yield "assigned to", identity.assigned_to
    if identity.priority:
        yield "priority", str(identity.priority)
    if identity.parent is not None:
        yield "parent", identity.parent
    if identity.labels:
        yield "labels", " ".join(f"{key}={value}" for key, value in identity.labels.items())
    data = record.find(Data)
    if data is not None:
        yield "data", compact(from_json(data.value))


def _phases(record: "TaskRecord") -> Iterator[tuple[str, ...]]:
    from workflow_engine.cli.document import entries
    from workflow_engine.cli.times import when
    from workflow_engine.core.components import PhaseProgress, Progress
    from workflow_engine.core.moments import span
    from workflow_engine.values import from_json

    found: list[tuple[str, PhaseProgress]] = sorted(entries(record, Progress).items(), key=lambda item: item[1].ended)
    for phase, entry in found:
        output: Any = from_json(entry.output)
        yield (
            phase,
            entry.outcome,
            str(entry.visits),
            str(entry.attempts),
            span(entry.ended - entry.started),
            when(entry.ended),
            "" if output is None else compact(output),
        )


def _runs(record: "TaskRecord") -> Iterator[tuple[str, ...]]:
    from workflow_engine.cli.document import standing
    from workflow_engine.cli.times import when

    for name, run in record.runs.items():
        yield name, standing(run), str(run["attempt"].number), when(run["run"].since)


def _questions(record: "TaskRecord") -> Iterator[tuple[str, ...]]:
    from workflow_engine.cli.document import questions
    from workflow_engine.cli.times import when

    for question in questions(record):
        whom = question.assignee or ", ".join(question.candidates)
        yield question.id, whom, when(question.due) if question.due is not None else "", question.prompt


def _artifacts(record: "TaskRecord") -> Iterator[tuple[str, ...]]:
    from workflow_engine.cli.document import entries
    from workflow_engine.core.components import Artifacts
    from workflow_engine.values import from_json

    for name, raw in entries(record, Artifacts).items():
        reference = from_json(raw)
        yield name, str(reference.get("size")), str(reference.get("media_type")), str(reference.get("sha256"))


def _context(record: "TaskRecord") -> Iterator[tuple[str, ...]]:
    from workflow_engine.cli.document import entries
    from workflow_engine.core.components import Context
    from workflow_engine.values import from_json

    for name, raw in entries(record, Context).items():
        yield name, compact(from_json(raw))
