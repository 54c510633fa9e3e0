"""``workflow-engine reindex``."""

import contextlib
import time
from collections.abc import Callable, Generator

import click

from workflow_engine.cli.commanding import must_exist
from workflow_engine.cli.options import Invocation, engine_options, examples, pass_invocation
from workflow_engine.cli.output import is_terminal, print_line


@click.command(epilog=examples("reindex"))
@engine_options
@pass_invocation
def reindex(invocation: Invocation, /) -> None:
    """Build the index of the journal anew.

    The index is what the commands that look read. It follows the journal by itself, and can be deleted at any time;
    this is for one that is in doubt. An engine that runs is not disturbed.
    """
    from workflow_engine.readmodel.read_model import ReadModel

    must_exist(invocation.data_dir)
    begun = time.monotonic()
    with _progress() as progress:
        n = ReadModel(invocation.data_dir, progress).reindex()
    print_line(f"The index of {invocation.data_dir} was built up to commit {n} in {time.monotonic() - begun:.1f} s.")


@contextlib.contextmanager
def _progress() -> Generator[Callable[[int], None] | None, None, None]:
    """Give what shows a terminal how far it is, for the length of a ``with``."""
    if not is_terminal():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("Reading the journal") as status:
        yield lambda n: status.update(f"Reading the journal: {n:,} commits so far")
