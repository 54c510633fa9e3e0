"""Workflows as the API has them."""

from typing import Annotated, Literal

from pydantic import Field

from workflow_engine.core.components import TaskState
from workflow_engine.ui.api.models.common import Count, JsonValue, Moment, Reply, Request, Spent


class Definition(Reply):
    """A definition of a workflow that has tasks."""

    digest: str
    first_at: Moment
    last_at: Moment
    in_flight: Annotated[Count, Field(description="How many of its tasks live.")]
    total: Count


class WorkflowSummary(Reply):
    """A workflow: whether tasks can be submitted to it here, and how its tasks stand."""

    name: str
    registered: bool
    version: str | None
    description: str | None
    phases: Count | None
    counts: dict[TaskState, Count]
    cost: Spent


class Workflows(Reply):
    """All workflows, by name."""

    workflows: tuple[WorkflowSummary, ...]


class WorkflowFile(Reply):
    """A saved file of a workflow."""

    digest: str
    saved_at: Moment


class Workflow(WorkflowSummary):
    """A workflow with its definition."""

    digest: Annotated[str, Field(description="Hash of the definition that new tasks go by.")]
    spec: Annotated[dict[str, JsonValue], Field(description="The definition.")]
    inputs: Annotated[JsonValue, Field(description="JSON Schema of the data of its tasks, or null.")]
    mermaid: Annotated[str, Field(description="A drawing, as the text of a Mermaid flowchart.")]
    definitions: tuple[Definition, ...]
    files: Annotated[tuple[WorkflowFile, ...], Field(description="Those saved here, the newest first.")]


class GraphQuery(Request):
    """How the workflow is drawn."""

    format: Literal["svg", "mermaid"] = "svg"


class SaveQuery(Request):
    """Whether the file is only checked."""

    validate_only: bool = False


class Diagnostic(Reply):
    """Something about a file: the place, from 1; null where the whole file is meant."""

    line: int | None
    column: int | None
    fact: str
    source: Annotated[str | None, Field(description="The line as it is written.")]


class CheckedWorkflow(Reply):
    """What came of a workflow file."""

    ok: bool
    saved: bool
    name: str | None
    version: str | None
    digest: str | None
    dialect: str | None
    problems: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]
