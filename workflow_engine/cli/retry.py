"""``workflow-engine retry``."""

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_outcome, print_rerun


@click.command(
    epilog=examples(
        "retry 1ng0s0kwgrxt-00001",
        "retry 1ng0s0kwgrxt-00001 --phase draft --preview",
        "retry 1ng0s0kwgrxt-00001 --phase draft",
    )
)
@click.argument("task")
@click.option("--phase", metavar="ID", help="The phase to go on from, in place of the one that failed.")
@click.option("--preview", is_flag=True, help="Say what is done again and what is kept, and change nothing.")
@json_option
@engine_options
@pass_invocation
def retry(invocation: Invocation, /, task: str, phase: str | None, preview: bool, as_json: bool) -> None:
    """Take a failed task up again, from the phase that failed.

    With --phase it goes back to that phase, and what builds on it is done again. A task that has not failed is not
    retried; fork makes a new task of it.
    """
    if preview:
        print_rerun(command(invocation, "preview_retry", task=task, phase=phase), as_json)
    else:
        print_outcome(command(invocation, "retry", task=task, phase=phase, by=user_name()), as_json)
