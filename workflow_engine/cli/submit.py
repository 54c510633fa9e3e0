"""``workflow-engine submit``."""

import contextlib
from typing import Any

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command, running
from workflow_engine.cli.given import given_data, labels
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import failure_of, print_outcome, say
from workflow_engine.cli.output import compact, is_terminal, print_line
from workflow_engine.control.client import ControlClient, find_engine


@click.command(
    epilog=examples(
        "submit --workflow review topic=tides words=300",
        """submit --workflow review '{"topic": "tides"}' --label team=sea --priority 5""",
        "submit --workflow review @task.json --id tides-2026",
        "submit --workflow review - --wait < task.json",
    )
)
@click.argument("data", nargs=-1)
@click.option("-w", "--workflow", metavar="NAME", help="The workflow the task goes through.")
@click.option("-c", "--classification", metavar="NAME", help="With a workflow, where to begin; alone, the handler.")
@click.option("--assigned-to", metavar="TYPE", help="Who does the phases that name nobody: human, ai, functional.")
@click.option("--id", "task_id", metavar="ID", help="An id of your own: submitting it again gives the same task.")
@click.option("--priority", type=int, default=0, show_default=True, help="Higher goes first.")
@click.option("-l", "--label", "label", multiple=True, metavar="KEY=VALUE", help="A word for people and filters.")
@click.option("--wait", is_flag=True, help="Return when the task has ended; exit code 1 if it did not complete.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="How long to wait at most.")
@json_option
@engine_options
@pass_invocation
@click.pass_context
def submit(ctx: click.Context, invocation: Invocation, /, **given: Any) -> None:
    """Submit a task.

    DATA is JSON, @FILE with JSON, - for JSON on stdin, or KEY=VALUE pairs, whose values are JSON where they can be and
    strings elsewhere. Without DATA it is an empty object. Piped, the id of the task is printed, and with --wait its
    status behind a tab.
    """
    if given["timeout"] is not None and not given["wait"]:
        raise click.UsageError("--timeout needs --wait")
    arguments: dict[str, Any] = {
        "data": given_data(given["data"]),
        "workflow_name": given["workflow"],
        "classification": given["classification"],
        "assigned_to": given["assigned_to"],
        "task_id": given["task_id"],
        "priority": given["priority"],
        "labels": labels(given["label"]),
        "by": user_name(),
    }
    if not given["wait"]:
        _submitted(invocation, command(invocation, "submit_task", **arguments), given["as_json"])
        return
    with running(invocation, "to carry the task out while you wait") as engine:
        task = engine.call("submit_task", **arguments)
        ended = _wait(engine, task["id"], given["timeout"])
    _ended(ended, given["as_json"])
    if ended["status"] != "completed":
        click.echo(failure_of(ended), err=True)
        ctx.exit(1)


def _submitted(invocation: Invocation, task: dict[str, Any], as_json: bool) -> None:
    if as_json or is_terminal():
        print_outcome(task, as_json)
    else:
        print(task["id"])
    engine = find_engine(invocation.data_dir)
    if engine is None:
        say(f"No engine runs on {invocation.data_dir} now; the task is kept, and goes on when one does.")
    else:
        engine.close()


def _wait(engine: ControlClient, task: str, timeout: float | None) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        if is_terminal():
            from rich.console import Console

            stack.enter_context(Console(stderr=True).status(f"Task {task} is under way; Ctrl-C leaves it so"))
        ended: dict[str, Any] = engine.call("wait", None, task=task, timeout=timeout)
        return ended


def _ended(task: dict[str, Any], as_json: bool) -> None:
    print_outcome(task, as_json)
    if is_terminal() and not as_json and task["output"] is not None:
        print_line(task["output"] if isinstance(task["output"], str) else compact(task["output"]))
