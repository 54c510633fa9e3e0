"""``workflow-engine claim``."""

import click

from workflow_engine.cli.answer import named
from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_tended


@click.command(epilog=examples("claim 1ng0s0kwgrxt-00001", "claim 1ng0s0kwgrxt-00001/approve/1/1q0 --by ann --release"))
@click.argument("question", metavar="QUESTION|TASK")
@click.option("--release", is_flag=True, help="Give it up; one that was delegated to you goes back.")
@click.option("--by", metavar="NAME", help="Who works on it.  [default: you]")
@json_option
@engine_options
@pass_invocation
def claim(invocation: Invocation, /, question: str, release: bool, by: str | None, as_json: bool) -> None:
    """Say that you work on a question, or do not any more.

    A question that somebody else has claimed is refused. Whoever has delegated a question takes it back by claiming it.
    """
    who = named(by)
    call = "unclaim_question" if release else "claim_question"
    done = f"is free for others than {who}" if release else f"is claimed by {who}"
    print_tended(question, done, command(invocation, call, question=question, by=who), as_json)
