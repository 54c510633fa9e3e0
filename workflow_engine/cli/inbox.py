"""``workflow-engine inbox``."""

from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import say
from workflow_engine.cli.output import print_json, print_table
from workflow_engine.cli.reading import reading

if TYPE_CHECKING:
    from workflow_engine.readmodel.rows import QuestionRow


@click.command(epilog=examples("inbox", "inbox --assignee ann --overdue", "answer 1ng0s0kwgrxt-00001 decision=approve"))
@click.option("-a", "--assignee", metavar="NAME", help="Who is asked.")
@click.option("--candidate", metavar="NAME", help="Somebody, or a group, of whom an answer is accepted.")
@click.option("--task", metavar="TASK", help="The task that waits.")
@click.option("--kind", type=click.Choice(("human", "agent", "io")), help="Who is meant.")
@click.option("--overdue", is_flag=True, default=None, help="Only what is overdue.")
@click.option("-n", "--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="How many at most.")
@click.option("--after", metavar="PLACE", help="Go on behind a page; its end, or `next` in its JSON, says the place.")
@json_option
@engine_options
@pass_invocation
def inbox(invocation: Invocation, /, as_json: bool, **given: Any) -> None:
    """List the questions that wait for an answer: what is due first, then the oldest."""
    from workflow_engine.readmodel.rows import QuestionQuery

    with reading(invocation) as model:
        page = model.questions(QuestionQuery(**given))
    if as_json:
        print_json({"questions": [_document(row) for row in page.rows], "next": page.next})
        return
    print_table(("QUESTION", "FOR", "ASKED", "DUE", "WORKFLOW", "PROMPT"), map(_cells, page.rows))
    if page.next is not None:
        say(f"There are more: --after {page.next}")


def _document(row: "QuestionRow") -> dict[str, Any]:
    from workflow_engine.cli.document import row_document

    return row_document(row, ("asked_at", "due"))


def _cells(row: "QuestionRow") -> tuple[str, ...]:
    from workflow_engine.cli.times import ago, when

    due = "" if row.due is None else f"{when(row.due)}{', overdue' if row.overdue else ''}"
    return row.id, row.assignee or ", ".join(row.candidates), ago(row.asked_at), due, row.workflow, row.prompt
