"""``workflow-engine retry``."""

import click

from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_outcome


@click.command(epilog=examples("retry 1ng0s0kwgrxt-00001", "retry 1ng0s0kwgrxt-00001 --phase draft"))
@click.argument("task")
@click.option("--phase", metavar="ID", help="The phase to go on from, in place of the one that failed.")
@json_option
@engine_options
@pass_invocation
def retry(invocation: Invocation, /, task: str, phase: str | None, as_json: bool) -> None:
    """Take a failed task up again, from the phase that failed."""
    print_outcome(command(invocation, "retry", task=task, phase=phase), as_json)
