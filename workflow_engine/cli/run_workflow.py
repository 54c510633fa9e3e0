"""The workflow of a file, with what belongs to it: sub-workflows, handlers, replies."""

from pathlib import Path
from typing import NamedTuple

import click

from workflow_engine.cli.output import clean
from workflow_engine.cli.run_handlers import load_handlers
from workflow_engine.cli.workflow_file import STDIN, SUFFIXES, companions, find_workflow_file, library, load
from workflow_engine.handlers import Handler
from workflow_engine.spec.model import WorkflowSpec


class Prepared(NamedTuple):
    """What a workflow file brings along.

    Attributes:
        workflow: the workflow itself.
        others: the workflows that carry phases of it out.
        handlers: by classification.
        replies: the file with what the offline model says, or None.
    """

    workflow: WorkflowSpec
    others: tuple[WorkflowSpec, ...]
    handlers: dict[str, Handler]
    replies: Path | None


def prepare(name: str) -> Prepared:
    """Return the workflow that *name* means, see `find_workflow_file`, with what stands beside it.

    Raises:
        InputRefused: there is no such file.
        SpecError: the file, or that of a workflow it needs, is wrong.
        ConfigError: the handlers beside it cannot be used.
    """
    if name == STDIN:
        return Prepared(_loaded(name), (), {}, None)
    path = find_workflow_file(name)
    found = {"": _loaded(str(path))}
    waiting = [found[""]]
    while waiting:
        for needed in {phase.workflow for phase in waiting.pop().phases if phase.workflow is not None}:
            file = _beside(path.parent, needed)
            if needed not in found and needed != found[""].name and file is not None:
                found[needed] = _loaded(str(file))
                waiting.append(found[needed])
    workflow, *others = found.values()
    belonging = companions(path)
    handlers = load_handlers(belonging.handlers, found.values()) if belonging.handlers is not None else {}
    return Prepared(workflow, tuple(others), handlers, belonging.replies)


def _loaded(name: str) -> WorkflowSpec:
    loaded = load(name)
    for warning in loaded.warnings:
        click.echo(clean(f"warning: {warning}"), err=True)
    return loaded.spec


def _beside(folder: Path, workflow: str) -> Path | None:
    """Return the file of a workflow that another one names, None where there is none: then its phase waits for it."""
    files = (folder / f"{workflow}{suffix}" for suffix in SUFFIXES)
    return next((file for file in files if file.is_file()), library().get(workflow))
