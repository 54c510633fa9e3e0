"""``workflow-engine cancel``."""

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_outcome


@click.command(epilog=examples('cancel 1ng0s0kwgrxt-00001 --reason "asked for twice"'))
@click.argument("task")
@click.option("--reason", metavar="TEXT", help="Why, for people.")
@json_option
@engine_options
@pass_invocation
def cancel(invocation: Invocation, /, task: str, reason: str | None, as_json: bool) -> None:
    """End a task; what is under way for it is stopped."""
    print_outcome(command(invocation, "cancel", task=task, reason=reason, by=user_name()), as_json)
