"""``workflow-engine fork``."""

from typing import Any

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.given import given_data, labels, pairs
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_outcome, print_rerun


@click.command(
    epilog=examples(
        "fork 1ng0s0kwgrxt-00001 --phase draft --preview",
        "fork 1ng0s0kwgrxt-00001 --phase draft --set tone=formal --unset title",
        "fork 1ng0s0kwgrxt-00001 topic=winds words=300 --id winds-2",
    )
)
@click.argument("task")
@click.argument("data", nargs=-1)
@click.option("--phase", metavar="ID", help="The phase that the new task begins at.  [default: the first]")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="A context value that it begins with.")
@click.option("--unset", "removed", multiple=True, metavar="NAME", help="A context value that it does not take over.")
@click.option("--id", "task_id", metavar="ID", help="An id of your own: the same fork again gives the same task.")
@click.option("--label", multiple=True, metavar="KEY=VALUE", help="A label, in place of those of the task.")
@click.option("--preview", is_flag=True, help="Say what it does and what it takes over, and make no task.")
@json_option
@engine_options
@pass_invocation
def fork(invocation: Invocation, /, task: str, as_json: bool, **given: Any) -> None:
    """Make a new task that begins at a phase of another one.

    It takes over the data, the context, the artifacts, and the outputs of the phases before. The other task, which may
    be live or ended, stays as it is. DATA, in place of the task's, is given as for submit; VALUE is JSON where it can
    be, and a string elsewhere.
    """
    if given["preview"]:
        print_rerun(command(invocation, "preview_fork", task=task, phase=given["phase"]), as_json)
        return
    arguments: dict[str, Any] = {
        "source": task,
        "phase": given["phase"],
        "context": pairs(given["values"], {}),
        "remove_context": given["removed"],
        "task_id": given["task_id"],
        "labels": labels(given["label"]) or None,
        "by": user_name(),
    }
    if given["data"]:
        arguments["data"] = given_data(given["data"])
    print_outcome(command(invocation, "fork_task", **arguments), as_json)
