"""What is said of a task after a command changed something."""

import sys
from typing import Any

import click

from workflow_engine.cli.output import STYLES, is_terminal, print_json, print_line


def print_outcome(task: dict[str, Any], as_json: bool) -> None:
    """Print where a task stands: a sentence for people, id and status with a tab between for programs."""
    if as_json:
        print_json(task)
    elif is_terminal():
        print_line(f"Task {task['id']} ({task['workflow']}) is {task['status']}.", STYLES.get(task["status"], ""))
    else:
        print(f"{task['id']}\t{task['status']}")


def print_tended(question: str, done: str, task: dict[str, Any], as_json: bool) -> None:
    """Print what is true of a question now, named as the caller has it; as JSON, where its task stands."""
    if as_json:
        print_json(task)
    else:
        print_line(f"Question {question} {done}." if is_terminal() else f"{question}\t{done}")


def print_rerun(told: dict[str, Any], as_json: bool) -> None:
    """Print what a retry or a fork would do: a sentence for people and for programs, unless they want JSON."""
    if as_json:
        print_json(told)
    else:
        print_line(told["sentence"])


def print_purged(tasks: list[dict[str, Any]], as_json: bool) -> None:
    """Print which tasks are gone; as JSON, how they stood before."""
    if as_json:
        print_json({"purged": tasks})
        return
    for task in tasks:
        print_line(f"Task {task['id']} is gone." if is_terminal() else f"{task['id']}\tpurged")


def say(text: str) -> None:
    """Tell a person something beside the output."""
    if sys.stderr.isatty():
        click.echo(text, err=True)


def failure_of(task: dict[str, Any]) -> str:
    """Return why a task did not complete."""
    failure = task["failure"]
    if failure is None:
        return f"task {task['id']} was {task['status']}" + (f": {task['reason']}" if task["reason"] else "")
    return f"task {task['id']} failed in phase {failure['phase']}: {failure['error']}: {failure['message']}"
