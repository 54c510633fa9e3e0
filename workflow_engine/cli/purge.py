"""``workflow-engine purge``."""

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.confirming import confirmed
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_purged
from workflow_engine.cli.output import clean
from workflow_engine.errors import InputRefused


@click.command(epilog=examples("purge 1ng0s0kwgrxt-00001", "purge 1ng0s0kwgrxt-00001 1ng0s0kwgrxt-00002 --yes"))
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@engine_options
@pass_invocation
def purge(invocation: Invocation, /, tasks: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove tasks that have ended for good, with their history and logs.

    Their ids are free again. Artifacts that no other task refers to are removed later. Where one of the tasks has not
    ended, none is removed.
    """
    if not yes:
        what = f"task {clean(tasks[0])}" if len(tasks) == 1 else f"{len(tasks)} tasks"
        if not confirmed(f"Remove {what} for good?", "this cannot be undone"):
            raise InputRefused("nothing was removed")
    print_purged(command(invocation, "purge", tasks=tasks, by=user_name()), as_json)
