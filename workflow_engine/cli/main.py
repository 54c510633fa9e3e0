"""The `workflow-engine` command: finds what was asked for, and turns errors into sentences and exit codes."""

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any, Final

import click

from workflow_engine.cli.options import engine_options, examples
from workflow_engine.errors import EngineError

COMMANDS: Final[Mapping[str, str]] = {
    "run": "Carry out the workflow of a file.",
    "serve": "Run an engine with its dashboard.",
    "init": "Make a project to start from.",
    "validate": "Check workflow files.",
    "graph": "Draw a workflow.",
    "convert": "Print a workflow file of any dialect in the native form.",
    "schema": "Print the JSON Schema of workflow files.",
    "submit": "Submit a task.",
    "tasks": "List tasks, the newest first.",
    "show": "Show all that is known of a task.",
    "why": "Say in one sentence what or whom a task waits for.",
    "inbox": "List the questions that wait for an answer.",
    "answer": "Answer a question, and let its task go on.",
    "claim": "Say that you work on a question, or do not any more.",
    "assign": "Have others asked a question.",
    "comment": "Say something about a question, for others who work on it.",
    "due": "Give a question another due time.",
    "cancel": "End a task; what is under way for it is stopped.",
    "retry": "Take a failed task up again.",
    "fork": "Make a new task that begins at a phase of another one.",
    "replay": "Hold the conversations of a task with models again, with other settings, and compare.",
    "purge": "Remove tasks that have ended for good.",
    "migrate": "Let tasks that are under way go on with another definition of their workflow.",
    "export": "Write a task as one JSON document, which import takes in elsewhere.",
    "import": "Take in a task that export wrote, and let it go on here.",
    "events": "Print what happened, oldest first.",
    "sinks": "Say where events are sent, and how far that is.",
    "user": "Say who may use the dashboard, and as what.",
    "costs": "Say what models have cost, by workflow.",
    "schedules": "List the workflows that run on a schedule.",
    "reindex": "Build the index of the journal anew.",
    "repair": "Make a damaged journal open again.",
    "doctor": "Check this machine, the settings and the data.",
    "demo": "Have a text written, checked, reviewed, approved by you, and published.",
}
"""The commands in the order of the help, and what it says of them.  Each is in the module of its name,
with a ``_`` behind it where that is a word of Python."""

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""


class Refused(click.ClickException):
    """An error in one sentence; exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence."""
        click.echo(f"error: {self.format_message()}", err=True)


class Program(click.Group):
    """A group that loads a command when it is asked for: what the others need costs it nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(importlib.import_module(f"workflow_engine.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands, without loading one of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for; what it refuses, it refuses in one sentence."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:  # whoever read our output has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            ctx.exit(0)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except (EngineError, TimeoutError) as error:
            raise Refused(str(error)) from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename is not None else ""
            raise Refused(f"{place}{error.strerror or error}") from error


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=examples(
        "submit --workflow review topic=tides",
        "tasks --status waiting_human",
        "why 1ng0s0kwgrxt-00001",
        "answer 1ng0s0kwgrxt-00001 decision=approve",
    )
    + "\n\nExit codes: 0 done, 1 the task that was waited for failed, 2 bad usage or input.",
)
@click.version_option(package_name="workflow-engine", message="workflow-engine %(version)s")
@engine_options
def program() -> None:
    """Give tasks to a workflow engine, see where they stand, and answer what they ask.

    Commands that look read the data directory. Commands that change something have the engine do it that runs on the
    data; where none runs, they do it themselves.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code."""
    try:
        code = program.main(arguments, prog_name="workflow-engine", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return code if isinstance(code, int) else 0
