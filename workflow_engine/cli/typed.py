"""Commands to type next, as lines that work where they are read."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from workflow_engine.cli.options import Invocation


def typed(invocation: Invocation, *words: str) -> str:
    """Return the line that runs a command on the same data: with the program's path where the shell would not find it.

    Args:
        invocation: of the command that says so.
        *words: the command and its arguments.
    """
    return shlex.join([*_program(), *words, *_flags(invocation)])


def _program() -> list[str]:
    if shutil.which("workflow-engine"):
        return ["workflow-engine"]
    if Path(sys.argv[0]).name == "__main__.py":  # python -m workflow_engine
        return [sys.executable, "-m", "workflow_engine"]
    return [sys.argv[0]]


def _flags(invocation: Invocation) -> Iterator[str]:
    if "data_dir" in invocation.flags:
        yield from ("--data-dir", str(invocation.flags["data_dir"]))
    if invocation.config is not None:
        yield from ("--config", str(invocation.config))
