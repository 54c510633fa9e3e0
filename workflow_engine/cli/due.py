"""``workflow-engine due``."""

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.given import parsed
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_tended


@click.command(epilog=examples("due 1ng0s0kwgrxt-00001 2d", "due 1ng0s0kwgrxt-00001 none"))
@click.argument("question", metavar="QUESTION|TASK")
@click.argument("within", metavar="DURATION|none")
@click.option("--by", metavar="NAME", help="Who says so.  [default: you]")
@json_option
@engine_options
@pass_invocation
def due(invocation: Invocation, /, question: str, within: str, by: str | None, as_json: bool) -> None:
    """Give a question another due time: so long from now, in seconds or as 30m, 12h, 2d; or none.

    What happens when it is due stays as it was asked.
    """
    due_in = None if within == "none" else parsed(within)
    result = command(invocation, "set_question_due", question=question, due_in=due_in, by=by or user_name())
    print_tended(question, "has no due time" if due_in is None else f"is due in {within}", result, as_json)
