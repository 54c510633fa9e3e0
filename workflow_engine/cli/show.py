"""``workflow-engine show``."""

from collections.abc import Sequence
from typing import Final

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import print_facts, print_json, print_line, print_table
from workflow_engine.cli.reading import children_of, known, reading

ROWS_MAX: Final = 20
"""Rows of a table of what there may be many of."""


@click.command(epilog=examples("show 1ng0s0kwgrxt-00001", "show 1ng0s0kwgrxt-00001 --json | jq .phases"))
@click.argument("task")
@json_option
@engine_options
@pass_invocation
def show(invocation: Invocation, /, task: str, as_json: bool) -> None:
    """Show all that is known of a task.

    Long values and long lists are shown in part; --json has them whole.
    """
    with reading(invocation) as model:
        record = known(model, task)
        children = children_of(model, task, None if as_json else ROWS_MAX + 1)
    if as_json:
        from workflow_engine.cli.document import document

        print_json(document(record, children))
        return
    from workflow_engine.cli import shown

    print_facts(shown.facts(record))
    _section("Phases", shown.phase_columns(record), list(shown.phases(record)))
    _section("Issues", ("PHASE", "ISSUE"), list(shown.issues(record)))
    _section("Fan-outs", ("RUN", "ITEMS", "ENDED", "FAILED", "UNDER WAY"), list(shown.fan_outs(record)))
    _section("Under way", ("RUN", "STATE", "ATTEMPT", "SINCE"), list(shown.runs(record)))
    _section(
        "Child tasks",
        ("TASK", "STATUS", "WORKFLOW", "SINCE"),
        list(shown.children(children)),
        f"tasks --parent {task}",
    )
    _section("Questions", ("QUESTION", "FOR", "DUE", "PROMPT"), list(shown.questions(record)), f"inbox --task {task}")
    _section("To decide", ("QUESTION", "WORK", "ISSUES"), list(shown.decisions(record)))
    _section("Artifacts", ("ARTIFACT", "BYTES", "TYPE", "SHA-256"), list(shown.artifacts(record)))
    _section("Context", ("NAME", "VALUE"), list(shown.context(record)))


def _section(title: str, columns: Sequence[str], rows: list[tuple[str, ...]], rest: str = "") -> None:
    """Print a table, if there is anything in it; of a long one the first rows, and which command lists the *rest*."""
    if not rows:
        return
    print_line("")
    print_line(title, "bold")
    print_table(columns, rows[:ROWS_MAX])
    if len(rows) > ROWS_MAX:
        where = f"workflow-engine {rest}" if rest else "--json"
        print_line(f"There are more: {where} has them all.", "dim")
