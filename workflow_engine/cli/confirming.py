"""Asking before something that cannot be taken back."""

import sys

import click

from workflow_engine.cli.output import is_terminal


def confirmed(question: str, fact: str) -> bool:
    """Return whether the person at the terminal says yes to *question*.

    Raises:
        click.UsageError: nobody can be asked; *fact* says why somebody should have been.
    """
    if not (sys.stdin.isatty() and (is_terminal() or sys.stderr.isatty())):
        raise click.UsageError(f"{fact}; say --yes where nobody can be asked")
    return click.confirm(question, err=True)
