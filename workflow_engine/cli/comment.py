"""``workflow-engine comment``."""

import click

from workflow_engine.cli.answer import named
from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_tended


@click.command(epilog=examples('comment 1ng0s0kwgrxt-00001 "The figures on page 2 are from last year."'))
@click.argument("question", metavar="QUESTION|TASK")
@click.argument("text")
@click.option("--by", metavar="NAME", help="Who says it.  [default: you]")
@json_option
@engine_options
@pass_invocation
def comment(invocation: Invocation, /, question: str, text: str, by: str | None, as_json: bool) -> None:
    """Say something about a question, for others who work on it."""
    result = command(invocation, "comment_question", question=question, text=text, by=named(by))
    print_tended(question, "has another comment", result, as_json)
