"""``workflow-engine why``."""

import time

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, pass_invocation
from workflow_engine.cli.output import print_line
from workflow_engine.cli.reading import known, reading
from workflow_engine.control.client import find_engine


@click.command(epilog=examples("why 1ng0s0kwgrxt-00001"))
@click.argument("task")
@engine_options
@pass_invocation
def why(invocation: Invocation, /, task: str) -> None:
    """Say in one sentence what or whom a task waits for, since when, and what happens next."""
    engine = find_engine(invocation.data_dir)
    if engine is not None:
        with engine:
            print_line(engine.call("explain", task=task))
        return
    from workflow_engine.core.explain import brief, explain

    now = time.time()
    with reading(invocation) as model:

        def child(name: str) -> str | None:
            found = model.record(name)
            return brief(found, now, serving=False) if found is not None else None

        print_line(explain(known(model, task), now, serving=False, child=child))
