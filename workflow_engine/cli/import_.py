"""``workflow-engine import``."""

import shutil
import tempfile

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_outcome


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
    # Through a file, since a document may be longer than a call; of our own, since FILE may be a pipe.
    with click.open_file(file, "rb") as source, tempfile.NamedTemporaryFile(suffix=".json") as spooled:
        shutil.copyfileobj(source, spooled)
        spooled.flush()
        print_outcome(command(invocation, "import_task", None, file=spooled.name, by=user_name()), as_json)
