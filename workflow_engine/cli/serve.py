"""``workflow-engine serve``."""

from pathlib import Path
from typing import Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, pass_invocation

_python = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog=examples(
        "serve",
        "serve workflows/ --port 8080",
        "serve review.yaml --handlers handlers.py",
        "serve --host 0.0.0.0   # needs users: workflow-engine user add NAME",
    )
)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--host", metavar="ADDRESS", help="Where to listen.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; 0 for any.  [default: 5000]")
@click.option(
    "--handlers", "modules", type=_python, multiple=True, metavar="FILE", help="Python handlers; may be repeated."
)
@click.option("--replies", type=_python, metavar="FILE", help="What the offline model says: YAML or JSON, by phase.")
@engine_options
@pass_invocation
def serve(invocation: Invocation, /, **given: Any) -> None:
    """Run an engine with its dashboard, until Ctrl-C.

    FILE is a workflow file, a folder of them, or the name of a ready-made workflow; without one, all ready-made
    workflows are there to be tried. Workflows that were saved in the dashboard are there as well.
    """
    from workflow_engine.cli.serving import served  # it has the whole engine, which --help need not wait for

    served(invocation, given)
