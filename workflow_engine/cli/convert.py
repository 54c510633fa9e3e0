"""``workflow-engine convert``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflow_engine.cli.options import examples
from workflow_engine.cli.output_file import deliver, output_option, warn
from workflow_engine.cli.workflow_file import STDIN, find_workflow_file

if TYPE_CHECKING:
    from workflow_engine.spec.loading import Loaded


@click.command(epilog=examples("convert pipeline.yaml", "convert steps.yaml -o workflow.yaml"))
@click.argument("file")
@output_option
def convert(file: str, output: Path | None) -> None:
    """Print a workflow file of any dialect in the native form.

    FILE is a workflow file, the name of a ready-made workflow, or - for stdin. What the native form cannot say in the
    same way is warned of.
    """
    from workflow_engine.spec.writing import to_yaml

    loaded = _loaded(file, output)
    for warning in loaded.warnings:
        warn(str(warning))
    deliver(to_yaml(loaded.spec), output)


def _loaded(file: str, output: Path | None) -> "Loaded":
    """Return the workflow, with files beside it named as they are written, unless the result is put elsewhere."""
    from workflow_engine.spec.loading import load_text, load_workflow

    if file == STDIN:
        return load_text(sys.stdin.buffer.read(), "stdin")
    path = find_workflow_file(file)
    if output is not None and output.resolve().parent != path.resolve().parent:
        return load_workflow(path)
    load_workflow(path)  # whether the files beside it are there
    return load_text(path.read_bytes(), str(path))
