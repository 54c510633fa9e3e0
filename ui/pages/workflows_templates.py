"""What a new workflow can begin from: a short one, those that come with the package, and those that are known here."""

from pathlib import Path
from typing import Final

import workflow_engine
from workflow_engine.spec.writing import to_yaml
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.pages.workflows_known import every, names

FOLDER: Final = Path(workflow_engine.__file__).resolve().parent / "workflows"
"""Where the ready-made workflows are."""

EXISTING_MAX: Final = 200
"""Workflows of this engine that are offered."""

FIRST: Final = """\
name: my-workflow
version: "1"
description: What it is for, in a sentence.

inputs: # what is asked for when a task is submitted, as JSON Schema
  type: object
  required: [topic]
  properties:
    topic: {type: string, title: Topic}

phases:
  - id: write
    assigned_to: human
    prompt: Write about {{ inputs.topic }}.
    form:
      type: object
      required: [text]
      properties:
        text: {type: string, title: Text, minLength: 1, maxLength: 20000}

  - id: approve
    depends_on: [write]
    assigned_to: human
    prompt: Is this good?
    show: ["{{ phases.write.output.text }}"]
    form:
      type: object
      required: [decision]
      properties:
        decision: {enum: [approve, reject]}
        comment: {type: string, title: What is to be mended, maxLength: 2000}
    on_reject: {target: write, max_attempts: 3}
"""
"""A workflow that runs as it is: no programs, no models."""


def ready_made() -> dict[str, Path]:
    """Return the workflow files that come with the package, by name."""
    found = (path for path in sorted(FOLDER.glob("*.yaml")) if not path.stem.endswith(".replies"))
    return {path.stem: path for path in found}


def existing(desk: Desk) -> list[str]:
    """Return the names of workflows of this engine, of which a copy can be made."""
    return names(desk)[:EXISTING_MAX]


def template_of(desk: Desk, ready: str, copied: str) -> str:
    """Return what the editor begins with: a ready-made workflow, a copy of a known one, or a short one.

    Args:
        desk: knows the workflows here.
        ready: name of a ready-made one; empty for none.
        copied: name of one that is known here; empty for none.
    """
    path = ready_made().get(ready)
    if path is not None:
        return path.read_text(encoding="utf-8")
    known = every(desk, [copied]) if copied else []
    if known:
        spec = known[0].spec
        text = desk.library.current(copied) or (to_yaml(spec) if spec is not None else None)
        return text if text is not None else FIRST
    return FIRST
