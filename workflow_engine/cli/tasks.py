"""``workflow-engine tasks``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.given import labels
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import say
from workflow_engine.cli.output import print_json, print_table
from workflow_engine.cli.reading import reading

if TYPE_CHECKING:
    from workflow_engine.readmodel.read_model import ReadModel
    from workflow_engine.readmodel.rows import TaskQuery, TaskRow

ORDERS = ("submitted", "-submitted", "since", "-since", "priority", "id", "-id")


@click.command(
    epilog=examples(
        "tasks",
        "tasks --status failed --status cancelled --workflow review",
        "tasks --label team=sea --text tides --order -since",
        "tasks --status waiting_human --limit 1000 --json | jq -r '.tasks[].id'",
    )
)
@click.option(
    "-s", "--status", multiple=True, metavar="STATUS", help="Where they stand; several times for any of them."
)
@click.option("-w", "--workflow", multiple=True, metavar="NAME", help="Their workflow; several times for any of them.")
@click.option("-c", "--classification", metavar="NAME", help="What they are classified as in their phase.")
@click.option("--phase", metavar="ID", help="The phase they are in.")
@click.option("--waiting", type=click.Choice(("human", "agent", "io")), help="What they wait for.")
@click.option(
    "-l", "--label", multiple=True, metavar="KEY=VALUE", help="A label they have; several times for all of them."
)
@click.option("-t", "--text", metavar="WORDS", help="Words in their data, outputs, labels, id or failure.")
@click.option("--parent", metavar="TASK", help="The task that forked them.")
@click.option(
    "--order", type=click.Choice(ORDERS), default="-submitted", show_default=True, help="A minus: newest first."
)
@click.option("-n", "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most.")
@click.option("--after", metavar="PLACE", help="Go on behind a page; its end, or `next` in its JSON, says the place.")
@click.option("--count", is_flag=True, help="Count them by status instead.")
@json_option
@engine_options
@pass_invocation
def tasks(invocation: Invocation, /, **given: Any) -> None:
    """List tasks, the newest first."""
    from workflow_engine.readmodel.rows import TaskQuery

    query = TaskQuery(
        statuses=given["status"],
        workflows=given["workflow"],
        phase=given["phase"],
        classification=given["classification"],
        waiting=given["waiting"],
        labels=labels(given["label"]),
        text=given["text"],
        parent=given["parent"],
        order=given["order"],
        after=given["after"],
    )
    with reading(invocation) as model:
        if given["count"]:
            counts = {str(status): number for status, number in model.counts(query).items()}
            _print_counts(counts, given["as_json"])
            return
        rows, following = _pages(model, query, given["limit"])
    if given["as_json"]:
        print_json({"tasks": [_document(row) for row in rows], "next": following})
        return
    staged = ("STAGE",) if any(row.stage is not None for row in rows) else ()
    columns = ("TASK", "STATUS", "WORKFLOW", *staged, "PHASE", "SUBMITTED", "SINCE", "ABOUT")
    print_table(columns, (_cells(row, bool(staged)) for row in rows))
    if following is not None:
        say(f"There are more: --after {following}")


def _pages(model: "ReadModel", query: "TaskQuery", limit: int) -> "tuple[list[TaskRow], str | None]":
    """Return as many rows as *limit* says, from as many pages as that takes, and the place behind them."""
    import msgspec

    from workflow_engine.readmodel.rows import LIMIT_MAX

    rows: list[TaskRow] = []
    while True:
        page = model.tasks(msgspec.structs.replace(query, limit=min(LIMIT_MAX, limit - len(rows))))
        rows += page.rows
        if page.next is None or len(rows) >= limit:
            return rows, page.next
        query = msgspec.structs.replace(query, after=page.next)


def _document(row: "TaskRow") -> dict[str, Any]:
    from workflow_engine.cli.document import cost_document, row_document
    from workflow_engine.core.components import Spent

    cost = cost_document(Spent(row.cost)) if row.cost is not None else None
    return {**row_document(row, ("since", "submitted_at", "ended_at")), "cost": cost}


def _cells(row: "TaskRow", staged: bool) -> tuple[str, ...]:
    from workflow_engine.cli.times import ago, local

    return (
        row.id,
        row.status.value,
        row.workflow,
        *((row.stage or "",) if staged else ()),
        ", ".join(row.phases) or row.failed_phase or "",
        local(row.submitted_at),
        ago(row.since),
        "; ".join(_about(row)),
    )


def _about(row: "TaskRow") -> Iterator[str]:
    if row.error is not None:
        yield f"{row.error}: {row.message}"
    elif row.reason is not None:
        yield row.reason
    if row.labels:
        yield " ".join(f"{key}={value}" for key, value in row.labels.items())


def _print_counts(counts: dict[str, int], as_json: bool) -> None:
    if as_json:
        print_json(counts)
    else:
        print_table(("STATUS", "TASKS"), [(status, str(number)) for status, number in counts.items()])
