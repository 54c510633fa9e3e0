"""``workflow-engine import``."""

import shutil
import sys
import tempfile
from pathlib import Path

import click

from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_outcome
from workflow_engine.cli.workflow_file import STDIN


@click.command("import", epilog=examples("import task.json", "import - < task.json"))
@click.argument("file")
@json_option
@engine_options
@pass_invocation
def import_(invocation: Invocation, /, file: str, as_json: bool) -> None:
    """Take in a task that export wrote, and let it go on here.

    FILE is the document, or - for stdin. The task keeps its id, its questions and its timers. The workflows that it
    goes by come with it, and so do the programs that they run: import only what you trust.
    """
    if file != STDIN:
        print_outcome(_imported(invocation, Path(file)), as_json)
        return
    with tempfile.NamedTemporaryFile(suffix=".json") as spooled:  # a document may be longer than a call
        shutil.copyfileobj(sys.stdin.buffer, spooled)
        spooled.flush()
        print_outcome(_imported(invocation, Path(spooled.name)), as_json)


def _imported(invocation: Invocation, path: Path) -> dict[str, object]:
    task: dict[str, object] = command(invocation, "import_task", None, file=str(path.absolute()))
    return task
