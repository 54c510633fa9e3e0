"""Artifacts: the files of tasks."""

from typing import Final

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.errors import ArtifactError
from workflow_engine.ui.api import told
from workflow_engine.ui.api.models.common import NoQuery
from workflow_engine.ui.api.models.tasks import Artifact, Artifacts
from workflow_engine.ui.api.operation import Answer, Asked, BytesBody, Content, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.contents import content
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui.showing.headers import artifact_headers

TAG: Final = "Artifacts"


@operation("GET", "/tasks/{task}/artifacts", TAG, Reply(Artifacts, "Its files."), refusals=(404,))
def list_artifacts(asked: Asked[NoQuery, None]) -> Answer:
    """List the artifacts of a task."""
    found = told.references(desk().ask.get_task(asked.path["task"]))
    return Answer(Artifacts(artifacts=tuple(told.artifact(found[name]) for name in sorted(found))))


@operation(
    "GET",
    "/tasks/{task}/artifacts/{artifact}",
    TAG,
    Reply("*/*", "Its content, to be saved.", 200, {"ETag": "Hash of the content."}),
    Reply(None, "It is what `If-None-Match` names.", 304),
    refusals=(404,),
)
def read_artifact(asked: Asked[NoQuery, None]) -> Answer:
    """Get the content of an artifact."""
    reference = _reference(asked.path["task"], asked.path["artifact"])
    # The address names no content but a name, which may come to mean another one.
    headers = {**artifact_headers(reference, inline=False), "Cache-Control": "private, no-cache"}
    if headers["ETag"] in asked.headers.get("if-none-match", ""):
        return Answer(None, 304, {"ETag": headers["ETag"]})
    headers["Content-Length"] = str(reference.size)
    return Answer(content(desk().engine, reference), 200, headers, headers["Content-Type"])


@operation(
    "PUT",
    "/tasks/{task}/artifacts/{artifact}",
    TAG,
    Reply(Artifact, "What was stored."),
    body=BytesBody(example="Three boxes were damaged.", optional=True),
    role=Role.OPERATOR,
    refusals=(404, 409, 422),
)
def add_artifact(asked: Asked[NoQuery, Content]) -> Answer:
    """Keep a file with a task that has not ended.

    It takes the place of the one that has this name.  The media type is that of the request; where there is none, it is
    guessed from the name.
    """
    task, name, given = asked.path["task"], asked.path["artifact"], asked.body
    desk().ask.get_task(task)
    try:
        desk().ask.add_artifact(task, name, given.content, given.media_type, by=asked.person.name)
    except ArtifactError as error:
        raise Refused(422, str(error)) from error
    desk().settle()
    found = told.references(desk().ask.get_task(task))
    return Answer(told.artifact(found.get(name) or _stored(found, name)))


def _reference(task: str, name: str) -> ArtifactRef:
    found = told.references(desk().ask.get_task(task))
    if name not in found:
        raise ArtifactError(f"task {task} has no artifact {name!r}; it has {', '.join(sorted(found)) or 'none'}")
    return found[name]


def _stored(found: dict[str, ArtifactRef], name: str) -> ArtifactRef:
    """Return the reference of a name that is kept in another form of Unicode."""
    from workflow_engine.artifacts.names import checked_name

    return found[checked_name(name)]


OPERATIONS: Final[tuple[Operation, ...]] = (list_artifacts, read_artifact, add_artifact)
"""In the order in which they are shown."""
