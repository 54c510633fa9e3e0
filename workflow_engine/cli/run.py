"""``workflow-engine run``."""

from pathlib import Path
from typing import Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog=examples(
        "run document-review topic=tides",
        "run review.yaml --input @input.json --json",
        "run review.yaml topic=tides --answers answers.yaml --replies replies.yaml",
        "run review.yaml --resume 1ng0s0kwgrxt-00001",
    )
    + "\n\nExit codes: 0 done, 1 the task failed, 2 bad usage or input, 3 it waits for somebody, 130 after Ctrl-C."
)
@click.argument("file")
@click.argument("words", nargs=-1, metavar="[INPUT]...")
@click.option("-i", "--input", "inputs", multiple=True, metavar="INPUT", help="INPUT as an option; may be repeated.")
@click.option("--resume", metavar="TASK", help="Go on with a task that waits or was interrupted; submit none.")
@click.option("--id", "task_id", metavar="TASK", help="The new task's id; submitting it again goes on with it.")
@click.option("--answers", type=_file, metavar="FILE", help="Answers to questions: YAML or JSON, by phase, or a list.")
@click.option("--replies", type=_file, metavar="FILE", help="What the offline model says: YAML or JSON, by phase.")
@click.option(
    "--max-concurrency",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Phases under way at once; instead of what FILE says.",
)
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Leave the task waiting after this.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line on stderr for what happens.")
@json_option
@engine_options
@pass_invocation
@click.pass_context
def run(ctx: click.Context, invocation: Invocation, /, **given: Any) -> None:
    """Carry out the workflow of a file, and print what it gives.

    FILE is a workflow file, the name of a ready-made workflow, or - for stdin. INPUT is JSON, @FILE with JSON, - for
    JSON on stdin, or KEY=VALUE pairs, which set keys of what comes before. Questions are asked on the terminal. What
    is interrupted, even by kill -9, goes on with --resume.
    """
    if given["resume"] is not None:
        for name, value in (("INPUT", given["words"] or given["inputs"]), ("--id", given["task_id"])):
            if value:
                raise click.UsageError(f"{name} is for a new task; --resume goes on with one that has its own")
        if given["max_concurrency"] is not None:
            raise click.UsageError("--max-concurrency is for a new task; --resume keeps to what the task began with")
    from workflow_engine.cli.run_command import carried_out  # it has the whole engine, which --help need not wait for

    ctx.exit(carried_out(invocation, given))
