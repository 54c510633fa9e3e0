"""``workflow-engine export``."""

import json
import os
from pathlib import Path
from typing import Any

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, pass_invocation
from workflow_engine.cli.output_file import deliver, output_option


@click.command(
    epilog=examples(
        "export 1ng0s0kwgrxt-00001 -o task.json",
        "export 1ng0s0kwgrxt-00001 -o task.json --cancel",
        "export 1ng0s0kwgrxt-00001 | ssh other workflow-engine import -",
    )
)
@click.argument("task")
@output_option
@click.option("--cancel", is_flag=True, help="End the task here once OUT is written, so that only the copy goes on.")
@engine_options
@pass_invocation
def export(invocation: Invocation, /, task: str, output: Path | None, cancel: bool) -> None:
    """Write a task as one JSON document, which import takes in elsewhere.

    The task must wait for something, or no engine may run: what is just being carried out is not exported.
    """
    if cancel and (output is None or (output.exists() and not output.is_file())):
        raise click.UsageError("--cancel needs --output with a file: the document is kept before the task ends")
    document = command(invocation, "export_task", None, task=task)
    if not cancel or output is None:
        deliver(_text(document), output)
        return
    _keep(document, output)
    # It may have gone on since; that there is room for it is certain now.
    _keep(command(invocation, "export_task", None, task=task, cancel=True, by=user_name()), output)


def _keep(document: dict[str, Any], output: Path) -> None:
    """Write a document so that the file has all of it, or what it had before."""
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(_text(document))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False) + "\n"
