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
    """Return the workflow; files beside it are named by full paths only where the result is put elsewhere."""
    from workflow_engine.spec.loading import NATIVE, load_text

    path = find_workflow_file(file) if file != STDIN else None
    text = path.read_bytes() if path is not None else sys.stdin.buffer.read()
    name, folder = (str(path), path.parent) if path is not None else ("stdin", Path.cwd())
    loaded = load_text(text, name, folder)
    target = output.parent if output is not None else Path.cwd()
    stays = target.resolve() == folder.resolve()
    return load_text(text, name) if stays and loaded.dialect == NATIVE.name else loaded
