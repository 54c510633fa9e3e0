"""``workflow-engine init``."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from workflow_engine.cli.options import examples
from workflow_engine.cli.schema import schema_text
from workflow_engine.cli.workflow_file import LIBRARY
from workflow_engine.errors import InputRefused

_COPIED: Final = {
    "workflow.yaml": "workflow.yaml",
    "workflow.replies.yaml": "workflow.replies.yaml",
    "handlers.py": "handlers.py",
    "README.md": "README.md",
    ".gitignore": "gitignore",  # a build would leave a hidden file out
}
"""Files of the project, and what they are called among the files of this package."""


@click.command(epilog=examples("init", "init my-workflow"))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Make a project to start from.

    DIR is where it is put, this folder unless given. It runs at once, without keys: a workflow file with its JSON
    Schema for editors, handlers in Python, and replies that stand in for a model. Nothing is overwritten.
    """
    files = project()
    _write(files, folder)
    click.echo(f"Made {', '.join(files)} in {folder}. Try:\n")
    if folder != Path("."):
        click.echo(f"  cd {shlex.quote(str(folder))}")
    click.echo("  workflow-engine run workflow.yaml name=Ann")


def project() -> dict[str, str]:
    """Return the files of the project, by name."""
    copied = {name: (LIBRARY / "starter" / source).read_text(encoding="utf-8") for name, source in _COPIED.items()}
    return {**copied, "workflow.schema.json": schema_text()}


def _write(files: Mapping[str, str], folder: Path) -> None:
    """Write *files* into *folder*, which is made if it is missing.

    Raises:
        InputRefused: one of them is there; nothing was written.
    """
    taken = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if taken:
        raise InputRefused(f"{folder} holds {', '.join(taken)} already; move them away, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with (folder / name).open("x", encoding="utf-8") as file:  # never over one that came in between
            file.write(text)
