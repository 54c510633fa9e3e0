"""Artifacts: what tasks have kept, to be shown or saved."""

from collections.abc import Iterator
from typing import Final

import msgspec
from flask import Blueprint, Response, request, url_for

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import Artifacts, Earlier
from workflow_engine.core.earlier import earlier_artifacts
from workflow_engine.core.record import TaskRecord
from workflow_engine.errors import ArtifactError
from workflow_engine.ui.contents import content
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.showing import artifact_headers

artifacts: Final = Blueprint("artifacts", __name__)


@artifacts.get("/tasks/<task>/artifacts/<sha256>/<path:name>")
@needs(Role.VIEWER)
def download(task: str, sha256: str, name: str) -> Response:
    """Send an artifact of a task, or of an earlier visit of it: to be saved, or to be shown with ``?inline=1``.

    The address holds the hash, so that what is shown is what was looked at, and may be kept for good.
    """
    reference = _named(task, sha256, name)
    headers = artifact_headers(reference, request.args.get("inline") == "1")
    if sha256 in request.if_none_match:
        return Response(status=304, headers={"ETag": headers["ETag"]})
    headers["Content-Length"] = str(reference.size)
    return Response(content(desk().engine, reference), headers=headers)


def address(task: str, reference: ArtifactRef, *, inline: bool = False) -> str:
    """Return where an artifact is sent from."""
    shown = 1 if inline else None  # what is None is left out
    return url_for("artifacts.download", task=task, sha256=reference.sha256, name=reference.name, inline=shown)


def references(record: TaskRecord) -> Iterator[ArtifactRef]:
    """Give what a task has kept, and what earlier visits of it had."""
    table, earlier = record.find(Artifacts), record.find(Earlier)
    tables = [table.entries] if table is not None else []
    tables += earlier_artifacts(earlier) if earlier is not None else ()
    for entries in tables:
        for raw in entries.values():
            yield msgspec.json.decode(raw, type=ArtifactRef)


def _named(task: str, sha256: str, name: str) -> ArtifactRef:
    for reference in references(desk().ask.inspect(task).record):
        if (reference.sha256, reference.name) == (sha256, name):
            return reference
    raise ArtifactError(
        f"task {task} has no artifact {name!r} with this content; it may have been replaced: look again"
    )
