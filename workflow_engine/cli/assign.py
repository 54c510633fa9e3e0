"""``workflow-engine assign``."""

import click

from workflow_engine.cli.answer import named, user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_tended


@click.command(
    epilog=examples(
        "assign 1ng0s0kwgrxt-00001 bob --note 'I am away.'",
        "assign 1ng0s0kwgrxt-00001 --candidate legal --candidate eve",
        "assign 1ng0s0kwgrxt-00001 bob --delegate",
    )
)
@click.argument("question", metavar="QUESTION|TASK")
@click.argument("assignee", required=False)
@click.option("--candidate", "candidates", multiple=True, metavar="NAME", help="Somebody, or a group, who may answer.")
@click.option("--delegate", is_flag=True, help="Have ASSIGNEE answer for you: you may take it back by claiming it.")
@click.option("--note", metavar="TEXT", help="Why, for people.")
@click.option("--by", metavar="NAME", help="Who says so.  [default: you]")
@json_option
@engine_options
@pass_invocation
def assign(
    invocation: Invocation,
    /,
    question: str,
    assignee: str | None,
    candidates: tuple[str, ...],
    delegate: bool,
    note: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Have others asked a question, whoever works on it.

    With neither ASSIGNEE nor --candidate, nobody in particular is asked.
    """
    if delegate:
        if assignee is None or candidates or note is not None:
            raise click.UsageError("--delegate takes one ASSIGNEE, and neither --candidate nor --note")
        result = command(invocation, "delegate_question", question=question, to=assignee, by=named(by))
        print_tended(question, f"is delegated to {assignee}", result, as_json)
        return
    result = command(
        invocation,
        "assign_question",
        question=question,
        assignee=assignee,
        candidates=candidates,
        by=by or user_name(),
        note=note,
    )
    print_tended(question, f"is for {assignee or ' or '.join(candidates) or 'anybody'}", result, as_json)
