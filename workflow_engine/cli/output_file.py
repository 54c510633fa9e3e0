"""Text that a command prints, or writes to a file that the person names."""

from pathlib import Path
from typing import Final

import click

output_option: Final = click.option(
    "-o", "--output", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path), help="Write to OUT."
)


def deliver(text: str, output: Path | None) -> None:
    """Print *text*, which ends with a line end, or write it to the file *output*, replacing what is there.

    Raises:
        OSError: the file cannot be written.
    """
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def warn(text: str) -> None:
    """Say on stderr what a person should know of what was delivered."""
    click.echo(f"warning: {text}", err=True)
