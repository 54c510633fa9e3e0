"""Workflows: what can be submitted to, how its tasks stand, and new definitions."""

from typing import Any, Final

from workflow_engine.core.components import Cost
from workflow_engine.drawing.layout import layout
from workflow_engine.drawing.mermaid import mermaid
from workflow_engine.drawing.picture import picture
from workflow_engine.drawing.svg import svg
from workflow_engine.errors import SpecError, UnknownTask
from workflow_engine.readmodel.rows import WorkflowRow
from workflow_engine.spec.loading import Loaded
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.ui.api.models.common import NoQuery, Spent
from workflow_engine.ui.api.models.workflows import (
    CheckedWorkflow,
    Definition,
    Diagnostic,
    GraphQuery,
    SaveQuery,
    Workflow,
    WorkflowFile,
    Workflows,
    WorkflowSummary,
)
from workflow_engine.ui.api.operation import JSON, Answer, Asked, BytesBody, Content, Link, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused, diagnostic
from workflow_engine.ui.desk import Desk, desk
from workflow_engine.ui.library import BYTES_MAX
from workflow_engine.ui.security.roles import Role

TAG: Final = "Workflows"

FILE: Final = """name: approve-order
phases:
  - id: approve
    assigned_to: human
    prompt: "Approve the order?"
"""

YAML: Final = ("application/yaml", "text/yaml", "application/x-yaml", "text/plain", JSON)


@operation(
    "GET",
    "/workflows",
    TAG,
    Reply(Workflows, "All workflows."),
    links=(Link("get_workflow", "workflow", "$response.body#/workflows/0/name"),),
)
def list_workflows(asked: Asked[NoQuery, None]) -> Answer:
    """List workflows.

    Those that are registered, and those that have tasks.
    """
    rows = {row.name: row for row in desk().model.workflows()}
    specs = known(desk())
    names = sorted({*rows, *specs})
    found = (WorkflowSummary.model_validate(_summary(name, specs.get(name), rows.get(name))) for name in names)
    return Answer(Workflows(workflows=tuple(found)))


@operation("GET", "/workflows/{workflow}", TAG, Reply(Workflow, "The workflow."), refusals=(404,))
def get_workflow(asked: Asked[NoQuery, None]) -> Answer:
    """Get a workflow.

    With the definition that new tasks go by, the schema of what is submitted, and those that tasks are on.
    """
    name = asked.path["workflow"]
    spec = _found(name)
    row = next((row for row in desk().model.workflows() if row.name == name), None)
    plain: dict[str, Any] = spec.model_dump(mode="json", exclude_defaults=True)
    about = {
        **_summary(name, spec, row),
        "digest": spec.digest(),
        "spec": plain,
        "inputs": plain.get("inputs"),
        "mermaid": mermaid(picture(spec)),
        "definitions": [Definition.of(one) for one in row.definitions] if row is not None else [],
        "files": _files(name),
    }
    return Answer(Workflow.model_validate(about))


@operation(
    "GET",
    "/workflows/{workflow}/graph",
    TAG,
    Reply("image/svg+xml", "With `format=svg`."),
    Reply("text/plain", "With `format=mermaid`."),
    query=GraphQuery,
    refusals=(404,),
)
def draw_workflow(asked: Asked[GraphQuery, None]) -> Answer:
    """Draw a workflow."""
    seen = picture(_found(asked.path["workflow"]))
    if asked.query.format == "mermaid":
        return Answer(mermaid(seen).encode(), media_type="text/plain; charset=utf-8")
    # Opened by itself, it is a page of ours, which is to load and run nothing.
    sandboxed = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}
    return Answer(svg(seen, layout(seen)).encode(), 200, sandboxed, "image/svg+xml")


@operation(
    "POST",
    "/workflows",
    TAG,
    Reply(CheckedWorkflow, "With `validate_only`: what is wrong with the file, or nothing."),
    Reply(CheckedWorkflow, "It was saved, and new tasks go by it.", 201),
    query=SaveQuery,
    body=BytesBody(YAML, FILE, bytes_max=BYTES_MAX),
    role=Role.ADMIN,
    refusals=(422,),
)
def save_workflow(asked: Asked[SaveQuery, Content]) -> Answer:
    """Check a workflow file, and save it as the newest of its workflow.

    YAML or JSON, in any of the dialects.  A file that is wrong is refused with 422, whose `errors` name each place;
    with `validate_only` it is told with 200, and nothing is saved.  Tasks under way stay on the definition they are on.
    """
    try:
        text = asked.body.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(422, f"the file is not UTF-8, at byte {error.start}; save it as UTF-8") from error
    try:
        loaded = desk().library.load(text)
    except SpecError as error:
        if not asked.query.validate_only:
            raise
        return Answer(_checked(None, error))
    if asked.query.validate_only:
        return Answer(_checked(loaded))
    desk().library.save(text)
    return Answer(_checked(loaded, saved=True), 201)


def known(at: Desk) -> dict[str, WorkflowSpec]:
    """Return the workflows that tasks can be submitted to because they are registered, by name."""
    return {spec.name: spec for spec in at.engine.workflows()}


def _found(name: str) -> WorkflowSpec:
    """Return the definition that new tasks of a workflow go by, else the one that the last of its tasks is on.

    Raises:
        UnknownTask: there is no such workflow.
    """
    spec = known(desk()).get(name)
    if spec is not None:
        return spec
    row = next((row for row in desk().model.workflows() if row.name == name), None)
    stored = desk().model.definition(row.definitions[0].digest) if row is not None and row.definitions else None
    if stored is None:
        raise UnknownTask("workflow", name)
    return WorkflowSpec.from_stored(bytes(stored.spec))


def _summary(name: str, spec: WorkflowSpec | None, row: WorkflowRow | None) -> dict[str, Any]:
    return {
        "name": name,
        "registered": spec is not None,
        "version": spec.version if spec is not None else None,
        "description": spec.description if spec is not None else None,
        "phases": len(spec.phases) if spec is not None else None,
        "counts": dict(row.statuses) if row is not None else {},
        "cost": Spent.of(row.cost if row is not None else Cost()),
    }


def _files(name: str) -> list[WorkflowFile]:
    found = ({"digest": one.digest, "saved_at": one.saved_at.timestamp()} for one in desk().library.versions(name))
    return list(map(WorkflowFile.model_validate, found))


def _checked(loaded: Loaded | None, error: SpecError | None = None, *, saved: bool = False) -> CheckedWorkflow:
    problems = (error.problems or (str(error),)) if error is not None else ()
    return CheckedWorkflow(
        ok=error is None,
        saved=saved,
        name=loaded.spec.name if loaded is not None else None,
        version=loaded.spec.version if loaded is not None else None,
        digest=loaded.spec.digest() if loaded is not None else None,
        dialect=loaded.dialect if loaded is not None else None,
        problems=tuple(map(_diagnostic, problems)),
        warnings=tuple(map(_diagnostic, loaded.warnings)) if loaded is not None else (),
    )


def _diagnostic(said: Any) -> Diagnostic:
    found = diagnostic(said)
    return Diagnostic(
        line=found["line"], column=found["column"], fact=found["detail"], source=getattr(said, "source", None)
    )


OPERATIONS: Final[tuple[Operation, ...]] = (list_workflows, get_workflow, draw_workflow, save_workflow)
"""In the order in which they are shown."""
