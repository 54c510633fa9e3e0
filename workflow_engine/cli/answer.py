"""``workflow-engine answer``."""

import getpass
import sys
from typing import Any

import click

from workflow_engine.cli.commanding import command
from workflow_engine.cli.given import given_answer
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import print_outcome
from workflow_engine.cli.reading import question_of


@click.command(
    epilog=examples(
        "inbox",
        "answer 1ng0s0kwgrxt-00001",
        "answer 1ng0s0kwgrxt-00001 decision=approve comment='Well done.'",
        """answer 1ng0s0kwgrxt-00001/approve/1/1 '{"decision": "reject"}' --by ann""",
    )
)
@click.argument("question", metavar="QUESTION|TASK")
@click.argument("value", nargs=-1)
@click.option("--by", metavar="NAME", help="Who answers.  [default: you]")
@json_option
@engine_options
@pass_invocation
def answer(invocation: Invocation, /, question: str, value: tuple[str, ...], by: str | None, as_json: bool) -> None:
    """Answer a question, and let its task go on.

    VALUE is JSON, @FILE, -, a word, or KEY=VALUE pairs for the fields of the form. Without VALUE you are asked field by
    field. Each question is answered once.
    """
    from workflow_engine.values import from_json

    found = question_of(invocation, question)
    form: dict[str, Any] = (from_json(found.form) if found is not None else None) or {}
    if value:
        given = given_answer(value, form)
    elif found is None:
        given = None  # the engine says what is wrong
    elif sys.stdin.isatty():
        from workflow_engine.cli.asking import asked

        given = asked(found.prompt, from_json(found.show), form)
    else:
        raise click.UsageError("give the answer as VALUE; only on a terminal you are asked for it")
    result = command(invocation, "answer", question=question, value=given, by=by or user_name())
    print_outcome(result, as_json)


def named(by: str | None) -> str:
    """Return who does something: who was named, or who is at the keyboard.

    Raises:
        click.UsageError: neither is known.
    """
    name = by or user_name()
    if name is None:
        raise click.UsageError("say who you are with --by")
    return name


def user_name() -> str | None:
    """Return who is at the keyboard, None where that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, in a container
        return None
