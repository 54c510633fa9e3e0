"""Tasks under way, and whether they may go on with another definition of their workflow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from workflow_engine.cli.commanding import command
from workflow_engine.cli.options import Invocation
from workflow_engine.cli.output import print_table

if TYPE_CHECKING:
    from workflow_engine.spec.model import WorkflowSpec


def assessed(invocation: Invocation, spec: "WorkflowSpec") -> list[dict[str, Any]]:
    """Return of every live task of a workflow whether it may go on with *spec*.

    The keys are those of `workflow_engine.core.migrating.Assessment`.
    """
    found: list[dict[str, Any]] = command(invocation, "assess", None, spec=written(spec))
    return found


def written(spec: "WorkflowSpec") -> msgspec.Raw:
    """Return a workflow as it is passed to an engine."""
    return msgspec.Raw(spec.stored())


def print_live(column: str, tasks: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Print a table of tasks: with each, a word for the *column* that is named."""
    rows = ((task["task"], word, ", ".join(task["phases"]), "; ".join(task["reasons"])) for word, task in tasks)
    print_table(("TASK", column, "PHASES", "WHY"), rows)
